//! What an operator wants of one device, whatever is meant for the others.

use serde::{Deserialize, Serialize};

use crate::{ReleaseId, Time};

/// An operator's hold: the device is offered nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Since when.
    pub at: Time,
    /// By whom.
    pub by: String,
}

/// A release that an operator wants a device to get, whatever it runs, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forced {
    /// The release.
    pub release: ReleaseId,
    /// Since when.
    pub at: Time,
    /// By whom.
    pub by: String,
}
