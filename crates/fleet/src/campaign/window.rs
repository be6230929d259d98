//! Windows: the hours in which something may be offered, in the time zone of the site.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{UnknownZone, Zone};
use crate::Time;

const DAY: u16 = 24 * 60;
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Days of the week, at least one: bit 0 is Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Days(u8);

impl Days {
    /// All seven.
    pub const ALL: Self = Self(0x7F);

    const fn has(self, day: Weekday) -> bool {
        self.0 >> day.to_monday_zero_offset() & 1 == 1
    }
}

/// The hours in which something may be offered. A window from 22:00 to 04:00 is that of the day on which it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("format" = "window")))]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    /// The days on which it opens.
    pub days: Days,
    /// When it opens, in minutes of the day.
    pub from: u16,
    /// When it closes, in minutes of the day; if that is not later than `from`, on the next day.
    pub to: u16,
    /// In which time zone; a device's own zone wins over it.
    pub zone: Zone,
}

/// Why a text is no window.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WindowError {
    /// The form is another one.
    #[error(
        "`{found}` is no window: expected days, hours and a time zone, as in `mon-fri 22:00-04:00 Europe/Berlin`"
    )]
    Form {
        /// What was found.
        found: String,
    },
    /// No such day.
    #[error("`{found}` is no day: expected mon, tue, wed, thu, fri, sat or sun")]
    Day {
        /// What was found.
        found: String,
    },
    /// No such hour.
    #[error("`{found}` is no time of day: expected 00:00 to 24:00")]
    Hour {
        /// What was found.
        found: String,
    },
    /// It opens and closes at the same minute.
    #[error("a window from {at} to {at} is none: for the whole day say 00:00-24:00")]
    Empty {
        /// When.
        at: String,
    },
    /// No such time zone.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
}

impl Window {
    /// When it opens next, seen from `now`: `None` if it is open. `own` is the device's own time zone.
    ///
    /// Where a change of the clocks leaves out the minute at which it opens, it opens as much later; a window that lies
    /// in the hour that is left out does not open on that day.
    pub fn opens(&self, now: Time, own: Option<&Zone>) -> Option<Time> {
        let zone = own.unwrap_or(&self.zone).rules();
        let at = i64::try_from(now.0).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok())?;
        let local = zone.to_datetime(at);
        if self.is_open_at(local) {
            return None;
        }
        // Each day of the week, and once more the first one: its hour may lie in the past, or be left out.
        let days = std::iter::successors(Some(local.date()), |date| date.tomorrow().ok());
        let [hour, minute] =
            [self.from / 60, self.from % 60].map(|part| i8::try_from(part).unwrap_or_default());
        let begins = jiff::civil::Time::new(hour, minute, 0, 0).unwrap_or_default();
        let opens = |date: Date| {
            if !self.days.has(date.weekday()) {
                return None;
            }
            let moment = zone.to_ambiguous_timestamp(date.to_datetime(begins)).compatible().ok()?;
            (moment > at && self.is_open_at(zone.to_datetime(moment)))
                .then(|| Time(u64::try_from(moment.as_millisecond()).unwrap_or_default()))
        };
        // A window that never opens in two weeks does not exist.
        Some(days.take(15).find_map(opens).unwrap_or(Time(u64::MAX)))
    }

    /// Whether it is open at this moment of its time zone.
    fn is_open_at(&self, local: DateTime) -> bool {
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let (from, to) = (i32::from(self.from), i32::from(self.to));
        let today = self.days.has(local.weekday());
        if from < to {
            return today && (from..to).contains(&minute);
        }
        let since_yesterday = self.days.has(local.weekday().previous());
        (today && minute >= from) || (since_yesterday && minute < to)
    }
}

impl FromStr for Window {
    type Err = WindowError;

    /// `[DAYS] HH:MM-HH:MM ZONE`, days as `mon-fri`, `sat,sun` or left out for all.
    fn from_str(text: &str) -> Result<Self, WindowError> {
        let wrong = || WindowError::Form { found: text.into() };
        let words: Vec<&str> = text.split_whitespace().collect();
        let (days, hours, zone) = match *words.as_slice() {
            [hours, zone] => (Days::ALL, hours, zone),
            [days, hours, zone] => (days.parse()?, hours, zone),
            _ => return Err(wrong()),
        };
        let (from, to) = hours.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (minute(from)?, minute(to)?);
        if from == to || from == DAY {
            return Err(WindowError::Empty { at: hour(to) });
        }
        Ok(Self { days, from, to, zone: zone.parse()? })
    }
}

/// `HH:MM` as minutes of the day.
fn minute(text: &str) -> Result<u16, WindowError> {
    let wrong = || WindowError::Hour { found: text.into() };
    let number = |digits: &str| match digits.len() {
        1 | 2 if digits.bytes().all(|c| c.is_ascii_digit()) => digits.parse::<u16>().map_err(|_| wrong()),
        _ => Err(wrong()),
    };
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    match (number(hours)?, number(minutes)?) {
        (hours, minutes) if minutes < 60 && hours * 60 + minutes <= DAY => Ok(hours * 60 + minutes),
        _ => Err(wrong()),
    }
}

fn hour(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

impl FromStr for Days {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let day = |word: &str| {
            let place = NAMES.iter().position(|name| name.eq_ignore_ascii_case(word));
            place.ok_or_else(|| WindowError::Day { found: word.into() })
        };
        let mut days = 0;
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (day(first)?, day(last)?);
            let length = (last + 7 - first) % 7;
            (first..=first + length).for_each(|day| days |= 1 << (day % 7));
        }
        Ok(Self(days))
    }
}

impl fmt::Display for Days {
    /// `mon-fri,sun`: runs of three and more are drawn together.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        let mut day = 0;
        while day < 7 {
            let run = (day..7).take_while(|day| self.0 >> day & 1 == 1).count();
            let names = NAMES.iter().skip(day).take(run);
            match (names.clone().next(), names.clone().next_back()) {
                (Some(first), Some(last)) if run > 2 => parts.push(format!("{first}-{last}")),
                _ => parts.extend(names.map(|name| (*name).to_owned())),
            }
            day += run.max(1);
        }
        f.write_str(&parts.join(","))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days != Days::ALL {
            write!(f, "{} ", self.days)?;
        }
        write!(f, "{}-{} {}", hour(self.from), hour(self.to), self.zone)
    }
}

impl TryFrom<String> for Window {
    type Error = WindowError;

    fn try_from(text: String) -> Result<Self, WindowError> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Time {
        let moment: Timestamp = text.parse().unwrap();
        Time(moment.as_millisecond().try_into().unwrap())
    }

    fn opens(window: &str, now: &str) -> Option<String> {
        let window: Window = window.parse().unwrap();
        let opens = window.opens(at(now), None)?;
        Some(Timestamp::from_millisecond(opens.0.try_into().unwrap()).unwrap().to_string())
    }

    #[test]
    fn it_opens_by_the_clock_of_its_zone() {
        let window = "02:00-04:00 Europe/Berlin";
        assert_eq!(opens(window, "2026-01-15T00:59:59Z").unwrap(), "2026-01-15T01:00:00Z");
        assert_eq!(opens(window, "2026-01-15T01:00:00Z"), None);
        assert_eq!(opens(window, "2026-01-15T02:59:59Z"), None);
        assert_eq!(opens(window, "2026-01-15T03:00:00Z").unwrap(), "2026-01-16T01:00:00Z");
        assert_eq!(opens(window, "2026-07-15T03:00:00Z").unwrap(), "2026-07-16T00:00:00Z", "summer");
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let window = "fri 22:00-04:00 UTC";
        assert_eq!(opens(window, "2026-11-20T22:00:00Z"), None, "Friday evening");
        assert_eq!(opens(window, "2026-11-21T03:59:00Z"), None, "Saturday morning");
        assert_eq!(opens(window, "2026-11-21T04:00:00Z").unwrap(), "2026-11-27T22:00:00Z");
        assert_eq!(opens(window, "2026-11-20T03:00:00Z").unwrap(), "2026-11-20T22:00:00Z", "not Thursday's");
    }

    #[test]
    fn where_the_clocks_leave_its_hour_out_it_opens_later_or_not_that_day() {
        // On 2026-03-29 the clocks of Berlin go from 02:00 to 03:00.
        let now = "2026-03-29T00:00:00Z";
        assert_eq!(opens("02:30-04:00 Europe/Berlin", now).unwrap(), "2026-03-29T01:30:00Z", "03:30 there");
        assert_eq!(opens("02:10-02:50 Europe/Berlin", now).unwrap(), "2026-03-30T00:10:00Z");
    }

    #[test]
    fn the_whole_day_is_a_window() {
        assert_eq!(opens("sat,sun 00:00-24:00 UTC", "2026-11-21T00:00:00Z"), None);
        assert_eq!(opens("sat,sun 00:00-24:00 UTC", "2026-11-23T00:00:00Z").unwrap(), "2026-11-28T00:00:00Z");
    }

    #[test]
    fn what_is_no_window_says_what_is_wrong() {
        let why = |text: &str| text.parse::<Window>().unwrap_err().to_string();
        assert!(why("always").contains("is no window"));
        assert!(why("mon-fry 01:00-02:00 UTC").starts_with("`fry` is no day"));
        assert!(why("01:00-25:00 UTC").starts_with("`25:00` is no time of day"));
        assert!(why("03:00-03:00 UTC").starts_with("a window from 03:00 to 03:00 is none"));
        assert_eq!(
            why("01:00-02:00 Europe/Atlantis"),
            "no time zone is called `Europe/Atlantis`: expected one such as Europe/Berlin or UTC"
        );
    }

    #[test]
    fn it_reads_back_as_it_is_written() {
        for text in ["mon-fri 22:00-04:00 Europe/Berlin", "sat,sun 00:00-24:00 UTC", "01:30-02:00 Asia/Tokyo"]
        {
            assert_eq!(text.parse::<Window>().unwrap().to_string(), text);
        }
        assert_eq!(
            "MON-sun 1:00-2:00 europe/berlin".parse::<Window>().unwrap().to_string(),
            "01:00-02:00 Europe/Berlin"
        );
    }

    proptest! {
        #[test]
        fn when_it_says_that_it_opens_it_is_open_and_was_not_the_minute_before(
            seconds in 1_700_000_000_u64..1_900_000_000,
            from in 0..1_440_u16,
            length in 1..1_440_u16,
            days in 1..128_u8,
            zone in prop::sample::select(&["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"][..]),
        ) {
            let to = (from + length) % 1_440;
            prop_assume!(from != to);
            let window = Window { days: Days(days), from, to, zone: zone.parse().unwrap() };
            let now = Time::from_secs(seconds);
            if let Some(opens) = window.opens(now, None) {
                prop_assert!(opens > now);
                prop_assert_eq!(window.opens(opens, None), None);
                prop_assert!(opens.since(now) < std::time::Duration::from_hours(15 * 24));
            }
        }
    }
}
