//! Ten minutes of what went on.

use otary_fleet::Time;
use serde::{Deserialize, Serialize};

use super::{Activity, Counts};

/// What went on in ten minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Period {
    /// When they began.
    pub at: Time,
    /// Polls of devices.
    pub check_ins: u32,
    /// Of those, polls that were offered something.
    pub offers: u32,
    /// Downloads of which every byte was handed over.
    pub whole: u32,
    /// Downloads that ended before.
    pub cut_off: u32,
    /// Updates that took, by the device's polls or its word.
    pub installs: u32,
    /// Updates that a device refused, rolled back, or takes again and again.
    pub failures: u32,
    /// TLS handshakes that failed.
    pub handshakes: u32,
}

impl Period {
    /// The period of this number since 1970.
    pub(super) fn of(number: u64, counts: Counts) -> Self {
        let [check_ins, offers, whole, cut_off, installs, failures, handshakes] = counts;
        let at = Time::from_secs(number.saturating_mul(Activity::PERIOD.as_secs()));
        Self { at, check_ins, offers, whole, cut_off, installs, failures, handshakes }
    }
}
