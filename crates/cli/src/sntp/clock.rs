//! Whether the time of this machine can be told, and with what standing.

use std::fmt;
use std::time::Duration;

use otary_trust::{Clock, ClockFault};

use super::packet::Standing;

/// The kernel does not say how far its reference is. Most machines are at 2 to 4; this does not claim to be better.
const SYNCHRONISED_STRATUM: u8 = 4;
/// A clock that follows nobody loses to any that follows somebody.
const LOCAL_STRATUM: u8 = 10;
/// What ntpd calls "the daemon of this machine", and its own clock (driver 1).
const DAEMON: [u8; 4] = [127, 0, 0, 1];
const LOCAL_CLOCK: [u8; 4] = [127, 127, 1, 0];
/// What a clock that nobody measured may be wrong by.
const UNMEASURED: Duration = Duration::from_secs(1);

/// What the system says of its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Something keeps it right, to so much.
    Synchronised(Duration),
    /// Nothing does.
    Unsynchronised,
    /// It does not say.
    Silent,
}

/// Why the time is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untold {
    /// It cannot be right.
    Wrong(ClockFault),
    /// Nothing keeps it right.
    Unsynchronised,
    /// Nobody says whether anything does.
    Unknown,
}

/// Where the time and what is known of it come from.
pub type Source = Box<dyn FnMut() -> Option<Clock> + Send>;

/// What may be told of a clock. `trust_local`: the operator says that the clock is good though nothing keeps it right.
pub fn standing(clock: &Clock, kernel: Kernel, trust_local: bool) -> Result<Standing, Untold> {
    clock.check().map_err(Untold::Wrong)?;
    let local = Standing { stratum: LOCAL_STRATUM, reference: LOCAL_CLOCK, dispersion: UNMEASURED };
    match kernel {
        Kernel::Synchronised(dispersion) => {
            Ok(Standing { stratum: SYNCHRONISED_STRATUM, reference: DAEMON, dispersion })
        }
        Kernel::Unsynchronised | Kernel::Silent if trust_local => Ok(local),
        Kernel::Unsynchronised => Err(Untold::Unsynchronised),
        Kernel::Silent => Err(Untold::Unknown),
    }
}

impl fmt::Display for Untold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LOCAL: &str = "where it is good by itself, set sntp.trust_local_clock = true";
        match self {
            Self::Wrong(fault) => write!(f, "{fault}; {}", fault.help()),
            Self::Unsynchronised => {
                write!(f, "nothing synchronises this machine's clock (`timedatectl` shows this); {LOCAL}")
            }
            Self::Unknown => write!(f, "this system does not say whether its clock is synchronised; {LOCAL}"),
        }
    }
}

/// What the Linux kernel says of its clock (adjtimex(2)).
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no crate hands this call out; it fills a plain structure that it is given")]
pub fn kernel() -> Kernel {
    // SAFETY: `timex` is integers and padding, of which all-zero is a value. With `modes` zero the call changes nothing
    // and writes to the structure alone.
    let (state, found) = unsafe {
        let mut found: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut found), found)
    };
    match state {
        -1 => Kernel::Silent,
        libc::TIME_ERROR => Kernel::Unsynchronised,
        _ if found.status & libc::STA_UNSYNC != 0 => Kernel::Unsynchronised,
        _ => Kernel::Synchronised(Duration::from_micros(u64::try_from(found.maxerror).unwrap_or_default())),
    }
}

/// Other systems are not asked.
#[cfg(not(target_os = "linux"))]
pub fn kernel() -> Kernel {
    Kernel::Silent
}

#[cfg(test)]
mod tests {
    use otary_fleet::Time;

    use super::*;

    const BUILT: Time = Time::from_secs(1_790_000_000);
    const RIGHT: Clock = Clock { now: Time::from_secs(1_800_000_000), built: BUILT, newest: BUILT };
    const EXACT: Kernel = Kernel::Synchronised(Duration::from_millis(20));

    #[test]
    fn what_is_told_of_each_clock() {
        let stratum = |kernel, trust| standing(&RIGHT, kernel, trust).map(|standing| standing.stratum);
        for (kernel, trust, told) in [
            (EXACT, false, Ok(4)),
            (EXACT, true, Ok(4)),
            (Kernel::Unsynchronised, false, Err(Untold::Unsynchronised)),
            (Kernel::Unsynchronised, true, Ok(10)),
            (Kernel::Silent, false, Err(Untold::Unknown)),
            (Kernel::Silent, true, Ok(10)),
        ] {
            assert_eq!(stratum(kernel, trust), told, "{kernel:?} {trust}");
        }
    }

    #[test]
    fn a_clock_that_cannot_be_right_is_never_told_whoever_vouches_for_it() {
        let in_1970 = Clock { now: Time::from_secs(100), ..RIGHT };
        let behind_its_records = Clock { newest: RIGHT.now + Duration::from_secs(1), ..RIGHT };
        let far_ahead = Clock { now: BUILT + Duration::from_hours(24 * 365 * 200), ..RIGHT };
        for clock in [in_1970, behind_its_records, far_ahead] {
            for (kernel, trust) in [(EXACT, true), (Kernel::Unsynchronised, true), (Kernel::Silent, true)] {
                assert!(matches!(standing(&clock, kernel, trust), Err(Untold::Wrong(_))), "{clock:?}");
            }
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_says_whether_its_clock_is_synchronised() {
        assert_ne!(kernel(), Kernel::Silent);
    }
}
