//! What a campaign asks before it goes on, and what it tolerates.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::seconds;

/// What has to be so before the next wave opens. Evidence is always asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Gate {
    /// For how long a wave has to have been open.
    #[serde(rename = "soak_seconds", with = "seconds")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub soak: Duration,
    /// Whether a person has to approve.
    pub approval: bool,
}

/// What is tolerated, and of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Rules {
    /// The share of devices that may fail or fall silent beyond what the others do, in parts per million.
    pub tolerated_ppm: u32,
    /// Whether only devices count, and are offered anything, that prove who they are.
    pub on_proof: bool,
    /// Whether devices that run something newer go back.
    pub allow_downgrade: bool,
    /// Devices that may have been offered the release at the same time without anything known of them, before the first
    /// ones have installed it.
    pub at_a_time: u32,
    /// For how long an installed device is watched: one that falls silent within it counts as silent.
    #[serde(rename = "watch_seconds", with = "seconds")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub watch: Duration,
}

impl Default for Rules {
    /// 2 %, any device, no downgrade, 8 at a time, 72 hours.
    fn default() -> Self {
        Self {
            tolerated_ppm: 20_000,
            on_proof: false,
            allow_downgrade: false,
            at_a_time: 8,
            watch: Duration::from_hours(72),
        }
    }
}
