//! A clock that is wrong, as the command line says it.

use std::str::FromStr;

use anyhow::{Context, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use otary_fleet::Time;
use otary_sim::Ntp;

/// What a board's time server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Nothing: none answers.
    Unset,
    /// The time, so many years off.
    Years(i16),
    /// The first second of a day, in UTC.
    Date(Date),
}

impl FromStr for Setting {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected unset, years such as -20y and +20y, or a date such as 2031-12-31";
        if text == "unset" {
            return Ok(Self::Unset);
        }
        let years = text.strip_suffix('y').filter(|years| years.starts_with(['-', '+']));
        let setting = match years {
            Some(years) => years.parse().map(Self::Years).map_err(|_| wrong),
            None => text.parse().map(Self::Date).map_err(|_| wrong),
        }?;
        // A clock shows neither a time before 1970 nor one after the year 9999.
        setting.ntp(crate::clock::now()).map(|_| setting).map_err(|_| "a clock shows 1970 to 9999")
    }
}

impl Setting {
    /// The time server that says so to a board which is switched on at `now`.
    pub fn ntp(self, now: Time) -> Result<Ntp> {
        let utc = |timestamp: Timestamp| timestamp.to_zoned(TimeZone::UTC);
        let said = match self {
            Self::Unset => return Ok(Ntp::Unreachable),
            Self::Years(years) => {
                let now = Timestamp::from_second(i64::try_from(now.secs())?)?;
                utc(now).checked_add(years.years())?
            }
            Self::Date(date) => date.to_zoned(TimeZone::UTC)?,
        };
        let seconds = u64::try_from(said.timestamp().as_second()).context("a time before 1970")?;
        Ok(Ntp::Fixed(Time::from_secs(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 00:00 UTC.
    const NOW: Time = Time::from_secs(1_795_392_000);

    fn said(text: &str) -> Ntp {
        text.parse::<Setting>().unwrap().ntp(NOW).unwrap()
    }

    #[test]
    fn a_clock_is_off_by_years_or_stands_at_a_date() {
        assert_eq!(said("unset"), Ntp::Unreachable);
        let at = |text: &str| match said(text) {
            Ntp::Fixed(time) => time.secs(),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(at("-20y"), NOW.secs() - (20 * 365 + 5) * 86_400, "with the leap days of 2008 to 2024");
        assert_eq!(at("+20y"), NOW.secs() + (20 * 365 + 5) * 86_400, "with those of 2028 to 2044");
        assert_eq!(at("+0y"), NOW.secs());
        assert_eq!(at("1970-01-02"), 86_400);
    }

    #[test]
    fn what_no_clock_shows_is_refused() {
        for wrong in ["", "20y", "+y", "+20", "-90y", "+9000y", "+99999y", "1969-12-31", "2026-13-01", "now"]
        {
            assert!(wrong.parse::<Setting>().is_err(), "{wrong}");
        }
    }
}
