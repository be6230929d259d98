//! The cap on strangers: how many there are, and which was seen least recently.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use otary_fleet::{Mac, Time};

use crate::StoreError;
use crate::sync::lock;

/// Counts the strangers on record and finds the least recently seen.
///
/// The queue is not kept up to date with every poll: its times may lie behind. A stranger that comes up and was seen
/// since goes back with its later time, so each poll costs at most one such return, and only when room is made.
#[derive(Debug)]
pub(super) struct Strangers {
    max: usize,
    count: AtomicUsize,
    queue: Mutex<BinaryHeap<Reverse<(Time, Mac)>>>,
}

/// What became of a stranger that was to be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Dropped.
    Dropped,
    /// It was seen later than the queue knew.
    SeenAt(Time),
    /// No stranger on record, or not any more.
    Elsewhere,
}

impl Strangers {
    pub(super) fn new(max: usize, on_record: impl IntoIterator<Item = (Time, Mac)>) -> Self {
        let queue: BinaryHeap<_> = on_record.into_iter().map(Reverse).collect();
        Self { max, count: AtomicUsize::new(queue.len()), queue: Mutex::new(queue) }
    }

    /// Counts one more.
    pub(super) fn add(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one less.
    pub(super) fn remove(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    /// Lines up a stranger that [`add`](Self::add) counted, then drops the least recently seen if there are too many.
    /// Not to be called under a lock that `drop` takes.
    pub(super) fn enqueue(
        &self,
        mac: Mac,
        seen: Time,
        drop: impl Fn(Mac, Time) -> Result<Fate, StoreError>,
    ) -> Result<(), StoreError> {
        let mut queue = lock(&self.queue);
        queue.push(Reverse((seen, mac)));
        if self.count.load(Ordering::Relaxed) <= self.max {
            return Ok(());
        }
        let keep = crate::strangers_to_keep(self.max);
        while self.count.load(Ordering::Relaxed) > keep {
            let Some(Reverse((seen, mac))) = queue.pop() else { break };
            match drop(mac, seen) {
                Ok(Fate::Dropped | Fate::Elsewhere) => {}
                Ok(Fate::SeenAt(later)) => queue.push(Reverse((later, mac))),
                Err(error) => {
                    queue.push(Reverse((seen, mac)));
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}
