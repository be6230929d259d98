//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::peer;

/// Counts connections and refuses those beyond its limits.
#[derive(Debug)]
pub(crate) struct Gate {
    in_all: usize,
    from_one: usize,
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
    /// A gate for at most `in_all` connections, of which one address gets at most one in `share`.
    pub(crate) fn new(in_all: usize, share: usize) -> Self {
        let in_all = in_all.max(1);
        Self { in_all, from_one: in_all.div_ceil(share.max(1)), open: Mutex::default() }
    }

    /// Lets a connection in, or says which limit it met.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Full> {
        let peer = peer::counted(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.in_all >= self.in_all {
            return Err(Full::InAll);
        }
        let from_one = open.by_peer.entry(peer).or_default();
        if *from_one >= self.from_one {
            return Err(Full::FromOne);
        }
        *from_one += 1;
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

    #[test]
    fn one_address_cannot_take_what_the_others_need() {
        let gate = Arc::new(Gate::new(8, 4));
        let address = |n: u8| IpAddr::from([10, 0, 0, n]);
        let mut permits: Vec<Permit> = (0..2).map(|_| gate.enter(address(1)).unwrap()).collect();
        assert_eq!(gate.enter(address(1)).unwrap_err(), Full::FromOne);
        permits.extend((2..5).flat_map(|n| [gate.enter(address(n)), gate.enter(address(n))]).flatten());
        assert_eq!(permits.len(), 8);
        assert_eq!(gate.enter(address(9)).unwrap_err(), Full::InAll);
        permits.remove(0);
        assert!(gate.enter(address(9)).is_ok());
        permits.clear();
        assert_eq!(gate.open.lock().unwrap().by_peer.len(), 0, "nothing is remembered of those who left");
    }
}
