//! How fast a payload comes in. A peer that sends a byte a minute holds the device no longer than one that is gone.

use crate::config::Policy;
use crate::moment::Millis;

/// The bytes of the present span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    since: Millis,
    bytes: u32,
}

impl Pace {
    pub const fn new(now: Millis) -> Self {
        Self { since: now, bytes: 0 }
    }

    pub fn note(&mut self, bytes: u32) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Whether a whole span has gone by with too few bytes. Each span begins anew.
    pub fn is_too_slow(&mut self, now: Millis, policy: &Policy) -> bool {
        if now.since(self.since) < policy.slowest_span {
            return false;
        }
        let slow = self.bytes < policy.slowest_bytes;
        *self = Self::new(now);
        slow
    }
}
