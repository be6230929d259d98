//! Devices: a cache before the table, in shards so that boards do not wait for each other.
//!
//! A record is changed in memory and marked; the writer makes rows of the marked ones. What is marked is never
//! evicted, so the cache and the table together are always the truth: what is in the cache counts, what is not is in
//! the table as it was last written. A dropped device stays in the cache, empty, until its row is gone.
//!
//! Locks are taken in this order: the writer's connection, the strangers' queue, a shard, then the connection for
//! lookups or the waiting events.

use std::collections::{BTreeMap, HashMap, HashSet, hash_map};
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use otary_fleet::{Device, Event, Mac, Time};
use rusqlite::Connection;

use super::device_table;
use super::strangers::{Fate, Strangers};
use crate::sync::lock;
use crate::{Admit, StoreError};

pub(super) const SHARDS: usize = 64;

pub(super) struct Devices {
    shards: [Mutex<Shard>; SHARDS],
    /// Keyed, since addresses are chosen by whoever asks.
    hasher: RandomState,
    lookups: Mutex<Connection>,
    strangers: Strangers,
    on_record: AtomicU64,
    /// Entries that a shard may have when nothing in it waits to be written.
    room: usize,
    /// The number of batches so far: a coarse clock for what was used lately.
    batch: AtomicU32,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Mac, Entry>,
    unwritten: HashSet<Mac>,
}

struct Entry {
    /// None: it was dropped and its row must go.
    device: Option<Box<Device>>,
    /// Whether the table may have a row of it.
    stored: bool,
    /// Whether it is among the shard's unwritten ones.
    marked: bool,
    /// Counts the changes, so that one made while the batch is written is not taken for written.
    version: u32,
    /// The batch in which it was last used.
    used: u32,
}

/// A visit, as [`Store::with_device`](crate::Store::with_device) says.
pub(super) type Visit<'a> = dyn FnMut(Option<&mut Device>) -> Vec<Event> + 'a;

/// A record on its way to the table.
pub(super) struct Change {
    pub(super) mark: Mark,
    /// None: the row goes.
    pub(super) row: Option<device_table::Row>,
}

/// Which change of a record was written.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) mac: Mac,
    version: u32,
    /// It had no row before.
    fresh: bool,
}

impl Shard {
    fn remove(&mut self, mac: Mac) {
        self.entries.remove(&mac);
        self.unwritten.remove(&mac);
    }

    /// The least recently used entries go, down to `room`, marked ones never.
    fn evict(&mut self, room: usize, batch: u32) {
        let surplus = self.entries.len().saturating_sub(room);
        if surplus == 0 {
            return;
        }
        let clean = self.entries.iter().filter(|(_, entry)| !entry.marked);
        let mut clean: Vec<_> =
            clean.map(|(mac, entry)| (std::cmp::Reverse(batch.wrapping_sub(entry.used)), *mac)).collect();
        clean.sort_unstable();
        for (_, mac) in clean.into_iter().take(surplus) {
            self.entries.remove(&mac);
        }
    }
}

impl Entry {
    fn new(device: Option<Device>) -> Self {
        let stored = device.is_some();
        Self { device: device.map(Box::new), stored, marked: false, version: 0, used: 0 }
    }

    /// Notes a change. Returns whether nothing of it waited to be written before.
    fn mark(&mut self, mac: Mac, unwritten: &mut HashSet<Mac>) -> bool {
        self.version = self.version.wrapping_add(1);
        !std::mem::replace(&mut self.marked, true) && unwritten.insert(mac)
    }
}

impl Devices {
    /// The devices of a database, with at most `max_strangers` and about `cached` records in memory.
    pub(super) fn open(lookups: Connection, max_strangers: usize, cached: usize) -> Result<Self, StoreError> {
        let strangers = Strangers::new(max_strangers, device_table::strangers(&lookups)?);
        Ok(Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            on_record: AtomicU64::new(device_table::count(&lookups)?),
            strangers,
            lookups: Mutex::new(lookups),
            room: cached.div_ceil(SHARDS),
            batch: AtomicU32::new(0),
        })
    }

    fn shard(&self, mac: Mac) -> &Mutex<Shard> {
        // Below the number of shards whatever the address.
        &self.shards[usize::from(self.hasher.hash_one(mac).to_be_bytes()[0]) % SHARDS]
    }

    /// Hands the record to `visit` under the shard's lock, and what it returns to `keep` under the same lock: a
    /// batch that has the record has the events too. Returns whether the record was made, and whether it was marked
    /// by this call.
    pub(super) fn visit(
        &self,
        mac: Mac,
        now: Time,
        admit: Admit,
        visit: &mut Visit<'_>,
        keep: impl FnOnce(Vec<Event>),
    ) -> Result<Visited, StoreError> {
        let mut shard = lock(self.shard(mac));
        let Shard { entries, unwritten } = &mut *shard;
        let entry = match entries.entry(mac) {
            hash_map::Entry::Occupied(entry) => Some(entry.into_mut()),
            hash_map::Entry::Vacant(place) => {
                let found = device_table::find(&lock(&self.lookups), mac)?;
                (found.is_some() || admit == Admit::New).then(|| place.insert(Entry::new(found)))
            }
        };
        let Some(entry) = entry.filter(|entry| entry.device.is_some() || admit == Admit::New) else {
            keep(visit(None));
            return Ok(Visited { made: false, marked: false });
        };
        entry.used = self.batch.load(Ordering::Relaxed);
        let made = entry.device.is_none();
        let device = entry.device.get_or_insert_with(|| Box::new(Device::new(mac, now)));
        let was_stranger = !made && !device.is_known();
        keep(visit(Some(device)));
        let is_stranger = !device.is_known();
        let seen = device.last_seen;
        let marked = entry.mark(mac, unwritten);
        self.on_record.fetch_add(u64::from(made), Ordering::Relaxed);
        if was_stranger && !is_stranger {
            self.strangers.remove();
        }
        if is_stranger && !was_stranger {
            self.strangers.add();
            drop(shard);
            // A table that cannot be read now is met again, and logged, by the next batch.
            let _ = self.strangers.enqueue(mac, seen, |mac, seen| self.drop_stranger(mac, seen));
        }
        Ok(Visited { made, marked })
    }

    fn drop_stranger(&self, mac: Mac, seen: Time) -> Result<Fate, StoreError> {
        let mut shard = lock(self.shard(mac));
        let last_seen = match shard.entries.get(&mac) {
            Some(Entry { device, .. }) => device.as_ref().filter(|d| !d.is_known()).map(|d| d.last_seen),
            None => device_table::stranger_last_seen(&lock(&self.lookups), mac)?,
        };
        match last_seen {
            None => return Ok(Fate::Elsewhere),
            Some(later) if later > seen => return Ok(Fate::SeenAt(later)),
            Some(_) => {}
        }
        let Shard { entries, unwritten } = &mut *shard;
        let entry = entries.entry(mac).or_insert_with(|| Entry { stored: true, ..Entry::new(None) });
        entry.device = None;
        if entry.stored {
            entry.mark(mac, unwritten);
        } else {
            shard.remove(mac);
        }
        self.strangers.remove();
        self.on_record.fetch_sub(1, Ordering::Relaxed);
        Ok(Fate::Dropped)
    }

    /// One record, written or not.
    pub(super) fn get(&self, mac: Mac) -> Result<Option<Device>, StoreError> {
        if let Some(entry) = lock(self.shard(mac)).entries.get(&mac) {
            return Ok(entry.device.as_deref().cloned());
        }
        device_table::find(&lock(&self.lookups), mac)
    }

    /// How many devices are on record, written or not.
    pub(super) fn count(&self) -> u64 {
        self.on_record.load(Ordering::Relaxed)
    }

    /// What the table does not show yet, of the addresses behind `after`. None: the row counts no more.
    ///
    /// To be read before the table: what a batch writes in between is then seen twice and not missed.
    pub(super) fn unwritten(&self, after: Option<Mac>) -> BTreeMap<Mac, Option<Device>> {
        let mut unwritten = BTreeMap::new();
        for shard in &self.shards {
            let shard = lock(shard);
            let marked = shard.unwritten.iter().filter(|mac| after.is_none_or(|after| **mac > after));
            let entries = marked.filter_map(|mac| Some((*mac, shard.entries.get(mac)?)));
            unwritten.extend(entries.map(|(mac, entry)| (mac, entry.device.as_deref().cloned())));
        }
        unwritten
    }

    /// Forgets a device. `delete` deletes its row and tells whether it was there, and then whether it was known.
    pub(super) fn forget(
        &self,
        mac: Mac,
        delete: impl FnOnce() -> Result<Option<bool>, StoreError>,
    ) -> Result<bool, StoreError> {
        let mut shard = lock(self.shard(mac));
        let row = delete()?;
        let known = match shard.entries.get(&mac) {
            Some(entry) => entry.device.as_ref().map(|device| device.is_known()),
            None => row,
        };
        shard.remove(mac);
        if known == Some(false) {
            self.strangers.remove();
        }
        self.on_record.fetch_sub(u64::from(known.is_some()), Ordering::Relaxed);
        Ok(known.is_some())
    }

    /// The shards, for a batch.
    pub(super) fn shards(&self) -> impl Iterator<Item = ShardRef<'_>> {
        self.shards.iter().map(|shard| ShardRef { shard, devices: self })
    }

    /// Ends a batch, written or not.
    pub(super) fn next_batch(&self) {
        self.batch.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a visit did.
pub(super) struct Visited {
    /// The record was made.
    pub(super) made: bool,
    /// It was not waiting to be written before.
    pub(super) marked: bool,
}

/// A shard, as the writer sees it.
#[derive(Clone, Copy)]
pub(super) struct ShardRef<'a> {
    shard: &'a Mutex<Shard>,
    devices: &'a Devices,
}

impl ShardRef<'_> {
    /// What waits to be written. From here on the table may have a row of each.
    pub(super) fn changes(self) -> Result<Vec<Change>, StoreError> {
        let mut shard = lock(self.shard);
        let Shard { entries, unwritten } = &mut *shard;
        let mut changes = Vec::with_capacity(unwritten.len());
        for mac in &*unwritten {
            let Some(entry) = entries.get_mut(mac) else { continue };
            let row = entry.device.as_deref().map(device_table::Row::of).transpose()?;
            let fresh = !std::mem::replace(&mut entry.stored, true);
            changes.push(Change { mark: Mark { mac: *mac, version: entry.version, fresh }, row });
        }
        Ok(changes)
    }

    /// The changes are in the table.
    pub(super) fn written(self, marks: &[Mark]) {
        let mut shard = lock(self.shard);
        for mark in marks {
            let Some(entry) = shard.entries.get_mut(&mark.mac) else { continue };
            if entry.version != mark.version {
                continue;
            }
            entry.marked = false;
            if entry.device.is_none() {
                shard.entries.remove(&mark.mac);
            }
            shard.unwritten.remove(&mark.mac);
        }
        shard.evict(self.devices.room, self.devices.batch.load(Ordering::Relaxed));
    }

    /// The changes are not in the table and still wait.
    pub(super) fn not_written(self, marks: &[Mark]) {
        let mut shard = lock(self.shard);
        for mark in marks.iter().filter(|mark| mark.fresh) {
            let Some(entry) = shard.entries.get_mut(&mark.mac) else { continue };
            entry.stored = false;
            if entry.device.is_none() {
                shard.remove(mark.mac);
            }
        }
    }
}

#[cfg(test)]
impl Devices {
    /// How many records are in memory.
    pub(super) fn in_memory(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).entries.len()).sum()
    }

    pub(super) fn is_in_memory(&self, mac: Mac) -> bool {
        lock(self.shard(mac)).entries.contains_key(&mac)
    }
}
