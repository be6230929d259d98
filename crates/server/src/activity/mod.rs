//! What went on lately, for a timeline: how many check-ins, offers, downloads, installs, failures and failed handshakes there
//! were in each ten minutes of the last seven days.
//!
//! - **Cheap where devices are served**: one more in a number, without a lock and without looking at the clock. A look every
//!   few seconds adds what came since to the ten minutes that it is.
//! - **Bounded**: [`Activity::PERIODS`] of them, 40 bytes each.
//! - **Kept over a restart**: a server writes them to the store every ten minutes and when it ends. Counts, not facts: what came
//!   since is lost in a crash.

mod period;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use otary_fleet::{Ending, Event, EventKind, Outcome, Time};
use otary_store::{Store, StoreError};

use crate::Clock;

pub use period::Period;

/// The store's setting that has the periods: JSON, of each its number since 1970 and its counts.
const SETTING: &str = "server.activity";

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    CheckIn,
    Offer,
    Whole,
    CutOff,
    Installed,
    Failed,
    Handshake,
}

/// Kinds of what is counted.
const KINDS: usize = 7;

/// Counts of ten minutes.
type Counts = [u32; KINDS];

/// What went on lately.
pub struct Activity {
    store: Arc<dyn Store>,
    clock: Clock,
    /// Since the process began.
    totals: [AtomicU64; KINDS],
    lately: Mutex<Lately>,
    served: AtomicBool,
}

#[derive(Debug, Default)]
struct Lately {
    /// The totals as they were last taken in.
    taken: [u64; KINDS],
    /// By their numbers since 1970, the latest last.
    periods: VecDeque<(u64, Counts)>,
    /// The period in which they were last written.
    written: u64,
}

impl Activity {
    /// How long a period is.
    pub const PERIOD: Duration = Duration::from_mins(10);
    /// Periods that are remembered: seven days.
    pub const PERIODS: u64 = 7 * 24 * 6;

    pub(crate) fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self {
            store,
            clock,
            totals: Default::default(),
            lately: Mutex::default(),
            served: AtomicBool::new(false),
        }
    }

    /// A server begins: what is on record is gone on with.
    pub(crate) fn begin(&self) {
        self.served.store(true, Ordering::Relaxed);
        match kept(&*self.store) {
            Ok(periods) => self.lately().periods = periods,
            Err(error) => told(&error, "what went on before is not known"),
        }
    }

    /// One more.
    pub(crate) fn note(&self, happened: Happened) {
        if let Some(total) = self.totals.get(happened as usize) {
            total.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What a check-in or a report came to, besides its answer.
    pub(crate) fn note_events(&self, events: &[Event]) {
        events.iter().filter_map(happened).for_each(|happened| self.note(happened));
    }

    /// Takes in what came since, and writes all down if ten minutes are over.
    pub(crate) fn look(&self) {
        let mut lately = self.lately();
        let period = self.take(&mut lately);
        if lately.written == 0 {
            lately.written = period;
        }
        if lately.written != period {
            lately.written = period;
            self.write(&lately);
        }
    }

    /// Takes in what came since, and writes all down.
    pub(crate) fn keep(&self) {
        let mut lately = self.lately();
        self.take(&mut lately);
        self.write(&lately);
    }

    /// The periods of the time from `since` on, the latest last, without those in which nothing went on.
    pub(crate) fn since(&self, since: Time) -> Result<Vec<Period>, StoreError> {
        let first = number(since);
        let all = |periods: &VecDeque<(u64, Counts)>| {
            let wanted = periods.iter().filter(|(number, _)| *number >= first);
            wanted.map(|(number, counts)| Period::of(*number, *counts)).collect()
        };
        if !self.served.load(Ordering::Relaxed) {
            return Ok(all(&kept(&*self.store)?));
        }
        let mut lately = self.lately();
        self.take(&mut lately);
        Ok(all(&lately.periods))
    }

    /// Adds what came since it was last taken in to the period that it is. Gives that.
    fn take(&self, lately: &mut Lately) -> u64 {
        let now = number(self.clock.now());
        let totals: [u64; KINDS] = std::array::from_fn(|kind| {
            self.totals.get(kind).map_or(0, |total| total.load(Ordering::Relaxed))
        });
        let taken = std::mem::replace(&mut lately.taken, totals);
        let mut more = totals.iter().zip(taken).map(|(total, taken)| total.saturating_sub(taken));
        let more: Counts =
            std::array::from_fn(|_| u32::try_from(more.next().unwrap_or(0)).unwrap_or(u32::MAX));
        lately.add(now, more);
        now
    }

    fn write(&self, lately: &Lately) {
        let text = serde_json::to_string(&lately.periods).unwrap_or_default();
        if let Err(error) = self.store.put_setting(SETTING, &text) {
            told(&error, "what went on lately is not on record");
        }
    }

    fn lately(&self) -> MutexGuard<'_, Lately> {
        self.lately.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lately {
    /// Adds to a period, and lets go of those that are over for too long. A clock that was set back goes on with the latest.
    fn add(&mut self, period: u64, more: Counts) {
        if more == Counts::default() {
            return;
        }
        match self.periods.back_mut().filter(|(latest, _)| *latest >= period) {
            Some((_, counts)) => {
                counts.iter_mut().zip(more).for_each(|(count, more)| *count = count.saturating_add(more));
            }
            None => self.periods.push_back((period, more)),
        }
        let latest = self.periods.back().map_or(0, |(latest, _)| *latest);
        self.periods.retain(|(number, _)| latest - number < Activity::PERIODS);
    }
}

/// What is on record. What cannot be read is nothing: it would be a wrong picture, and is written anew.
fn kept(store: &dyn Store) -> Result<VecDeque<(u64, Counts)>, StoreError> {
    let kept = store.setting(SETTING)?.and_then(|text| serde_json::from_str(&text).ok());
    let mut kept: VecDeque<(u64, Counts)> = kept.unwrap_or_default();
    let in_order = kept.iter().zip(kept.iter().skip(1)).all(|((a, _), (b, _))| a < b);
    if !in_order || kept.len() as u64 > Activity::PERIODS {
        kept.clear();
    }
    Ok(kept)
}

/// The number of the period that a time lies in.
fn number(time: Time) -> u64 {
    time.secs() / Activity::PERIOD.as_secs()
}

/// What an event says that is counted.
fn happened(event: &Event) -> Option<Happened> {
    match &event.kind {
        EventKind::Installed { .. } => Some(Happened::Installed),
        EventKind::Outcome { outcome: Outcome::Refused | Outcome::RolledBack | Outcome::Looping, .. } => {
            Some(Happened::Failed)
        }
        EventKind::Reported { report, .. } if report.ending != Ending::Installed => Some(Happened::Failed),
        _ => None,
    }
}

fn told(error: &StoreError, what: &str) {
    let error: &dyn std::error::Error = error;
    tracing::error!(target: "activity", error, "{what}");
}

#[cfg(test)]
mod tests {
    use otary_store::Memory;

    use super::*;

    const START: Time = Time::from_secs(1_795_000_200);

    fn activity(store: &Arc<Memory>, clock: &Clock) -> Activity {
        let activity = Activity::new(Arc::clone(store) as Arc<dyn Store>, clock.clone());
        activity.begin();
        activity
    }

    fn times(activity: &Activity, times: usize, happened: Happened) {
        (0..times).for_each(|_| activity.note(happened));
    }

    #[test]
    fn what_happens_is_counted_in_the_ten_minutes_in_which_it_is_taken_in() {
        let (store, clock) = (Arc::new(Memory::default()), Clock::standing_at(START));
        let activity = activity(&store, &clock);
        times(&activity, 3, Happened::CheckIn);
        activity.look();
        clock.advance(Activity::PERIOD * 3);
        times(&activity, 2, Happened::CheckIn);
        times(&activity, 1, Happened::Offer);
        let periods = activity.since(START).unwrap();
        let counts = periods.iter().map(|period| (period.at, period.check_ins, period.offers));
        let third = START + Activity::PERIOD * 3;
        assert_eq!(counts.collect::<Vec<_>>(), [(START, 3, 0), (third, 2, 1)]);
        assert_eq!(activity.since(third).unwrap().len(), 1);
    }

    #[test]
    fn another_server_goes_on_with_what_was_kept() {
        let (store, clock) = (Arc::new(Memory::default()), Clock::standing_at(START));
        let first = activity(&store, &clock);
        times(&first, 5, Happened::Installed);
        first.keep();
        let second = activity(&store, &clock);
        times(&second, 1, Happened::Installed);
        assert_eq!(second.since(START).unwrap().first().map(|period| period.installs), Some(6));
        let nobody = Activity::new(Arc::clone(&store) as Arc<dyn Store>, clock.clone());
        assert_eq!(
            nobody.since(START).unwrap().first().map(|period| period.installs),
            Some(5),
            "without a server"
        );
    }

    #[test]
    fn a_week_is_kept_and_no_more() {
        let (store, clock) = (Arc::new(Memory::default()), Clock::standing_at(START));
        let activity = activity(&store, &clock);
        for _ in 0..2 * Activity::PERIODS {
            activity.note(Happened::CheckIn);
            activity.look();
            clock.advance(Activity::PERIOD);
        }
        assert_eq!(activity.since(Time::default()).unwrap().len() as u64, Activity::PERIODS);
        let text = store.setting(SETTING).unwrap().unwrap();
        assert!(text.len() < 64 * 1024, "{} bytes", text.len());
    }

    #[test]
    fn what_is_on_record_and_cannot_be_is_left() {
        let (store, clock) = (Arc::new(Memory::default()), Clock::standing_at(START));
        for text in ["", "no", "[[2,[0,0,0,0,0,0,0]],[1,[0,0,0,0,0,0,0]]]"] {
            store.put_setting(SETTING, text).unwrap();
            assert_eq!(activity(&store, &clock).since(Time::default()).unwrap(), []);
        }
    }
}
