//! Pace: how fast a campaign goes, so that neither the site's link nor the server is taken by surprise.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How fast a campaign goes. What is not said is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Pace {
    /// Offers in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offers_per_minute: Option<u32>,
    /// Downloads at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downloads: Option<u32>,
    /// Bytes in a second, of all its downloads together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<u64>,
}

/// Why a text is no pace.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PaceError {
    /// A part of it is none of the three limits.
    #[error("`{found}` is no limit: expected `30/min` (offers), `4 downloads`, or `500kB/s`")]
    NotALimit {
        /// What was found.
        found: String,
    },
    /// Nothing would ever be sent.
    #[error("`{found}` would never send anything")]
    Nothing {
        /// What was found.
        found: String,
    },
    /// One limit twice.
    #[error("`{found}` says again what was said before it")]
    Twice {
        /// What was found.
        found: String,
    },
}

impl Pace {
    /// Bytes in a second that one download is to have at least.
    pub const LEAST_BYTES_PER_SECOND: u64 = 16 * 1024;

    /// Whether nothing is limited.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// The most downloads at the same time: as many as are allowed, and no more than the bytes in a second suffice for, so
    /// that each has at least [`Self::LEAST_BYTES_PER_SECOND`] and no client takes it for dead.
    pub fn most_downloads(&self) -> u32 {
        let fed =
            self.bytes_per_second.map_or(u64::MAX, |bytes| (bytes / Self::LEAST_BYTES_PER_SECOND).max(1));
        self.downloads.unwrap_or(u32::MAX).min(u32::try_from(fed).unwrap_or(u32::MAX))
    }

    fn limit(&mut self, text: &str) -> Result<(), PaceError> {
        let wrong = || PaceError::NotALimit { found: text.into() };
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let count = || u32::try_from(number).map_err(|_| wrong());
        let bytes = |unit: u64| number.checked_mul(unit).ok_or_else(wrong);
        let before = match unit.trim() {
            "/min" => self.offers_per_minute.replace(count()?).is_some(),
            "download" | "downloads" => self.downloads.replace(count()?).is_some(),
            "B/s" => self.bytes_per_second.replace(number).is_some(),
            "kB/s" => self.bytes_per_second.replace(bytes(1_000)?).is_some(),
            "MB/s" => self.bytes_per_second.replace(bytes(1_000_000)?).is_some(),
            _ => return Err(wrong()),
        };
        match (before, number) {
            (true, _) => Err(PaceError::Twice { found: text.into() }),
            (false, 0) => Err(PaceError::Nothing { found: text.into() }),
            (false, _) => Ok(()),
        }
    }
}

impl FromStr for Pace {
    type Err = PaceError;

    /// `30/min, 4 downloads, 500kB/s`: any of the three, in any order.
    fn from_str(text: &str) -> Result<Self, PaceError> {
        let mut pace = Self::default();
        text.split(',').try_for_each(|limit| pace.limit(limit.trim()))?;
        Ok(pace)
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offers = self.offers_per_minute.map(|n| format!("{n}/min"));
        let downloads = self.downloads.map(|n| format!("{n} download{}", if n == 1 { "" } else { "s" }));
        let bytes = self.bytes_per_second.map(|n| match n {
            n if n % 1_000_000 == 0 => format!("{}MB/s", n / 1_000_000),
            n if n % 1_000 == 0 => format!("{}kB/s", n / 1_000),
            n => format!("{n}B/s"),
        });
        let limits: Vec<String> = [offers, downloads, bytes].into_iter().flatten().collect();
        f.write_str(&limits.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_the_three_limits_in_any_order() {
        let pace: Pace = "500kB/s, 30/min".parse().unwrap();
        assert_eq!(
            (pace.offers_per_minute, pace.downloads, pace.bytes_per_second),
            (Some(30), None, Some(500_000))
        );
        assert_eq!(pace.to_string(), "30/min, 500kB/s");
        assert_eq!("4 downloads".parse::<Pace>().unwrap().to_string(), "4 downloads");
    }

    #[test]
    fn no_more_downloads_than_the_bytes_feed() {
        let most = |text: &str| text.parse::<Pace>().unwrap().most_downloads();
        assert_eq!([most("4 downloads"), most("30/min"), most("64kB/s")], [4, u32::MAX, 3]);
        assert_eq!([most("100B/s"), most("2 downloads, 1MB/s"), most("99 downloads, 1MB/s")], [1, 2, 61]);
    }

    #[test]
    fn what_is_no_pace_says_what_is_wrong() {
        let why = |text: &str| text.parse::<Pace>().unwrap_err();
        assert_eq!(why("fast"), PaceError::NotALimit { found: "fast".into() });
        assert_eq!(why("0/min"), PaceError::Nothing { found: "0/min".into() });
        assert_eq!(why("1/min,2/min"), PaceError::Twice { found: "2/min".into() });
        for text in ["", "30", "30/h", "-1/min", "99999999999999999999B/s", "4294967296/min"] {
            assert!(text.parse::<Pace>().is_err(), "{text}");
        }
    }
}
