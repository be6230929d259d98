//! How many connections there may be, in all and from one address.
//!
//! One address gets only a part of what is free at the moment, so that some is left for whoever comes next: with a
//! ninth of it for each, ten greedy addresses leave a third, and forty still leave a hundred of 16,384.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::peer;

/// Counts connections and refuses those beyond its limits.
#[derive(Debug)]
pub(crate) struct Gate {
    in_all: usize,
    share: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    in_all: usize,
    by_peer: HashMap<IpAddr, usize>,
}

/// Which limit a connection met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Full {
    /// That of all connections.
    InAll,
    /// That of one address.
    FromOne,
}

/// The right to be connected; ends when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    gate: Arc<Gate>,
    peer: IpAddr,
}

impl Gate {
    /// A gate for at most `in_all` connections. An address gets another one while it has fewer than one in `share` of
    /// those that are free.
    pub(crate) fn new(in_all: usize, share: usize) -> Self {
        Self { in_all: in_all.max(1), share: share.max(1), open: Mutex::default() }
    }

    /// Lets a connection in, or says which limit it met.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Full> {
        let peer = peer::counted(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.in_all.saturating_sub(open.in_all);
        if free == 0 {
            return Err(Full::InAll);
        }
        let from_one = open.by_peer.get(&peer).copied().unwrap_or_default();
        if from_one >= free.div_ceil(self.share) {
            return Err(Full::FromOne);
        }
        open.by_peer.insert(peer, from_one + 1);
        open.in_all += 1;
        Ok(Permit { gate: Arc::clone(self), peer })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.gate.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.in_all = open.in_all.saturating_sub(1);
        let left = open.by_peer.get_mut(&self.peer).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if left == 0 {
            open.by_peer.remove(&self.peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(gate: &Arc<Gate>, address: u8) -> Vec<Permit> {
        std::iter::from_fn(|| gate.enter([10, 0, 0, address].into()).ok()).collect()
    }

    #[test]
    fn greedy_addresses_leave_room_for_the_others() {
        let gate = Arc::new(Gate::new(16_384, 8));
        let mut taken: Vec<Vec<Permit>> = (0..10).map(|address| take_all(&gate, address)).collect();
        let free = |taken: &[Vec<Permit>]| 16_384 - taken.iter().map(Vec::len).sum::<usize>();
        assert_eq!(taken[0].len(), 16_384_usize.div_ceil(9));
        assert!(free(&taken) > 16_384 / 10 * 3, "{}", free(&taken));
        taken.extend((10..40).map(|address| take_all(&gate, address)));
        assert!(free(&taken) > 100, "{}", free(&taken));
        assert_eq!(gate.enter([10, 0, 0, 1].into()).unwrap_err(), Full::FromOne);
        assert!(gate.enter([10, 0, 0, 99].into()).is_ok());
    }

    #[test]
    fn a_full_gate_lets_in_when_somebody_leaves() {
        let gate = Arc::new(Gate::new(8, 1));
        let mut permits: Vec<Permit> =
            (0..8).map(|address| gate.enter([10, 0, 0, address].into()).unwrap()).collect();
        assert_eq!(gate.enter([10, 0, 0, 9].into()).unwrap_err(), Full::InAll);
        permits.pop();
        assert!(gate.enter([10, 0, 0, 9].into()).is_ok());
        permits.clear();
        assert_eq!(gate.open.lock().unwrap().by_peer.len(), 0, "nothing is remembered of those who left");
    }
}
