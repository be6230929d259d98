//! What otary's own agent says of itself beyond what every client says, and what it reports. All of it is its word.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Network, Proof, Sha256, Time};

/// What an agent says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgentWords {
    /// The hardware that it was built for; at most [`otary_wire::MAX_HARDWARE`] bytes.
    pub hardware: String,
    /// The number of the release that runs; 0 for one that has none.
    pub release: u32,
    /// The version of the root record that it trusts.
    pub root: u32,
    /// The version of the root record whose trust set it made the connection with.
    pub trust_set: u32,
    /// How well it knows the time.
    pub clock: DeviceClock,
}

/// How well a device knows the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DeviceClock {
    /// Not at all: for it nothing expires.
    Unknown,
    /// It is a signed time that it once read, or later.
    LowerBound,
    /// Set by SNTP.
    Set,
}

impl DeviceClock {
    /// The state for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::LowerBound => "a lower bound",
            Self::Set => "set",
        }
    }
}

/// What a device says became of an attempt. It changes nothing but what is shown of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The number of the release; of a refused trust set the version of its root record; 0 if it came to neither.
    pub release: u32,
    /// The SHA-256 of what was to be in flash, if it came so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Sha256>,
    /// How it ended.
    pub ending: Ending,
    /// Why, if it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Attempts so far.
    pub tries: u8,
}

/// How an attempt ended, by the device's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The new build runs and has reached the server.
    Installed,
    /// Nothing was changed.
    Refused,
    /// The new build was started, and the old one runs again.
    RolledBack,
    /// The new trust set did not work, and the former one is in use.
    TrustSetRefused,
}

impl Ending {
    /// The ending's words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Refused => "refused",
            Self::RolledBack => "rolled back",
            Self::TrustSetRefused => "trust set refused",
        }
    }
}

/// Why an attempt did not end well, by its number in a report. In records its words stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "CauseRecord", into = "CauseRecord")]
pub struct Cause(pub u8);

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct CauseRecord {
    code: u8,
    #[serde(default, skip_deserializing)]
    words: String,
}

impl From<CauseRecord> for Cause {
    fn from(record: CauseRecord) -> Self {
        Self(record.code)
    }
}

impl From<Cause> for CauseRecord {
    fn from(cause: Cause) -> Self {
        Self { code: cause.0, words: cause.to_string() }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        otary_wire::Cause::from_code(self.0).fmt(f)
    }
}

impl fmt::Display for Report {
    /// One sentence for people, without a full stop: `rolled back release 7 at try 2: the self-test failed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ending.words())?;
        match (self.ending, self.release) {
            (_, 0) => {}
            (Ending::TrustSetRefused, version) => write!(f, " (root record {version})")?,
            (_, number) => write!(f, " (release number {number})")?,
        }
        if self.tries > 1 {
            write!(f, " at try {}", self.tries)?;
        }
        self.cause.map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

/// A report that came under a device's address, which may be a stranger's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reported {
    /// What was said.
    pub report: Report,
    /// Where it first came from.
    pub network: Network,
    /// When it first came.
    pub first: Time,
    /// When it last came.
    pub last: Time,
    /// The strongest proof that came with it.
    pub proof: Proof,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_as_a_sentence() {
        let installed =
            Report { release: 7, payload: None, ending: Ending::Installed, cause: None, tries: 1 };
        assert_eq!(installed.to_string(), "installed (release number 7)");
        let words = |ending, code, tries| Report { ending, cause: Some(Cause(code)), tries, ..installed };
        assert_eq!(
            words(Ending::RolledBack, 18, 2).to_string(),
            "rolled back (release number 7) at try 2: the self-test failed"
        );
        let unread = Report { release: 0, ..words(Ending::Refused, 0, 1) };
        assert_eq!(unread.to_string(), "refused: an answer that the device cannot read");
        assert_eq!(
            words(Ending::TrustSetRefused, 32, 1).to_string(),
            "trust set refused (root record 7): no connection with the new trust set"
        );
    }

    #[test]
    fn a_cause_is_kept_by_its_number_and_shown_with_its_words() {
        let record = serde_json::to_string(&Cause(18)).unwrap();
        assert_eq!(record, r#"{"code":18,"words":"the self-test failed"}"#);
        assert_eq!(serde_json::from_str::<Cause>(&record).unwrap(), Cause(18));
        assert_eq!(serde_json::from_str::<Cause>(r#"{"code":250}"#).unwrap().to_string(), "cause 250");
    }
}
