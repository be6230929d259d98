//! Places of which there are few. Whoever takes some has a share of his own and no more, so that one program that hangs, or means
//! no good, leaves places for the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many places, and of them so many for one and the same.
#[derive(Debug)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    share: usize,
    /// The shares of those who have a place or wait for one.
    shares: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_share: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(all: usize, share: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), share, shares: Mutex::default() }
    }

    /// A place, once there is one.
    pub(super) async fn take(&self, whose: &str) -> Option<Place> {
        let of_share = self.share_of(whose).acquire_owned().await.ok()?;
        let of_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Place { _of_all: of_all, _of_share: of_share })
    }

    /// A place, if there is one now.
    pub(super) fn take_now(&self, whose: &str) -> Option<Place> {
        let of_share = self.share_of(whose).try_acquire_owned().ok()?;
        let of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Place { _of_all: of_all, _of_share: of_share })
    }

    fn share_of(&self, whose: &str) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|_, share| Arc::strong_count(share) > 1);
        let share = shares.entry(whose.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.share)));
        Arc::clone(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_places() {
        let places = Places::new(5, 2);
        let held: Vec<Place> = (0..5).filter_map(|_| places.take_now("ci")).collect();
        assert_eq!(held.len(), 2);
        let others: Vec<Place> =
            ["ada", "lena", "max", "eva"].iter().filter_map(|name| places.take_now(name)).collect();
        assert_eq!(others.len(), 3, "five in all");
        drop(held);
        assert!(places.take_now("ci").is_some());
    }

    #[test]
    fn shares_of_those_who_left_take_no_memory() {
        let places = Places::new(5, 2);
        (0..100).for_each(|n| drop(places.take_now(&n.to_string())));
        assert_eq!(places.shares.lock().unwrap().len(), 1);
    }
}
