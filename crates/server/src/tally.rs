//! Trouble that strangers can cause at will, counted by peer and minute, so that it cannot fill a disk.
//!
//! The first of a peer in a minute is told at once; what follows is told as a number when the minute is over. Peers
//! beyond [`PEERS_IN_TROUBLE`] are told as one number.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::limits::PEERS_IN_TROUBLE;
use crate::peer;

/// Counts of one kind of trouble. `W` says what happened; the same `W` of the same peer is summed up.
#[derive(Debug)]
pub(crate) struct Tally<W> {
    minute: Mutex<Minute<W>>,
}

#[derive(Debug)]
struct Minute<W> {
    repeated: HashMap<(IpAddr, W), u64>,
    beyond: u64,
}

/// What a minute left to tell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Summary<W> {
    /// By peer, what came again and how often.
    pub(crate) repeated: Vec<(IpAddr, W, u64)>,
    /// How much came from peers beyond those.
    pub(crate) beyond: u64,
}

impl<W: Clone + Eq + Hash> Tally<W> {
    pub(crate) fn new() -> Self {
        Self { minute: Mutex::new(Minute { repeated: HashMap::new(), beyond: 0 }) }
    }

    /// Counts one. True if it is to be told now.
    pub(crate) fn count(&self, peer: IpAddr, what: &W) -> bool {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (peer::counted(peer), what.clone());
        if let Some(count) = minute.repeated.get_mut(&key) {
            *count += 1;
            return false;
        }
        if minute.repeated.len() >= PEERS_IN_TROUBLE {
            minute.beyond += 1;
            return false;
        }
        minute.repeated.insert(key, 0);
        true
    }

    /// Ends the minute.
    pub(crate) fn sum_up(&self) -> Summary<W> {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let repeated = minute.repeated.drain().filter(|(_, count)| *count > 0);
        let repeated = repeated.map(|((peer, what), count)| (peer, what, count)).collect();
        Summary { repeated, beyond: std::mem::take(&mut minute.beyond) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(n: u32) -> IpAddr {
        IpAddr::V4((0x0A00_0000 + n).into())
    }

    #[test]
    fn the_first_is_told_at_once_and_the_rest_as_a_number() {
        let tally = Tally::new();
        let told: Vec<bool> = (0..4).map(|_| tally.count(peer(1), &"unknown_ca")).collect();
        assert_eq!(told, [true, false, false, false]);
        assert!(tally.count(peer(1), &"closed"), "something else is told");
        assert!(tally.count(peer(2), &"unknown_ca"), "another peer is told");
        assert_eq!(tally.sum_up(), Summary { repeated: vec![(peer(1), "unknown_ca", 3)], beyond: 0 });
        assert!(tally.count(peer(1), &"unknown_ca"), "a new minute begins anew");
    }

    #[test]
    fn a_flood_from_everywhere_is_a_bounded_number_of_lines() {
        let tally = Tally::new();
        let told = (0..100_000).filter(|n| tally.count(peer(n % 5000), &())).count();
        let summary = tally.sum_up();
        let sum: u64 = summary.repeated.iter().map(|(_, (), count)| count).sum();
        assert_eq!((told, summary.repeated.len()), (PEERS_IN_TROUBLE, PEERS_IN_TROUBLE));
        assert_eq!(told as u64 + sum + summary.beyond, 100_000, "none is lost");
    }
}
