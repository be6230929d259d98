//! What went on lately, for a timeline: how many check-ins, offers, downloads, installs, failures and failed handshakes there
//! were in each ten minutes of the last seven days.
//!
//! - **It costs nothing where devices are served**: a look every few seconds adds what the [`Counters`] say came since to the ten
//!   minutes that it is.
//! - **Bounded**: [`Activity::PERIODS`] of them, 40 bytes each.
//! - **Kept over a restart**: a server writes them to the store every ten minutes and when it ends. Counts, not facts: what came
//!   since is lost in a crash.

mod period;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use otary_fleet::Time;
use otary_store::{Store, StoreError};

use crate::metrics::Totals;
use crate::{Clock, Counters};

pub use period::Period;

/// The store's setting that has the periods: JSON, of each its number since 1970 and its counts.
const SETTING: &str = "server.activity";

/// Kinds of what is counted.
const KINDS: usize = 7;

/// Counts of ten minutes.
type Counts = [u32; KINDS];

/// What went on lately.
pub struct Activity {
    store: Arc<dyn Store>,
    clock: Clock,
    counters: Arc<Counters>,
    lately: Mutex<Lately>,
    served: AtomicBool,
}

#[derive(Debug, Default)]
struct Lately {
    /// The totals as they were last taken in.
    taken: Totals,
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

    pub(crate) fn new(store: Arc<dyn Store>, clock: Clock, counters: Arc<Counters>) -> Self {
        Self { store, clock, counters, lately: Mutex::default(), served: AtomicBool::new(false) }
    }

    /// A server begins: what is on record is gone on with.
    pub(crate) fn begin(&self) {
        self.served.store(true, Ordering::Relaxed);
        match kept(&*self.store) {
            Ok(periods) => self.lately().periods = periods,
            Err(error) => told(&error, "what went on before is not known"),
        }
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
        let totals = self.counters.totals();
        let taken = std::mem::replace(&mut lately.taken, totals);
        let more = |of: fn(&Totals) -> u64| {
            u32::try_from(of(&totals).saturating_sub(of(&taken))).unwrap_or(u32::MAX)
        };
        let more = [
            more(|totals| totals.check_ins),
            more(|totals| totals.offers),
            more(|totals| totals.whole),
            more(|totals| totals.cut_off),
            more(|totals| totals.installs),
            more(|totals| totals.failures),
            more(|totals| totals.handshakes),
        ];
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

fn told(error: &StoreError, what: &str) {
    let error: &dyn std::error::Error = error;
    tracing::error!(target: "activity", error, "{what}");
}

#[cfg(test)]
mod tests {
    use otary_store::Memory;

    use super::*;
    use crate::metrics::Transferred;

    const START: Time = Time::from_secs(1_795_000_200);

    fn activity(store: &Arc<Memory>, clock: &Clock) -> Activity {
        let activity = unserved(store, clock);
        activity.begin();
        activity
    }

    fn unserved(store: &Arc<Memory>, clock: &Clock) -> Activity {
        Activity::new(Arc::clone(store) as Arc<dyn Store>, clock.clone(), Arc::default())
    }

    fn handshakes(activity: &Activity, times: usize) {
        (0..times).for_each(|_| activity.counters.handshake("closed"));
    }

    fn downloads(activity: &Activity, times: usize) {
        for _ in 0..times {
            activity.counters.transfer_begins();
            activity.counters.transfer_ends(Transferred::Whole, 1);
        }
    }

    #[test]
    fn what_happens_is_counted_in_the_ten_minutes_in_which_it_is_taken_in() {
        let (store, clock) = (Arc::new(Memory::default()), Clock::standing_at(START));
        let activity = activity(&store, &clock);
        handshakes(&activity, 3);
        activity.look();
        clock.advance(Activity::PERIOD * 3);
        handshakes(&activity, 2);
        downloads(&activity, 1);
        let periods = activity.since(START).unwrap();
        let counts = periods.iter().map(|period| (period.at, period.handshakes, period.whole));
        let third = START + Activity::PERIOD * 3;
        assert_eq!(counts.collect::<Vec<_>>(), [(START, 3, 0), (third, 2, 1)]);
        assert_eq!(activity.since(third).unwrap().len(), 1);
    }

    #[test]
    fn another_server_goes_on_with_what_was_kept() {
        let (store, clock) = (Arc::new(Memory::default()), Clock::standing_at(START));
        let first = activity(&store, &clock);
        downloads(&first, 5);
        first.keep();
        let second = activity(&store, &clock);
        downloads(&second, 1);
        assert_eq!(second.since(START).unwrap().first().map(|period| period.whole), Some(6));
        let nobody = unserved(&store, &clock);
        assert_eq!(
            nobody.since(START).unwrap().first().map(|period| period.whole),
            Some(5),
            "without a server"
        );
    }

    #[test]
    fn a_week_is_kept_and_no_more() {
        let (store, clock) = (Arc::new(Memory::default()), Clock::standing_at(START));
        let activity = activity(&store, &clock);
        for _ in 0..2 * Activity::PERIODS {
            handshakes(&activity, 1);
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
