//! Blobs in memory: one copy of each, however many read it, and the last used ones a while longer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, Weak};

use bytes::Bytes;
use otary_fleet::Sha256;

use crate::sync::lock;
use crate::{Blob, StoreError};

/// The most blobs that are kept without a reader, however small.
const MAX_KEPT: usize = 256;

#[derive(Debug)]
pub(super) struct BlobCache {
    shelf: Mutex<Shelf>,
    /// Bytes that may be kept without a reader.
    room: usize,
}

#[derive(Debug, Default)]
struct Shelf {
    places: HashMap<Sha256, Arc<Place>>,
    /// The last used at the end.
    kept: VecDeque<(Sha256, Arc<Vec<u8>>)>,
    bytes: usize,
}

/// Where a blob is while anybody holds it. Locked while it is read from disk, so that it is read once.
type Place = Mutex<Weak<Vec<u8>>>;

/// One reader's hold on the copy.
struct Hold(Arc<Vec<u8>>);

impl AsRef<[u8]> for Hold {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl BlobCache {
    pub(super) fn new(room: usize) -> Self {
        Self { shelf: Mutex::default(), room }
    }

    /// The blob from memory, else from `load`, which one caller at a time is asked.
    pub(super) fn get(
        &self,
        id: &Sha256,
        load: impl FnOnce() -> Result<Vec<u8>, StoreError>,
    ) -> Result<Blob, StoreError> {
        let place = lock(&self.shelf).place(id);
        let mut held = lock(&place);
        let bytes = match held.upgrade() {
            Some(bytes) => bytes,
            None => Arc::new(load()?),
        };
        *held = Arc::downgrade(&bytes);
        drop(held);
        lock(&self.shelf).keep(*id, Arc::clone(&bytes), self.room);
        Ok(Bytes::from_owner(Hold(bytes)))
    }

    /// Forgets a blob. Who reads it goes on.
    pub(super) fn remove(&self, id: &Sha256) {
        lock(&self.shelf).forget(id);
    }
}

impl Shelf {
    /// The blob's place. Places that nobody needs any more are given up once there are many.
    fn place(&mut self, id: &Sha256) -> Arc<Place> {
        if self.places.len() > 2 * MAX_KEPT && !self.places.contains_key(id) {
            let needed = |place: &mut Arc<Place>| match Arc::get_mut(place) {
                Some(place) => place.get_mut().is_ok_and(|held| held.strong_count() > 0),
                None => true,
            };
            self.places.retain(|_, place| needed(place));
        }
        Arc::clone(self.places.entry(*id).or_default())
    }

    fn keep(&mut self, id: Sha256, bytes: Arc<Vec<u8>>, room: usize) {
        self.take(&id);
        self.bytes += bytes.len();
        self.kept.push_back((id, bytes));
        while self.bytes > room || self.kept.len() > MAX_KEPT {
            let Some((_, bytes)) = self.kept.pop_front() else { break };
            self.bytes -= bytes.len();
        }
    }

    fn forget(&mut self, id: &Sha256) {
        self.places.remove(id);
        self.take(id);
    }

    fn take(&mut self, id: &Sha256) {
        let place = self.kept.iter().position(|(kept, _)| kept == id);
        if let Some((_, bytes)) = place.and_then(|place| self.kept.remove(place)) {
            self.bytes -= bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(byte: u8) -> Sha256 {
        Sha256([byte; 32])
    }

    fn unread() -> Result<Vec<u8>, StoreError> {
        panic!("it is in memory")
    }

    #[test]
    fn readers_share_one_copy_also_when_there_is_no_room_to_keep_it() {
        let cache = BlobCache::new(0);
        let first = cache.get(&name(1), || Ok(vec![7; 100])).unwrap();
        let second = cache.get(&name(1), unread).unwrap();
        assert_eq!(first.as_ptr(), second.as_ptr());
        drop((first, second));
        let again = cache.get(&name(1), || Ok(vec![8; 100])).unwrap();
        assert_eq!(*again, [8; 100], "the copy went with its last reader");
    }

    #[test]
    fn the_last_used_stay_within_the_room() {
        let cache = BlobCache::new(250);
        for blob in [1, 2] {
            cache.get(&name(blob), || Ok(vec![blob; 100])).unwrap();
        }
        cache.get(&name(1), unread).unwrap();
        cache.get(&name(3), || Ok(vec![3; 100])).unwrap();
        cache.get(&name(1), unread).unwrap();
        let again = cache.get(&name(2), || Ok(vec![9; 100])).unwrap();
        assert_eq!(*again, [9; 100], "the least recently used one went");
        assert!(lock(&cache.shelf).bytes <= 250);
    }

    #[test]
    fn many_small_blobs_leave_no_trail() {
        let cache = BlobCache::new(usize::MAX);
        for number in 0..5000u32 {
            let id = Sha256::of(&number.to_be_bytes());
            cache.get(&id, || Ok(vec![0])).unwrap();
        }
        let shelf = lock(&cache.shelf);
        assert_eq!((shelf.kept.len(), shelf.bytes), (MAX_KEPT, MAX_KEPT));
        assert!(shelf.places.len() <= 2 * MAX_KEPT + 1, "{}", shelf.places.len());
    }

    #[test]
    fn a_blob_that_cannot_be_read_is_tried_again() {
        let cache = BlobCache::new(100);
        assert!(cache.get(&name(1), || Err(StoreError::NoBlob(name(1)))).is_err());
        assert!(cache.get(&name(1), || Ok(vec![1])).is_ok());
    }
}
