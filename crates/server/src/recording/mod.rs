//! Recordings: what devices said and what was known, line by line, so that every decision can be made again.
//!
//! For whoever asks "why was it answered so", and for whoever wants to know what a new otary would have answered. A
//! recording is JSON lines, each with the time of the decision:
//!
//! - `catalogue`: all that could be offered, before the first decision on it;
//! - `openings`: what may be begun under campaigns, whenever that changed: with each offer, and beside them every few seconds;
//! - `device`: a device's record as it was before the next line about it, when it is met first and whenever somebody else
//!   than its own polls changed it: an operator, say;
//! - `check-in`: what was said, and what was decided. `record` is the digest of the device's record before it, so that a
//!   replay notices where observing teaches it something else;
//! - `delivery`: a transfer that ended.
//!
//! [`Replay`] goes through the same pure functions as the server did, and holds against the recording whatever they say.
//! A recording is private: it has addresses and digests of credentials, and never a secret.

mod recorder;
mod replay;

use otary_fleet::{
    Artifact, Campaign, CampaignId, Catalogue, CheckIn, Decision, Delivery, Device, Group, Mac, Opening,
    Product, Release, Sha256, Time,
};
use serde::{Deserialize, Serialize};

pub use recorder::{Recorder, Recording};
pub use replay::{Difference, Divergence, Replay, ReplayError, Replayed};

/// One line of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Time,
    /// What.
    #[serde(flatten)]
    pub input: Input,
}

/// What went in, and what came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "kebab-case")]
pub enum Input {
    /// All that could be offered from here on.
    Catalogue(Box<Offered>),
    /// What may be begun under campaigns from here on.
    Openings {
        /// By campaign; nothing under one that is not among them.
        openings: Vec<(CampaignId, Opening)>,
    },
    /// A device's record.
    Device {
        /// The record.
        device: Box<Device>,
    },
    /// A check-in that was decided on.
    CheckIn {
        /// What was said.
        check_in: Box<CheckIn>,
        /// The digest of the record before it; none of a device that is not on record.
        record: Option<Sha256>,
        /// What the rules say.
        decision: Box<Decision>,
        /// What was answered instead, if it was not that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered: Option<Box<Decision>>,
    },
    /// A transfer that ended.
    Delivery {
        /// Whose.
        device: Mac,
        /// The digest of the record before it.
        record: Sha256,
        /// What was handed over.
        delivery: Delivery,
    },
}

/// A catalogue in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    products: Vec<Product>,
    releases: Vec<Release>,
    artifacts: Vec<Artifact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    campaigns: Vec<Campaign>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Group>,
}

impl Offered {
    fn of(catalogue: &Catalogue) -> Self {
        Self {
            products: catalogue.products().cloned().collect(),
            releases: catalogue.all_releases().cloned().collect(),
            artifacts: catalogue.artifacts().cloned().collect(),
            campaigns: catalogue.all_campaigns().cloned().collect(),
            groups: catalogue.groups().cloned().collect(),
        }
    }
}

impl From<Offered> for Catalogue {
    fn from(parts: Offered) -> Self {
        Self::new(parts.products, parts.releases, parts.artifacts)
            .with_campaigns(parts.campaigns, parts.groups)
    }
}

/// The digest of a record.
fn digest(device: &Device) -> serde_json::Result<Sha256> {
    serde_json::to_vec(device).map(|bytes| Sha256::of(&bytes))
}
