//! Calendar dates of UTC, as Mbed TLS and a serial monitor want them.

use core::fmt;

const DAY: u64 = 86_400;
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A second of the proleptic Gregorian calendar. Shown as C's `asctime` does, without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// 1970 and later.
    pub year: u32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 is Sunday.
    pub weekday: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

impl Date {
    /// The date so many seconds after 1970 began.
    ///
    /// Years are counted from a March, so that the day that some have is their last one.
    pub fn of(seconds: u64) -> Self {
        let (days, rest) = (seconds / DAY, seconds % DAY);
        // Days since 1 March of year 0, which began a cycle of 400 years.
        let since = days + 719_468;
        let (cycle, in_cycle) = (since / 146_097, since % 146_097);
        let year_of_cycle = (in_cycle - in_cycle / 1_460 + in_cycle / 36_524 - in_cycle / 146_096) / 365;
        let day_of_year = in_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: (cycle * 400 + year_of_cycle + u64::from(month <= 2)) as u32,
            month: month as u8,
            day: (day_of_year - (153 * from_march + 2) / 5 + 1) as u8,
            weekday: ((days + 4) % 7) as u8,
            hour: (rest / 3600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, weekday, hour, minute, second } = *self;
        let weekday = WEEKDAYS.get(usize::from(weekday)).unwrap_or(&"???");
        let month = MONTHS.get(usize::from(month).wrapping_sub(1)).unwrap_or(&"???");
        write!(f, "{weekday} {month} {day:2} {hour:02}:{minute:02}:{second:02} {year}")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString as _;

    use super::*;

    /// As GNU date prints them: `date -u -d @N '+%a %b %e %T %Y'`.
    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "Thu Jan  1 00:00:00 1970"),
            (951_782_399, "Mon Feb 28 23:59:59 2000"),
            (951_782_400, "Tue Feb 29 00:00:00 2000"),
            (1_633_007_814, "Thu Sep 30 13:16:54 2021"),
            (4_107_542_400, "Mon Mar  1 00:00:00 2100"),
            (253_402_300_799, "Fri Dec 31 23:59:59 9999"),
        ] {
            assert_eq!(Date::of(seconds).to_string(), text);
        }
    }
}
