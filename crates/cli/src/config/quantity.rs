//! Durations and sizes as people write them: `30d`, `1h30m`, `2GiB`.
//!
//! A bare number is refused: nobody remembers whether it was seconds or milliseconds. What is printed reads back as
//! the same value.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "String")]
pub struct Span(pub Duration);

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "String")]
pub struct Size(pub u64);

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// A number alone.
    #[error("{0} of what? write the unit, as in {1}")]
    NoUnit(String, &'static str),
    /// A unit that is not known.
    #[error("there is no unit {found:?}; the units are {units}")]
    Unit {
        /// What stands there.
        found: String,
        /// What may stand there.
        units: &'static str,
    },
    /// No number where one belongs.
    #[error("a number with a unit is wanted, as in {0}")]
    NoNumber(&'static str),
    /// More than fits.
    #[error("that is too much")]
    TooMuch,
}

/// A value as a settings file may hold it: a text, or a number that lacks the rest.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Written {
    /// In quotes.
    Text(String),
    /// Bare.
    Number(u64),
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// A kind of quantity: its units, largest first, and how an example looks.
struct Measure {
    units: &'static [(&'static str, u64)],
    listed: &'static str,
    example: &'static str,
}

const TIME: Measure = Measure {
    units: &[("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)],
    listed: "ms, s, m, h, d, w",
    example: "\"30d\" or \"1h30m\"",
};

const BYTES: Measure = Measure {
    units: &[
        ("TiB", 1 << 40),
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("kB", 1000),
        ("B", 1),
    ],
    listed: "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB",
    example: "\"2GiB\"",
};

impl Measure {
    /// The sum of the parts of `text`, each a whole number and a unit.
    fn parse(&self, text: &str) -> Result<u64, QuantityError> {
        let mut rest = text.trim();
        let mut sum: u64 = 0;
        loop {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, tail) = rest.split_at(digits);
            if number.is_empty() {
                return Err(QuantityError::NoNumber(self.example));
            }
            let number: u64 = number.parse().map_err(|_| QuantityError::TooMuch)?;
            let tail = tail.trim_start();
            let letters = tail.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let part = number.checked_mul(self.unit(number, unit)?).ok_or(QuantityError::TooMuch)?;
            sum = sum.checked_add(part).ok_or(QuantityError::TooMuch)?;
            rest = tail.trim_start();
            if rest.is_empty() {
                return Ok(sum);
            }
        }
    }

    fn unit(&self, number: u64, unit: &str) -> Result<u64, QuantityError> {
        match self.units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) {
            Some((_, factor)) => Ok(*factor),
            None if number == 0 && unit.is_empty() => Ok(1),
            None if unit.is_empty() => Err(QuantityError::NoUnit(number.to_string(), self.example)),
            None => Err(QuantityError::Unit { found: unit.to_owned(), units: self.listed }),
        }
    }

    /// `value` in the largest unit that it is a whole number of.
    fn print(&self, value: u64) -> String {
        let fits = |(_, factor): &&(&str, u64)| value.is_multiple_of(*factor);
        match self.units.iter().find(fits) {
            Some((unit, factor)) if value > 0 => format!("{}{unit}", value / factor),
            _ => "0".to_owned(),
        }
    }
}

impl FromStr for Span {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        TIME.parse(text).map(Duration::from_millis).map(Self)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&TIME.print(u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl FromStr for Size {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        BYTES.parse(text).map(Self)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&BYTES.print(self.0))
    }
}

impl TryFrom<Written> for Span {
    type Error = QuantityError;

    fn try_from(written: Written) -> Result<Self, QuantityError> {
        written.to_string().parse()
    }
}

impl TryFrom<Written> for Size {
    type Error = QuantityError;

    fn try_from(written: Written) -> Result<Self, QuantityError> {
        written.to_string().parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back() {
        for text in ["30d", "90s", "1500ms", "2w", "0"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("1h 30m".parse::<Span>().unwrap().to_string(), "90m");
        for text in ["2GiB", "1500B", "64KiB", "3MB", "0"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        assert_eq!("1 gib".parse::<Size>().unwrap(), Size(1 << 30));
    }

    #[test]
    fn a_refusal_says_what_would_be_right() {
        let refusal = |text: &str| text.parse::<Span>().unwrap_err().to_string();
        assert_eq!(refusal("30"), "30 of what? write the unit, as in \"30d\" or \"1h30m\"");
        assert_eq!(refusal("30x"), "there is no unit \"x\"; the units are ms, s, m, h, d, w");
        assert_eq!(refusal("soon"), "a number with a unit is wanted, as in \"30d\" or \"1h30m\"");
        assert_eq!(refusal("99999999999999999999d"), "that is too much");
        assert_eq!(
            "1e3B".parse::<Size>().unwrap_err().to_string().split(';').next(),
            Some("there is no unit \"e\"")
        );
    }
}
