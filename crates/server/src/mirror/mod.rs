//! Mirrors: firmware that somebody else publishes, fetched by this server, so that devices trust this server alone.
//!
//! What a mirror promises:
//!
//! - Nothing is fetched but by [`fetch`](crate::fetch)'s rules.
//! - What is fetched is held against what the operator trusts: digests said before, or a signature over every single file, the
//!   list of files included. What is trusted by nothing waits for a person, who sees the digests and publishes those.
//! - Whatever was found goes through every check of `push`, and is published as `push` would.
//! - A mirror that fails says so, keeps what it found before, and tries again.

mod manifest;
mod signature;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use otary_fleet::{Artifact, Channel, ProductName, RiskName, Sha256, Time};
use serde::{Deserialize, Serialize};

pub use self::manifest::{Listed, Listing, ManifestError};
pub use self::signature::{SignatureError, VerifyingKey};

use crate::fetch::Bounds;
use crate::operator::Allowance;

/// What a product's firmware is taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mirror {
    /// The product; it has one mirror.
    pub product: ProductName,
    /// A manifest, or the firmware files themselves.
    pub from: Vec<String>,
    /// What is trusted.
    pub trust: Trust,
    /// Where it may reach.
    pub reach: Reaching,
    /// A file of this machine with the token for the first URL's host, if that asks for one.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// How often is looked, in hours; 0: only when somebody says so.
    pub every_hours: u32,
    /// The channel that a trusted release is published to by itself; none: a person publishes.
    pub publish_to: Option<Channel>,
    /// The risks of the files that are accepted, as with `push`.
    #[serde(default)]
    pub risks: BTreeSet<RiskName>,
    /// What is let pass besides, as with `push`.
    #[serde(default)]
    pub allow: BTreeSet<Allowance>,
    /// When it was added.
    pub added: Time,
    /// What was found there last.
    #[serde(default)]
    pub found: Option<Found>,
    /// When was looked last, with or without success.
    #[serde(default)]
    pub looked: Option<Time>,
    /// Why the last look failed.
    #[serde(default)]
    pub failed: Option<String>,
}

/// What makes fetched bytes the right ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Files with these SHA-256, which the operator said.
    Digests(BTreeSet<Sha256>),
    /// Files with a detached signature by this key.
    Key {
        /// The public key, as PEM (`SubjectPublicKeyInfo`, RFC 5280).
        pem: String,
        /// What is put behind a file's URL to get its signature's.
        suffix: String,
    },
    /// Nothing but a person who looks at it.
    Person,
}

/// Where a mirror may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaching {
    /// Plain HTTP too.
    #[serde(default)]
    pub plain_http: bool,
    /// Hosts that may be in this machine's own networks.
    #[serde(default)]
    pub hosts: BTreeSet<String>,
}

/// What was found upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Found {
    /// When.
    pub at: Time,
    /// The version that the manifest, or else the image itself, says.
    pub version: Option<String>,
    /// The files.
    pub files: Vec<FoundFile>,
    /// Whether digest or signature make them trusted.
    pub trusted: bool,
}

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FoundFile {
    /// Where it was, without a query.
    pub url: String,
    /// SHA-256 of the file as it was fetched: what a person compares.
    pub sha256: Sha256,
    /// What it is.
    pub artifact: Artifact,
}

impl Mirror {
    /// Files that are fetched at most: one for each chip, and then some.
    pub const MAX_FILES: usize = 16;
    /// The longest public key, in bytes of PEM.
    pub const MAX_KEY: usize = 4096;
    /// Mirrors that there may be.
    pub const MAX: usize = 256;
    /// The rarest look, in hours: once a month.
    pub const MAX_EVERY_HOURS: u32 = 31 * 24;
    /// Behind a file's URL for its signature's, unless said.
    pub const SUFFIX: &'static str = ".sig";

    /// How much one file may have, and how long it may take to come.
    pub(crate) const FILE: Bounds = Bounds { bytes: Artifact::MAX_SIZE, time: Duration::from_mins(10) };
    /// The same of a manifest or a signature.
    pub(crate) const TEXT: Bounds = Bounds { bytes: 256 * 1024, time: Duration::from_mins(1) };

    /// Whether it is time to look. Right after it was added, too.
    pub fn is_due(&self, now: Time) -> bool {
        let pause = Duration::from_hours(self.every_hours.into());
        self.every_hours > 0 && self.looked.is_none_or(|looked| now.since(looked) >= pause)
    }
}
