//! Now, as the driver knows it. The agent has no clock and no source of randomness of its own.

use otary_wire::UnixSeconds;

/// Milliseconds: since power-on where it is a point in time, else a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub u64);

impl Millis {
    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// This long after `self`.
    #[must_use]
    pub const fn plus(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long after `earlier` this is; nothing, if it is before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    /// Whole seconds of it.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }
}

/// The present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since power-on or the last restart; what it counts from matters to nobody, as long as it never goes back between.
    pub uptime: Millis,
    /// What SNTP said, carried on to now; nothing before it has answered. Nobody signs it, so it is never believed
    /// against a signed time.
    pub wall: Option<UnixSeconds>,
    /// Fresh random bytes: the nonce of a check-in and the jitter of waits. A source that repeats lets old answers be
    /// replayed.
    pub random: [u8; 16],
}
