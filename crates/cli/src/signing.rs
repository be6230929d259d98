//! What a release is signed with, as the command line says it.

use anyhow::{Result, anyhow};
use jiff::civil::{Date, Time as Clock};
use jiff::tz::TimeZone;
use otary_fleet::{ProductName, Time};
use otary_trust::signing::Terms;

use crate::advice::advised;

/// What a manifest says beside product, version and number.
#[derive(Debug, Clone, clap::Args)]
pub struct TermsArgs {
    /// Once a device runs this release, it takes none with a number below N
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    floor: u32,

    /// The last day (UTC) on which a device that knows the time may install it
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = end_of_day)]
    not_after: Option<Time>,

    /// The hardware that it is for, as the firmware calls it; up to four times [default: the chip's name]
    #[arg(long, value_name = "NAME")]
    hardware: Vec<String>,

    /// Let it replace releases with a higher number, down to their floor
    #[arg(long)]
    downgrade: bool,
}

impl TermsArgs {
    /// All of it.
    pub fn terms(&self, product: &ProductName, version: &str, number: u32) -> Result<Terms> {
        if self.not_after.is_some_and(|end| end < crate::clock::now()) {
            let error = anyhow!("the day of --not-after is over");
            return Err(advised(error, "give a later one, or none: without it the release does not expire"));
        }
        // A server that signs says which number it takes, and checks.
        if number > 0 && self.floor > number {
            let error = anyhow!("the floor {} is above the release number {number}", self.floor);
            return Err(advised(error, format!("--floor takes a number up to {number}, the release's own")));
        }
        Ok(Terms {
            product: product.clone(),
            version: version.to_owned(),
            hardware: self.hardware.clone(),
            number,
            floor: self.floor,
            downgrade: self.downgrade,
            not_after: self.not_after,
        })
    }

    /// Whether anything was said.
    pub fn is_said(&self) -> bool {
        self.floor > 0 || self.not_after.is_some() || !self.hardware.is_empty() || self.downgrade
    }
}

/// How far above a number that is known otherwise one is believed on a server's word alone.
const LEAP: u32 = 1_000_000;

/// Refuses a release number that only a server says and that is far above `known`, which does not come from there: a number
/// that is signed cannot be taken back, and a server that was taken over could have the owner use them all up.
pub fn check_leap(number: u32, known: u32, option: &str) -> Result<()> {
    if number.saturating_sub(known) <= LEAP {
        return Ok(());
    }
    let error =
        anyhow!("the server says that the release number is {number}, more than {LEAP} above {known}");
    Err(advised(
        error,
        format!("a number cannot be taken back; if this one is right, say it: {option} {number}"),
    ))
}

/// The last second of a day.
fn end_of_day(text: &str) -> Result<Time, String> {
    let day: Date = text.parse().map_err(|_| "a day is written 2027-12-31".to_owned())?;
    let end = day.to_datetime(Clock::constant(23, 59, 59, 0)).to_zoned(TimeZone::UTC);
    let seconds = end.map(|end| end.timestamp().as_second()).unwrap_or_default();
    u64::try_from(seconds).map(Time::from_secs).map_err(|_| "a day before 1970".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_far_away_is_not_believed_on_a_servers_word() {
        assert!(check_leap(7 + LEAP, 7, "--release-number").is_ok());
        let refused = check_leap(u32::MAX, 7, "--release-number").unwrap_err();
        let told = crate::advice::Report(&refused).to_string();
        assert!(told.ends_with("say it: --release-number 4294967295\n"), "{told}");
    }

    #[test]
    fn a_day_lasts_until_its_last_second() {
        assert_eq!(end_of_day("1970-01-02"), Ok(Time::from_secs(2 * 86_400 - 1)));
        for wrong in ["", "tomorrow", "2027-13-01", "1969-12-31"] {
            assert!(end_of_day(wrong).is_err(), "{wrong}");
        }
    }
}
