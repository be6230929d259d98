//! The table of the census: a brief of each device, in shards, so that check-ins do not wait for each other nor for whoever
//! looks at the whole.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use otary_fleet::{Brief, Device, Mac};

use super::cohorts::Cohorts;
use super::lock;

/// A power of two, so that the last bits of an address say which.
const SHARDS: usize = 64;

/// A brief of each device.
#[derive(Debug)]
pub(crate) struct Table {
    shards: [Mutex<Shard>; SHARDS],
    cohorts: Cohorts,
    /// The number of the reading that is going on, or was the last.
    round: AtomicU32,
    reading: AtomicBool,
}

#[derive(Debug, Default)]
struct Shard {
    rows: HashMap<Mac, Row>,
    /// Forgotten since the page was read that is being taken in.
    forgotten: HashSet<Mac>,
}

#[derive(Debug)]
struct Row {
    brief: Brief,
    /// The reading in which it was last heard or read.
    round: u32,
}

impl Table {
    pub(super) fn new() -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self {
            shards,
            cohorts: Cohorts::default(),
            round: AtomicU32::new(0),
            reading: AtomicBool::new(false),
        }
    }

    fn shard(&self, mac: Mac) -> &Mutex<Shard> {
        let [.., last] = mac.bytes();
        &self.shards[usize::from(last) % SHARDS]
    }

    /// Notes a device as it was just left. Allocates nothing while it says the same and is answered the same.
    pub(super) fn note(&self, device: &Device) {
        let round = self.round.load(Ordering::Relaxed);
        let mut shard = lock(self.shard(device.mac));
        if let Some(row) = shard.rows.get_mut(&device.mac) {
            row.round = round;
            if row.brief.follow(device) {
                return;
            }
        }
        self.enter(&mut shard, device, round);
    }

    fn enter(&self, shard: &mut Shard, device: &Device, round: u32) {
        let brief = Brief::of(device, self.cohorts.of(device));
        shard.rows.insert(device.mac, Row { brief, round });
    }

    /// Forgets a device.
    pub(super) fn forget(&self, mac: Mac) {
        let mut shard = lock(self.shard(mac));
        shard.rows.remove(&mac);
        if self.reading.load(Ordering::Relaxed) {
            shard.forgotten.insert(mac);
        }
    }

    /// A reading of all records begins. Gives its number.
    pub(super) fn begin_reading(&self) -> u32 {
        self.reading.store(true, Ordering::Relaxed);
        self.round.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// The next page is about to be read.
    pub(super) fn begin_page(&self) {
        for shard in &self.shards {
            lock(shard).forgotten.clear();
        }
    }

    /// Takes in a record that was read, unless something newer was heard of it since the reading began.
    pub(super) fn take(&self, device: &Device, round: u32) {
        let mut shard = lock(self.shard(device.mac));
        let is_newer = shard.rows.get(&device.mac).is_some_and(|row| row.round == round);
        if is_newer || shard.forgotten.contains(&device.mac) {
            return;
        }
        self.enter(&mut shard, device, round);
    }

    /// A reading has ended: what it did not meet is on record no more.
    pub(super) fn end_reading(&self, round: u32) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.rows.retain(|_, row| row.round == round);
            shard.forgotten = HashSet::new();
        }
        self.reading.store(false, Ordering::Relaxed);
        self.cohorts.sweep();
    }

    /// How many devices there are.
    pub(super) fn len(&self) -> u64 {
        self.shards.iter().map(|shard| lock(shard).rows.len() as u64).sum()
    }

    /// Shows every device to `visit`, in no order. Check-ins of a sixty-fourth of the fleet wait meanwhile.
    pub(crate) fn each(&self, mut visit: impl FnMut(&Brief)) {
        for shard in &self.shards {
            lock(shard).rows.values().for_each(|row| visit(&row.brief));
        }
    }
}

#[cfg(test)]
mod tests {
    use otary_fleet::Time;

    use super::*;

    fn device(last: u8, polls: u64) -> Device {
        let mac = Mac::new([2, 0, 0, 0, 0, last]).unwrap();
        Device { polls, ..Device::new(mac, Time::default()) }
    }

    fn polls(table: &Table) -> Vec<(u8, u64)> {
        let mut polls = Vec::new();
        table.each(|brief| polls.push((brief.mac.bytes()[5], brief.polls)));
        polls.sort_unstable();
        polls
    }

    #[test]
    fn what_was_heard_while_a_page_was_read_is_newer_than_the_page() {
        let table = Table::new();
        table.note(&device(1, 1));
        let round = table.begin_reading();
        table.begin_page();
        let page = [device(1, 1), device(2, 1), device(3, 1)];
        table.note(&device(1, 2));
        table.forget(page[2].mac);
        for device in &page {
            table.take(device, round);
        }
        table.end_reading(round);
        assert_eq!(polls(&table), [(1, 2), (2, 1)]);
    }

    #[test]
    fn a_reading_corrects_what_was_noted_before_it_and_leaves_what_came_while_it_went_on() {
        let table = Table::new();
        for last in 1..=3 {
            table.note(&device(last, 7));
        }
        let round = table.begin_reading();
        table.begin_page();
        table.take(&device(1, 8), round);
        table.note(&device(4, 1));
        table.end_reading(round);
        assert_eq!(polls(&table), [(1, 8), (4, 1)], "the second and third are on record no more");
    }

    #[test]
    fn devices_that_change_their_words_at_each_poll_leave_no_cohorts_behind() {
        let table = Table::new();
        for number in 0..20_000_u32 {
            let [.., high, low] = number.to_be_bytes();
            let channel = Some(format!("c{high}-{low}").parse().unwrap());
            table.note(&Device { channel, ..device(low, 1) });
        }
        assert!(table.cohorts.len() < 3_000, "{}", table.cohorts.len());
        assert_eq!(table.len(), 256);
    }
}
