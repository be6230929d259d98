//! The clock guard: no key or certificate is made by a clock that is known to be wrong.
//!
//! A Raspberry Pi has no clock at boot and starts in 1970, or where it was switched off. A certificate made then is
//! not yet valid, or long expired, for every device that checks dates. So the facts about time come in as a
//! [`Clock`], and whatever makes a certificate takes the [`TrustedTime`] that only [`Clock::check`] gives out.

use std::fmt;
use std::time::Duration;

use otary_fleet::Time;

/// A clock this far ahead of the build is wrong; it also keeps every date within the four digits of a year.
const CENTURY: Duration = Duration::from_hours(36_525 * 24);

/// What is known about the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// What the machine's clock shows.
    pub now: Time,
    /// When this program was built.
    pub built: Time,
    /// The newest time found in the store; [`Time::default`] when there is none.
    pub newest: Time,
}

/// A time that passed [`Clock::check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrustedTime(Time);

/// Why a clock cannot be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockFault {
    /// The clock shows a time before this program existed.
    #[error("the clock shows {}, but this program was built at {}", Utc(*now), Utc(*built))]
    BeforeBuild {
        /// What the clock shows.
        now: Time,
        /// When this program was built.
        built: Time,
    },
    /// Something was stored at a later time than the clock shows.
    #[error("the clock shows {}, but the store holds a record of {}", Utc(*now), Utc(*stored))]
    BeforeStored {
        /// What the clock shows.
        now: Time,
        /// The newest time in the store.
        stored: Time,
    },
    /// One of the authority's own certificates was made at a later time than the clock shows.
    #[error("the clock shows {}, but a certificate was made at {}", Utc(*now), Utc(*made))]
    BeforeCertificate {
        /// What the clock shows.
        now: Time,
        /// When the newest certificate was made.
        made: Time,
    },
    /// The clock shows a time more than a century after the build.
    #[error("the clock shows {}, a century after this program was built at {}", Utc(*now), Utc(*built))]
    FarAhead {
        /// What the clock shows.
        now: Time,
        /// When this program was built.
        built: Time,
    },
}

impl Clock {
    /// The time, if nothing that is known contradicts it.
    pub fn check(&self) -> Result<TrustedTime, ClockFault> {
        let Self { now, built, newest } = *self;
        if now < built {
            return Err(ClockFault::BeforeBuild { now, built });
        }
        if now < newest {
            return Err(ClockFault::BeforeStored { now, stored: newest });
        }
        if now > built + CENTURY {
            return Err(ClockFault::FarAhead { now, built });
        }
        Ok(TrustedTime(now))
    }
}

impl TrustedTime {
    /// The time itself.
    pub const fn time(self) -> Time {
        self.0
    }
}

impl ClockFault {
    /// What the operator can do about it.
    pub const fn help(self) -> &'static str {
        match self {
            Self::BeforeBuild { .. } | Self::FarAhead { .. } => {
                "set the clock, or wait until the network has set it (`timedatectl` shows this)"
            }
            Self::BeforeStored { .. } => {
                "set the clock, or wait until the network has set it; if it is right now, it ran ahead at that time"
            }
            Self::BeforeCertificate { .. } => {
                "set the clock; if it is right now and ran ahead then, move leaf.key and leaf.crt away: new ones are made"
            }
        }
    }
}

/// A time as people and logs write it: `2026-11-23T07:50:00Z`.
pub(crate) struct Utc(pub(crate) Time);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0.secs()).ok();
        match seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()) {
            Some(timestamp) => timestamp.fmt(f),
            None => write!(f, "{} s after 1970", self.0.secs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT: Time = Time::from_secs(1_790_000_000);
    const STORED: Time = Time::from_secs(1_800_000_000);

    fn at(now: Time) -> Result<TrustedTime, ClockFault> {
        Clock { now, built: BUILT, newest: STORED }.check()
    }

    #[test]
    fn a_board_without_a_clock_starts_in_1970_and_is_not_believed() {
        let fault = at(Time::from_secs(5)).unwrap_err();
        assert_eq!(fault, ClockFault::BeforeBuild { now: Time::from_secs(5), built: BUILT });
        assert_eq!(
            fault.to_string(),
            "the clock shows 1970-01-01T00:00:05Z, but this program was built at 2026-09-21T14:13:20Z"
        );
    }

    #[test]
    fn a_clock_set_back_behind_the_store_is_not_believed() {
        let now = STORED - Duration::from_millis(1);
        assert_eq!(at(now), Err(ClockFault::BeforeStored { now, stored: STORED }));
        assert_eq!(at(STORED).map(TrustedTime::time), Ok(STORED));
    }

    #[test]
    fn the_end_of_time_is_not_believed_and_can_still_be_printed() {
        let fault = at(Time(u64::MAX)).unwrap_err();
        assert!(matches!(fault, ClockFault::FarAhead { .. }));
        assert!(fault.to_string().contains("18446744073709551 s after 1970"), "{fault}");
    }
}
