//! The audit log: every event, chained, so that what was once written cannot be changed without a trace.
//!
//! Each event that is kept is an **entry** with a number that counts up. Two digests go with it, over texts that a shell
//! can put together (`printf '%s %s %s' ... | sha256sum`):
//!
//! ```text
//! leaf  = SHA-256(salt record)                  32 hex digits, then the event as it is stored
//! chain = SHA-256(chain-before " " number " " leaf)     the digests in hex; 64 zeros before the first entry
//! ```
//!
//! The number and the chain of the last entry are the [`Head`]. Whoever noted a head can tell later whether everything up
//! to it is still what it was ([`Store::verify_audit`](crate::Store::verify_audit)).
//!
//! - **What is forgotten leaves its leaf.** The text and the salt go, and without the salt nobody can try out which text
//!   it was; the chain still holds.
//! - **What is pruned leaves a checkpoint**: the number and the chain of the last entry that went.
//! - **A number that is missing was dropped** before it was written, if the chain holds across it: while a disk takes
//!   nothing, only so many events wait.

use std::fmt;
use std::str::FromStr;

use otary_fleet::{Event, Mac, Sha256, Time};
use rand::Rng;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::StoreError;

/// The last entry of the log, or of a part of it: its number, and the digest over everything up to it.
///
/// As text the number, a colon and 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = r"^[0-9]+:[0-9A-Fa-f]{64}$")))]
#[serde(try_from = "String", into = "String")]
pub struct Head {
    /// The entry's number; 0 before the first.
    pub number: u64,
    /// Its chain.
    pub chain: Sha256,
}

/// A head as somebody noted it, perhaps without its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotedHead {
    /// The number, if it was noted.
    pub number: Option<u64>,
    /// The chain.
    pub chain: Sha256,
}

/// A text that is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a head is 64 hex digits, with the entry's number and a colon before them")]
pub struct HeadError;

/// What is stored of an event: its text, and the random digits that its leaf begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// 32 hex digits.
    pub salt: String,
    /// The event as JSON, to the letter.
    pub text: String,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditEntry {
    /// Its number.
    pub number: u64,
    /// When it happened.
    pub at: Time,
    /// What is stored of it; none once it is forgotten.
    pub record: Option<Record>,
    /// The digest of the record.
    pub leaf: Sha256,
    /// The digest of everything up to it.
    pub chain: Sha256,
}

/// Which entries: oldest first, or newest first of those before one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Those behind this number only.
    pub after: u64,
    /// Those before this number only, the newest first.
    pub before: Option<u64>,
    /// Not older than this.
    pub since: Option<Time>,
    /// Of this device only.
    pub device: Option<Mac>,
    /// At most so many; at most 10,000 are given.
    pub limit: usize,
}

impl Head {
    /// Before the first entry.
    pub const START: Self = Self { number: 0, chain: Sha256([0; 32]) };

    /// The head once an entry with this leaf has come.
    #[must_use]
    pub fn then(self, number: u64, leaf: &Sha256) -> Self {
        let chain = Sha256::of(format!("{} {number} {leaf}", self.chain).as_bytes());
        Self { number, chain }
    }
}

impl Record {
    /// An event's record, with a salt of its own.
    pub(crate) fn of(event: &Event) -> Result<Self, StoreError> {
        let text = serde_json::to_string(event);
        let text = text.map_err(|source| StoreError::Record { table: "event", source })?;
        Ok(Self { salt: salt(), text })
    }

    /// The leaf of an event whose record is never written. One that has no text has a leaf all the same.
    pub(crate) fn leaf_of_forgotten(event: &Event) -> Sha256 {
        Self { salt: salt(), text: serde_json::to_string(event).unwrap_or_default() }.leaf()
    }

    /// Its leaf.
    pub fn leaf(&self) -> Sha256 {
        Sha256::of(format!("{}{}", self.salt, self.text).as_bytes())
    }

    /// The event.
    pub fn event(&self) -> Result<Event, serde_json::Error> {
        serde_json::from_str(&self.text)
    }
}

/// 128 random bits as hex digits.
fn salt() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

impl AuditQuery {
    pub(crate) fn bounded_limit(&self) -> usize {
        self.limit.min(10_000)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.chain)
    }
}

impl From<Head> for String {
    fn from(head: Head) -> Self {
        head.to_string()
    }
}

impl TryFrom<String> for Head {
    type Error = HeadError;

    fn try_from(text: String) -> Result<Self, HeadError> {
        let NotedHead { number, chain } = text.parse()?;
        Ok(Self { number: number.ok_or(HeadError)?, chain })
    }
}

impl FromStr for NotedHead {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let (number, chain) = match text.split_once(':') {
            Some((number, chain)) => (Some(number.parse().map_err(|_| HeadError)?), chain),
            None => (None, text),
        };
        Ok(Self { number, chain: chain.parse().map_err(|_| HeadError)? })
    }
}

impl fmt::Display for NotedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "{number}:{}", self.chain),
            None => self.chain.fmt(f),
        }
    }
}

impl From<Head> for NotedHead {
    fn from(Head { number, chain }: Head) -> Self {
        Self { number: Some(number), chain }
    }
}
