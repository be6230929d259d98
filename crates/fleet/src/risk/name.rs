//! The names by which risks are accepted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Which risk. The names are the same on the command line, in the API and in what is kept, and stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RiskName {
    /// [`Risk::CutsOff`](crate::Risk::CutsOff).
    CutsOff,
    /// [`Risk::EndsSoon`](crate::Risk::EndsSoon).
    EndsSoon,
    /// [`Risk::NoName`](crate::Risk::NoName).
    NoName,
    /// [`Risk::PrivateKey`](crate::Risk::PrivateKey).
    PrivateKey,
}

/// A text that names no risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the risks are cuts-off, ends-soon, no-name and private-key")]
pub struct UnknownRisk;

impl RiskName {
    /// Every risk.
    pub const ALL: [Self; 4] = [Self::CutsOff, Self::EndsSoon, Self::NoName, Self::PrivateKey];

    /// The name as text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CutsOff => "cuts-off",
            Self::EndsSoon => "ends-soon",
            Self::NoName => "no-name",
            Self::PrivateKey => "private-key",
        }
    }
}

impl fmt::Display for RiskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for RiskName {
    type Err = UnknownRisk;

    fn from_str(text: &str) -> Result<Self, UnknownRisk> {
        Self::ALL.into_iter().find(|risk| risk.name() == text).ok_or(UnknownRisk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_everywhere_and_in_the_list() {
        for risk in RiskName::ALL {
            assert_eq!(risk.to_string().parse(), Ok(risk));
            assert_eq!(serde_json::to_string(&risk).unwrap(), format!("\"{risk}\""));
            assert!(UnknownRisk.to_string().contains(risk.name()));
        }
        assert_eq!("everything".parse::<RiskName>(), Err(UnknownRisk));
    }
}
