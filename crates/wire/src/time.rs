//! What a device knows of the time. It has no clock at power-up, so each time says how it is known.

use core::fmt;

/// Seconds since 1970-01-01 00:00:00 UTC, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub u64);

impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The present, as far as the device knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Nothing is known. Nothing expires.
    Unknown,
    /// It is this time or later: somebody signed it once.
    LowerBound(UnixSeconds),
    /// It is this time, by SNTP. Nobody signs SNTP.
    Set(UnixSeconds),
}

/// Which of its three states a clock is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// Nothing is known.
    Unknown,
    /// A signed time is the least that it can be.
    LowerBound,
    /// Set by SNTP.
    Set,
}

/// How far SNTP and a signed time may be apart before the signed one is believed, in seconds.
const CONTRADICTION: u64 = 24 * 60 * 60;

impl Clock {
    /// The state alone, for a check-in.
    pub const fn state(self) -> ClockState {
        match self {
            Self::Unknown => ClockState::Unknown,
            Self::LowerBound(_) => ClockState::LowerBound,
            Self::Set(_) => ClockState::Set,
        }
    }

    /// The earliest time that it can be, if anything is known.
    pub const fn earliest(self) -> Option<UnixSeconds> {
        match self {
            Self::Unknown => None,
            Self::LowerBound(time) | Self::Set(time) => Some(time),
        }
    }

    /// The clock after a fresh signed answer that says `signed`: never set by it where it was not, but set right where
    /// SNTP is more than a day off, for the answer is signed and SNTP is not.
    #[must_use]
    pub fn heard(self, signed: UnixSeconds) -> Self {
        match self {
            Self::Unknown => Self::LowerBound(signed),
            Self::LowerBound(bound) => Self::LowerBound(bound.max(signed)),
            Self::Set(time) if time.0.abs_diff(signed.0) > CONTRADICTION => Self::Set(signed),
            Self::Set(time) => Self::Set(time),
        }
    }
}

impl ClockState {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::LowerBound => 1,
            Self::Set => 2,
        }
    }

    pub(crate) const fn from_code(code: u32) -> Self {
        match code {
            1 => Self::LowerBound,
            2 => Self::Set,
            _ => Self::Unknown,
        }
    }
}
