//! What time it is, as far as it is known, and whether TLS may judge dates by it.
//!
//! Three sources: SNTP, which nobody signs; the fresh signed time of an answer; the highest signed time of all days before,
//! kept in flash. Only a clock that is *set* enforces dates. A handshake that fails by dates alone puts the clock aside, and
//! a signed time that contradicts SNTP by more than a day takes its place. So a device updates with NTP blocked for years and
//! with a clock twenty years ahead alike, and installs nothing without a signed manifest in any of these states.

use otary_wire::{Clock, UnixSeconds};

use crate::moment::{Millis, Moment};

/// How much older than a signed time SNTP may be before it is not believed, in seconds.
const CONTRADICTION: u64 = 24 * 60 * 60;

/// Whether the TLS handshake looks at validity dates. Name, chain and usage are looked at always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dates {
    /// Dates are enforced, by the time of [`Agent::clock`](crate::Agent::clock).
    Enforce,
    /// Date flags alone are ignored.
    Ignore,
}

/// The sources.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timekeeper {
    wall: Option<UnixSeconds>,
    now: Millis,
    bound: Option<UnixSeconds>,
    signed: Option<(UnixSeconds, Millis)>,
    aside: bool,
}

impl Timekeeper {
    pub const fn new(bound: Option<UnixSeconds>) -> Self {
        Self { wall: None, now: Millis(0), bound, signed: None, aside: false }
    }

    pub fn pass(&mut self, moment: &Moment) {
        self.wall = moment.wall;
        self.now = moment.uptime;
    }

    /// The signed time of this power cycle, carried on to now.
    fn signed_now(&self) -> Option<UnixSeconds> {
        let (time, at) = self.signed?;
        Some(UnixSeconds(time.0.saturating_add(self.now.since(at).as_secs())))
    }

    /// The earliest time that it can be, by signatures alone.
    pub fn bound(&self) -> Option<UnixSeconds> {
        self.bound.max(self.signed_now())
    }

    pub fn clock(&self) -> Clock {
        let bound = self.bound().map_or(Clock::Unknown, Clock::LowerBound);
        let Some(wall) = self.wall.filter(|_| !self.aside) else { return bound };
        match (self.signed_now(), self.bound) {
            (Some(signed), _) => Clock::Set(wall).heard(signed),
            (None, Some(earliest)) if wall.0.saturating_add(CONTRADICTION) < earliest.0 => bound,
            (None, _) => Clock::Set(wall),
        }
    }

    pub fn dates(&self) -> Dates {
        match self.clock() {
            Clock::Set(_) => Dates::Enforce,
            Clock::LowerBound(_) | Clock::Unknown => Dates::Ignore,
        }
    }

    /// A handshake failed by dates alone. Whether that changes how the next one is made.
    pub fn put_aside(&mut self) -> bool {
        let was_set = self.dates() == Dates::Enforce;
        self.aside |= was_set;
        was_set
    }

    /// A fresh signed answer said the time.
    pub fn hear(&mut self, time: UnixSeconds) {
        self.signed = Some((time, self.now));
        // With a signed time at hand a wrong clock is put right; a right one stays aside, for the peer's dates are wrong.
        let right = self.wall.is_some_and(|wall| Clock::Set(wall).heard(time) == Clock::Set(wall));
        self.aside &= right;
    }

    /// The keys that signed times before are gone: their times count no longer.
    pub fn reset(&mut self, bound: Option<UnixSeconds>) {
        (self.bound, self.signed) = (bound, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;
    const TODAY: UnixSeconds = UnixSeconds(1_800_000_000);

    fn later(time: UnixSeconds, days: u64) -> UnixSeconds {
        UnixSeconds(time.0.saturating_add(days.saturating_mul(DAY)))
    }

    fn at(wall: Option<UnixSeconds>) -> Moment {
        Moment { uptime: Millis::from_secs(60), wall, random: [0; 16] }
    }

    #[test]
    fn without_sntp_dates_are_never_enforced() {
        let mut time = Timekeeper::new(None);
        time.pass(&at(None));
        assert_eq!((time.clock(), time.dates()), (Clock::Unknown, Dates::Ignore));
        time.hear(TODAY);
        assert_eq!((time.clock(), time.dates()), (Clock::LowerBound(TODAY), Dates::Ignore));
    }

    #[test]
    fn a_clock_before_a_signed_time_is_not_believed() {
        let mut time = Timekeeper::new(Some(TODAY));
        time.pass(&at(Some(UnixSeconds(0))));
        assert_eq!((time.clock(), time.dates()), (Clock::LowerBound(TODAY), Dates::Ignore));
        time.pass(&at(Some(later(TODAY, 3))));
        assert_eq!((time.clock(), time.dates()), (Clock::Set(later(TODAY, 3)), Dates::Enforce));
    }

    #[test]
    fn a_clock_twenty_years_ahead_is_put_aside_and_then_put_right() {
        let mut time = Timekeeper::new(Some(TODAY));
        time.pass(&at(Some(later(TODAY, 20 * 365))));
        assert_eq!(time.dates(), Dates::Enforce);
        assert!(time.put_aside());
        assert_eq!((time.clock(), time.dates()), (Clock::LowerBound(TODAY), Dates::Ignore));
        time.hear(later(TODAY, 1));
        assert_eq!((time.clock(), time.dates()), (Clock::Set(later(TODAY, 1)), Dates::Enforce));
    }

    #[test]
    fn a_right_clock_stays_aside_while_the_peer_is_out_of_date() {
        let mut time = Timekeeper::new(None);
        time.pass(&at(Some(TODAY)));
        assert!(time.put_aside());
        time.hear(TODAY);
        assert_eq!((time.clock(), time.dates()), (Clock::LowerBound(TODAY), Dates::Ignore));
        assert!(!time.put_aside(), "nothing more can be ignored");
    }
}
