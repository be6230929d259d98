//! What happens next: a queue of events by time, and by the order in which they were planned.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use otary_fleet::Time;

/// Something that happens; boards go by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// The server looks at its leaves, and the operator at the server.
    Day,
    /// A board polls.
    Poll(usize),
    /// A board that slept wakes.
    Wake(usize),
    /// A board falls asleep.
    Sleep(usize),
    /// A stranger polls under a board's address.
    Stranger(usize),
    /// A person flashes a board by cable.
    Cable(usize),
}

/// The queue.
#[derive(Debug, Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<(Time, u64, Event)>>,
    planned: u64,
}

impl Queue {
    /// Plans an event.
    pub fn plan(&mut self, at: Time, event: Event) {
        self.planned += 1;
        self.heap.push(Reverse((at, self.planned, event)));
    }

    /// The next event, if it comes before `end`.
    pub fn next(&mut self, end: Time) -> Option<(Time, Event)> {
        let Reverse((at, _, event)) = self.heap.pop()?;
        (at < end).then_some((at, event))
    }
}
