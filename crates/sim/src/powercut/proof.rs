//! Every cut, and every pair of cuts.
//!
//! The run without a cut is recorded once. What a cut leaves is then made from the record: the flash as it was before the
//! operation, with none, a part or all of that operation done, and what the server knew by then.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::case::Case;
use super::device::{Breach, Device, Noted, World};
use super::tally::Tally;
use crate::faulty::{Faulty, Operation, When};
use crate::flash::SECTOR;

/// Tries one cut at every operation, torn once for each seed. With `restarts`, the board also has to stay as it is at the
/// end, started again and again.
pub fn cut_once(case: &Case, seeds: &[u64], restarts: bool) -> Tally {
    let mut tally = Tally::default();
    let Some(trace) = Trace::of_whole(case, &mut tally) else { return tally };
    let seen = Mutex::new(HashSet::new());
    tally.add(trace.for_each_cut(seeds, |cut, mut device, tally| {
        tally.tried += 1;
        if is_first(&seen, state_of(&mut device)) {
            tally.states += 1;
            let completed = complete(&mut device, 1);
            tally.note(cut, completed.and_then(|()| if restarts { device.stay() } else { Ok(()) }));
        }
    }));
    tally
}

/// Tries every pair of cuts: the second at every operation of what follows the first.
pub fn cut_twice(case: &Case, seeds: &[u64]) -> Tally {
    let mut tally = Tally::default();
    let Some(trace) = Trace::of_whole(case, &mut tally) else { return tally };
    let seconds: Mutex<HashMap<State, u64>> = Mutex::default();
    let firsts: Mutex<Vec<State>> = Mutex::default();
    let seen = Mutex::new(HashSet::new());
    tally.add(trace.for_each_cut(seeds, |first, mut device, tally| {
        let state = state_of(&mut device);
        lock(&firsts).push(state);
        if lock(&seconds).insert(state, 0).is_some() {
            return;
        }
        let second = match Trace::of(device) {
            Ok((second, mut device)) => {
                tally.note(first, finish(&mut device, 1));
                second
            }
            Err(breach) => return tally.note(first, Err(breach)),
        };
        let pairs = second.walk(seeds, &AtomicUsize::new(0), &mut |cut, mut device, tally: &mut Tally| {
            tally.tried += 1;
            if is_first(&seen, state_of(&mut device)) {
                tally.states += 1;
                tally.note(format_args!("{first}, then {cut}"), complete(&mut device, 2));
            }
        });
        lock(&seconds).insert(state, pairs.tried);
        tally.add(Tally { tried: 0, ..pairs });
    }));
    let seconds = seconds.into_inner().unwrap_or_else(PoisonError::into_inner);
    let firsts = firsts.into_inner().unwrap_or_else(PoisonError::into_inner);
    tally.tried = firsts.iter().filter_map(|state| seconds.get(state)).sum();
    tally
}

/// Does the same in as many threads as there are processors, and adds up.
pub(super) fn in_threads(work: impl Fn() -> Tally + Sync) -> Tally {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut sum = Tally::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(tally) => sum.add(tally),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    sum
}

/// What tells one state from another: the flash, and what outlives a cut besides it.
type State = (u64, World);

fn state_of(device: &mut Device<'_>) -> State {
    (device.flash.fingerprint(), device.world)
}

fn is_first(seen: &Mutex<HashSet<State>>, state: State) -> bool {
    lock(seen).insert(state)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lives to the end, from which `cuts` cuts lie behind the device.
fn complete(device: &mut Device<'_>, cuts: u64) -> Result<(), Breach> {
    device.run()?;
    finish(device, cuts)
}

/// A payload is fetched once, and once more for each time that it was rolled back; a cut costs at most the bytes behind the
/// last mark of progress that is whole.
fn finish(device: &mut Device<'_>, cuts: u64) -> Result<(), Breach> {
    let image = u64::from(device.case.image_len());
    let stride = (image / 64).next_multiple_of(SECTOR.into());
    let payloads = u64::from(device.world.heard.rolled_back + device.case.scenario.last - 1);
    let expected = payloads * image + cuts * 3 * stride;
    let found = device.fetched;
    if found > expected { Err(Breach::Fetched { expected, found }) } else { Ok(()) }
}

/// A cut, in words.
#[derive(Debug, Clone, Copy)]
struct Place {
    operation: usize,
    at: u32,
    is_erase: bool,
    when: When,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_erase { "erase" } else { "program" };
        let Self { operation, at, when, .. } = self;
        match when {
            When::Before => write!(f, "before operation {operation}, {kind} at {at:#x}"),
            When::Middle { seed } => write!(f, "in operation {operation}, {kind} at {at:#x}, seed {seed}"),
            When::After => write!(f, "after operation {operation}, {kind} at {at:#x}"),
        }
    }
}

/// A run without a cut: where it began, and each operation.
struct Trace<'c> {
    case: &'c Case,
    start: Faulty,
    operations: Vec<Operation>,
    begin: Noted,
    trail: Vec<Noted>,
}

impl<'c> Trace<'c> {
    /// Lives to the end and records it.
    fn of(mut device: Device<'c>) -> Result<(Self, Device<'c>), Breach> {
        let start = device.flash.copy();
        let begin = Noted { from: 0, world: device.world, fetched: device.fetched };
        device.flash.record();
        device.run()?;
        let operations = device.flash.recorded();
        let trail = std::mem::take(&mut device.trail);
        Ok((Self { case: device.case, start, operations, begin, trail }, device))
    }

    /// The run from the factory on, which has to keep every promise.
    fn of_whole(case: &'c Case, tally: &mut Tally) -> Option<Self> {
        let traced = Self::of(Device::new(case)).and_then(|(trace, mut device)| {
            device.check_first_cause()?;
            finish(&mut device, 0)?;
            device.stay()?;
            Ok(trace)
        });
        match traced {
            Ok(trace) => {
                tally.operations = trace.operations.len() as u64;
                Some(trace)
            }
            Err(breach) => {
                tally.note("without a cut", Err(breach));
                None
            }
        }
    }

    /// Gives the device as each cut leaves it to `visit`, in as many threads as there are processors.
    fn for_each_cut(&self, seeds: &[u64], visit: impl Fn(Place, Device<'c>, &mut Tally) + Sync) -> Tally {
        let next = AtomicUsize::new(0);
        in_threads(|| {
            self.walk(seeds, &next, &mut |place, device, tally: &mut Tally| visit(place, device, tally))
        })
    }

    /// Takes cuts in order, by the shared counter `next`, until there are no more.
    fn walk(
        &self,
        seeds: &[u64],
        next: &AtomicUsize,
        visit: &mut impl FnMut(Place, Device<'c>, &mut Tally),
    ) -> Tally {
        let torn = seeds.iter().map(|&seed| When::Middle { seed });
        let whens: Vec<When> = [When::Before].into_iter().chain(torn).chain([When::After]).collect();
        let mut tally = Tally::default();
        let mut flash = self.start.copy();
        let mut applied = 0;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (operation, when) = (index / whens.len(), whens.get(index % whens.len()).copied());
            let (Some(cut), Some(when)) = (self.operations.get(operation), when) else { return tally };
            for done in self.operations.get(applied..operation).unwrap_or_default() {
                // It was done before, on the same flash.
                let _ = flash.apply(done, When::After);
            }
            // The copies below need not find it again.
            flash.fingerprint();
            applied = operation;
            let is_erase = matches!(cut, Operation::Erase { .. });
            let place = Place { operation, at: cut.at(), is_erase, when };
            visit(place, self.device(&flash, operation, cut, when), &mut tally);
        }
    }

    fn device(&self, before: &Faulty, operation: usize, cut: &Operation, when: When) -> Device<'c> {
        let mut flash = before.copy();
        let when = match when {
            When::Middle { seed } => When::Middle { seed: seed ^ (operation as u64) << 32 },
            whole => whole,
        };
        let _ = flash.apply(cut, when);
        let noted = self.trail.partition_point(|noted| noted.from as usize <= operation).saturating_sub(1);
        let Noted { world, fetched, .. } = self.trail.get(noted).copied().unwrap_or(self.begin);
        Device::resume(self.case, flash, world, fetched)
    }
}
