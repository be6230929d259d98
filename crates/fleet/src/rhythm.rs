//! Rhythm: how often a device asks, as it was seen, and from when on its silence means something.
//!
//! Bounded and integer: the last gaps between two visits, and the two longest gaps of this and the last window of 30 days.
//! What happened once in that time is an accident (a power cut, a router that was changed); what happened twice is the
//! device's way (a workshop that is switched off at weekends), and its silence has to be longer than that. Of a device that
//! asked fewer than five times nothing is concluded.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Proof, Time};

/// Gaps that are kept one by one.
const KEPT: usize = 8;
/// Polls that follow each other faster are one visit: a program and its file system, or a connection tried again.
const VISIT: u32 = 5;
/// How long the longest gaps are remembered, at least; twice as long at most.
const WINDOW: Duration = Duration::from_hours(30 * 24);
/// Nobody is missed sooner: a router takes minutes to start, a board its time to find it.
const LEAST_PATIENCE: u32 = 30 * 60;

/// How often a device asks. All in whole seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rhythm {
    /// How many gaps were seen.
    gaps: u32,
    /// The last of them; the newest stands at `gaps - 1`, taken round.
    recent: [u32; KEPT],
    /// The two longest of this window, the longest first.
    longest: [u32; 2],
    /// The same of the window before.
    former: [u32; 2],
    /// When this window began.
    since: Time,
    /// When it last asked.
    last: Option<Time>,
    /// The strongest proof that it showed. Polls that show less are not the device's rhythm, but maybe a stranger's.
    #[serde(default)]
    proof: Proof,
    /// When it was last silent for longer than its patience, and came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lapse: Option<Lapse>,
}

/// A time in which a device was missed, and which ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lapse {
    /// Its last poll before.
    pub from: Time,
    /// Its first poll after.
    pub to: Time,
}

impl Rhythm {
    /// Of a device that has not asked yet.
    pub const NEW: Self = Self {
        gaps: 0,
        recent: [0; KEPT],
        longest: [0; 2],
        former: [0; 2],
        since: Time(0),
        last: None,
        proof: Proof::None,
        lapse: None,
    };
    /// Polls on record from which on a rhythm is known.
    pub const NEEDED: u32 = 5;

    /// Notes a poll that showed `proof`. What comes within a few seconds is the same visit.
    pub fn note(&mut self, proof: Proof, now: Time) {
        let Some(last) = self.last else {
            (self.proof, self.last) = (proof, Some(now));
            return;
        };
        if proof < self.proof && now.since(last) < WINDOW {
            return;
        }
        self.proof = proof;
        let gap = u32::try_from(now.since(last).as_secs()).unwrap_or(u32::MAX);
        if gap < VISIT {
            return;
        }
        if self.is_known() && gap > self.patience_seconds() {
            self.lapse = Some(Lapse { from: last, to: now });
        }
        self.last = Some(now);
        self.add(gap, now);
    }

    fn add(&mut self, gap: u32, now: Time) {
        self.turn(now);
        if let Some(place) = self.recent.get_mut(self.gaps as usize % KEPT) {
            *place = gap;
        }
        self.gaps = self.gaps.saturating_add(1);
        let [longest, second] = self.longest;
        self.longest = [longest.max(gap), second.max(gap.min(longest))];
    }

    /// Begins a new window when this one is over.
    fn turn(&mut self, now: Time) {
        if self.gaps == 0 {
            self.since = now;
        } else if now.since(self.since) >= WINDOW {
            (self.former, self.longest, self.since) = (self.longest, [0; 2], now);
        }
    }

    /// Notes that a device asked `times` more, every `gap` of at least five seconds, with the same proof: the same as as many
    /// calls of [`Self::note`], for boards that are not listened to one poll at a time.
    pub fn note_steady(&mut self, gap: Duration, times: u32) {
        let mut left = times;
        while let Some(last) = self.last.filter(|_| left > 0) {
            // Until the window ends, nothing but the number of gaps changes.
            let rest_of_window = (self.since + WINDOW).since(last).as_millis().saturating_sub(1);
            let quiet = rest_of_window / gap.as_millis().max(1);
            let quiet = if self.is_steady(gap) { u32::try_from(quiet).unwrap_or(left).min(left) } else { 0 };
            self.gaps = self.gaps.saturating_add(quiet);
            self.last = Some(last + gap * quiet);
            left -= quiet;
            if left > 0 {
                self.note(self.proof, last + gap * (quiet + 1));
                left -= 1;
            }
        }
    }

    /// Whether another gap of this length would change nothing but their number.
    fn is_steady(&self, gap: Duration) -> bool {
        let gap = u32::try_from(gap.as_secs()).unwrap_or(u32::MAX);
        self.recent.iter().all(|kept| *kept == gap) && self.longest.iter().all(|longest| *longest >= gap)
    }

    /// Whether it asked often enough for its silence to mean anything.
    pub const fn is_known(&self) -> bool {
        self.polls() >= Self::NEEDED
    }

    /// Visits that it rests on.
    pub const fn polls(&self) -> u32 {
        match self.gaps {
            0 => 0,
            gaps => gaps.saturating_add(1),
        }
    }

    /// The gap that is usual: the median of the last eight, the longer one where there are two. Zero: none was seen.
    pub fn typical(&self) -> Duration {
        Duration::from_secs(self.typical_seconds().into())
    }

    fn typical_seconds(&self) -> u32 {
        let (mut sorted, seen) = (self.recent, KEPT.min(self.gaps as usize));
        let kept = sorted.get_mut(..seen).unwrap_or_default();
        kept.sort_unstable();
        kept.get(seen / 2).copied().unwrap_or(0)
    }

    /// No poll for longer than this is silence: three usual gaps, or half as long again as a gap that occurred twice in the
    /// last month or two, and never less than half an hour.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.patience_seconds().into())
    }

    fn patience_seconds(&self) -> u32 {
        // The second of both windows; the longer stands first in each.
        let ([a, b], [c, d]) = (self.longest, self.former);
        let second = a.min(c).max(b).max(d);
        let usual = self.typical_seconds().saturating_mul(3);
        usual.max(second.saturating_add(second / 2)).max(LEAST_PATIENCE)
    }

    /// Whether it asks when it starts and otherwise seldom: its gaps are of two kinds. One poll is all that such a device
    /// says of a new build before somebody switches it off.
    pub fn is_per_boot(&self) -> bool {
        let longest = self.recent.iter().take(self.gaps as usize).max().copied().unwrap_or(0);
        longest > self.typical_seconds().saturating_mul(8)
    }

    /// When it was last missed and came back.
    pub const fn lapse(&self) -> Option<Lapse> {
        self.lapse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;
    const DAY: u64 = 24 * HOUR;

    /// The rhythm of a device whose gaps were these, in seconds, and when it asked last.
    fn after(gaps: impl IntoIterator<Item = u64>) -> (Rhythm, Time) {
        let (mut rhythm, mut now) = (Rhythm::default(), Time::from_secs(1_795_000_000));
        rhythm.note(Proof::None, now);
        for gap in gaps {
            now = now + Duration::from_secs(gap);
            rhythm.note(Proof::None, now);
        }
        (rhythm, now)
    }

    fn patience(gaps: impl IntoIterator<Item = u64>) -> u64 {
        after(gaps).0.patience().as_secs()
    }

    #[test]
    fn a_rhythm_is_known_from_the_fifth_poll_on() {
        for (gaps, known) in [(0, false), (3, false), (4, true)] {
            let (rhythm, _) = after(std::iter::repeat_n(60, gaps));
            assert_eq!(rhythm.is_known(), known, "{} polls", rhythm.polls());
        }
    }

    #[test]
    fn silence_is_three_usual_gaps_and_at_least_half_an_hour() {
        assert_eq!(patience([10; 8]), 30 * 60);
        assert_eq!(patience([HOUR; 8]), 3 * HOUR);
        assert_eq!(patience([7 * DAY; 5]), 21 * DAY);
    }

    #[test]
    fn one_long_gap_is_an_accident_and_two_are_a_habit() {
        let hourly = || std::iter::repeat_n(HOUR, 8);
        assert_eq!(patience(hourly().chain([DAY]).chain(hourly())), 3 * HOUR);
        let weekends = hourly().chain([2 * DAY]).chain(hourly()).chain([2 * DAY]).chain(hourly());
        assert_eq!(patience(weekends), 3 * DAY);
    }

    #[test]
    fn a_habit_is_remembered_for_a_month_and_forgotten_after_two() {
        let weekends = [2 * DAY, HOUR, 2 * DAY, HOUR];
        let hours = |days: usize| std::iter::repeat_n(HOUR, days * 24);
        assert_eq!(patience(weekends.into_iter().chain(hours(31))), 3 * DAY);
        assert_eq!(patience(weekends.into_iter().chain(hours(65))), 3 * HOUR);
    }

    #[test]
    fn a_program_and_its_file_system_asked_for_together_are_one_visit() {
        let (rhythm, _) = after([1, HOUR, 1, HOUR, 2, HOUR, 1, HOUR, 1, HOUR]);
        assert_eq!((rhythm.polls(), rhythm.typical().as_secs() / 60), (6, 60));
    }

    #[test]
    fn a_board_that_asks_when_it_is_switched_on_says_so_by_its_gaps() {
        assert!(after([30, 7 * HOUR, 30, 30, 16 * HOUR, 30]).0.is_per_boot());
        assert!(!after([HOUR, 2 * HOUR, HOUR, 3 * HOUR, HOUR]).0.is_per_boot());
    }

    #[test]
    fn polls_that_prove_less_are_not_the_rhythm_of_a_device_that_proves_itself() {
        let (mut rhythm, mut now) = (Rhythm::default(), Time::from_secs(1_795_000_000));
        for minute in 0..600 {
            now = now + Duration::from_mins(1);
            rhythm.note(if minute % 60 == 0 { Proof::DeviceCredential } else { Proof::None }, now);
        }
        assert_eq!(rhythm.typical(), Duration::from_secs(HOUR));
    }

    #[test]
    fn a_lapse_is_kept_when_it_is_over() {
        let (rhythm, now) = after([HOUR; 6]);
        assert_eq!(rhythm.lapse(), None);
        let mut back = rhythm;
        back.note(Proof::None, now + Duration::from_secs(4 * HOUR));
        assert_eq!(back.lapse(), Some(Lapse { from: now, to: now + Duration::from_secs(4 * HOUR) }));
    }

    #[test]
    fn steady_polls_taken_together_leave_what_they_leave_one_by_one() {
        for (before, gap, times) in [(0, 10, 400_000), (3, 60, 90_000), (9, HOUR, 2_000), (20, 7 * DAY, 9)] {
            let (start, at) = after([40, 7 * HOUR, 30, 90].into_iter().cycle().take(before));
            let (mut one_by_one, mut together, mut now) = (start, start, at);
            let gap = Duration::from_secs(gap);
            for _ in 0..times {
                now = now + gap;
                one_by_one.note(Proof::None, now);
            }
            together.note_steady(gap, times);
            assert_eq!(together, one_by_one, "{times} polls every {gap:?}");
        }
    }
}
