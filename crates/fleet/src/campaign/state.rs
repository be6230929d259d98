//! Where a campaign stands.

use serde::{Deserialize, Serialize};

use crate::{Mac, Time};

/// Where a campaign stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Its open waves are served.
    Running,
    /// A person holds it.
    Paused {
        /// Who.
        paused_by: String,
        /// Since when.
        paused_at: Time,
    },
    /// The evidence is against its release.
    Stopped(Stop),
    /// The open waves are served; the next one waits for a person.
    AwaitsApproval,
    /// Every wave is open, and what was to be seen has been seen. Members that come late are still served.
    Finished {
        /// Since when.
        finished_at: Time,
    },
    /// A person ended it. Its release is offered to nobody.
    Aborted {
        /// When.
        aborted_at: Time,
        /// Who.
        aborted_by: String,
    },
}

impl State {
    /// The words of all states.
    pub const NAMES: [&str; 6] = ["running", "paused", "stopped", "awaits-approval", "finished", "aborted"];

    /// The state's word.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused { .. } => "paused",
            Self::Stopped(_) => "stopped",
            Self::AwaitsApproval => "awaits-approval",
            Self::Finished { .. } => "finished",
            Self::Aborted { .. } => "aborted",
        }
    }
}

/// On what a campaign was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stop {
    /// When.
    #[serde(rename = "stopped_at")]
    pub at: Time,
    /// Devices that were offered the release.
    pub offered: u32,
    /// Of those, how many run it.
    pub installed: u32,
    /// How many refused it, rolled back or loop.
    pub failed: u32,
    /// How many are silent.
    pub silent: u32,
    /// Those that failed or are silent; at most [`Self::MAX_DEVICES`].
    #[serde(default)]
    pub devices: Vec<Mac>,
}

impl Stop {
    /// Devices that are named.
    pub const MAX_DEVICES: usize = 64;
}
