//! The board's clock: 1970 at power-up, and right only once somebody has set it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use otary_fleet::Time;

/// Where a board gets the time from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ntp {
    /// A server that knows what this computer knows.
    Host,
    /// A server that always says the same.
    Fixed(Time),
    /// No server answers.
    Unreachable,
}

impl Ntp {
    fn ask(self) -> Option<Time> {
        match self {
            Self::Host => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Some(Time::default() + since)
            }
            Self::Fixed(time) => Some(time),
            Self::Unreachable => None,
        }
    }
}

/// A clock without a battery.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    base: Time,
    since: Instant,
}

impl Clock {
    /// The clock at power-up, when it has forgotten everything. A restart by software keeps it running.
    pub(crate) fn power_up() -> Self {
        Self { base: Time::default(), since: Instant::now() }
    }

    pub(crate) fn now(&self) -> Time {
        self.base + self.since.elapsed()
    }

    /// Asks for the time; says whether the clock is right now.
    pub(crate) fn sync(&mut self, ntp: Ntp) -> bool {
        if let Some(time) = ntp.ask() {
            *self = Self { base: time, since: Instant::now() };
        }
        self.is_set()
    }

    /// The tutorial's test: later than 1970-01-01 16:00.
    pub(crate) fn is_set(&self) -> bool {
        self.now().secs() >= 8 * 3600 * 2
    }
}

/// The time as C's `asctime` writes it, without its line feed: `Thu Sep 30 13:16:54 2021`, in UTC.
pub(crate) fn asctime(time: Time) -> String {
    let seconds = i64::try_from(time.secs()).unwrap_or(i64::MAX);
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    time.strftime("%a %b %e %H:%M:%S %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_wrong_until_set_and_forgets_at_power_up() {
        let mut clock = Clock::power_up();
        assert!(!clock.sync(Ntp::Unreachable));
        assert_eq!(clock.now().secs(), 0);
        assert!(clock.sync(Ntp::Fixed(Time::from_secs(1_633_007_814))));
        assert_eq!(asctime(clock.now()), "Thu Sep 30 13:16:54 2021");
        clock = Clock::power_up();
        assert!(!clock.is_set());
    }

    #[test]
    fn a_day_of_one_digit_is_padded_with_a_space() {
        assert_eq!(asctime(Time::from_secs(1_630_674_000)), "Fri Sep  3 13:00:00 2021");
    }
}
