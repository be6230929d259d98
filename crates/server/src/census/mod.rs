//! The census: every device in a few words, in memory, so that lists and counts read no records but those that they show.
//!
//! - **Never wrong for long.** It is read from the records in the background when a server begins, kept by what check-ins,
//!   transfers, reports and operators change, and read anew once an hour or when it counts more devices than there are (the
//!   store lets go of strangers without a word). Until the first reading is done, answers say that it is still counting.
//! - **Cheap where devices are served.** A poll that says what the last one said costs a look into a map: no allocation and
//!   no wait for anybody who looks at the whole fleet, but for a sixty-fourth of it at a time.
//! - **One answer, with and without a server.** Where none runs, each question is answered by a pass over the records.
//!
//! About 130 bytes a device; what devices have in common is kept once ([`Cohort`](otary_fleet::Cohort)).

mod cohorts;
mod count;
mod cursor;
mod deaf;
mod list;
mod pass;
mod table;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use otary_fleet::{Catalogue, Device, Group, Mac, Sha256, Time};
use otary_store::{Store, StoreError};

use crate::Clock;
use crate::every::PAGE;

pub use count::{Answers, Channels, Chips, Count, Products, Running, SeenWithin};
pub(crate) use cursor::{Cursor, Sort};
pub(crate) use deaf::Deaf;
pub(crate) use list::{Found, Wanted};
pub(crate) use pass::Sees;
pub(crate) use table::Table;

/// How old it gets before it is read anew.
const AGE: Duration = Duration::from_hours(1);
/// The same when it counts devices that are on record no more.
const AGE_OF_SURPLUS: Duration = Duration::from_mins(5);
/// So few devices are read again rather than that anybody is told to wait until they are counted.
const FEW: u64 = 2_000;
/// How often it is looked whether it is to be read.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(10);

/// What is known of every device in a few words.
pub struct Census {
    store: Arc<dyn Store>,
    clock: Clock,
    table: Table,
    /// Whether a server runs that keeps it.
    served: AtomicBool,
    ending: AtomicBool,
    /// When it was last read; none: not yet.
    read: Mutex<Option<Time>>,
    deaf: Mutex<Deaf>,
}

/// The fleet as it is looked at once.
pub(crate) struct Look<'a> {
    pub(crate) table: &'a Table,
    pub(crate) deaf: Deaf,
    /// Whether it is still being read for the first time: what is counted is too little.
    pub(crate) counting: bool,
    pub(crate) now: Time,
}

impl Census {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self {
            store,
            clock,
            table: Table::new(),
            served: AtomicBool::new(false),
            ending: AtomicBool::new(false),
            read: Mutex::default(),
            deaf: Mutex::default(),
        }
    }

    /// A server begins that keeps it. Nobody could be heard in these times.
    pub(crate) fn begin(&self, pauses: Deaf) {
        *lock(&self.deaf) = pauses;
        self.served.store(true, Ordering::Relaxed);
    }

    /// It ends: a reading that is going on is broken off.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Notes a device as a check-in, a transfer or an operator left it. To be called while its record is held, so that what
    /// is noted later is later.
    pub(crate) fn note(&self, device: &Device) {
        if self.served.load(Ordering::Relaxed) {
            self.table.note(device);
        }
    }

    /// Forgets a device.
    pub(crate) fn forget(&self, mac: Mac) {
        self.table.forget(mac);
    }

    /// All devices in numbers.
    pub fn count(&self) -> Result<Count, StoreError> {
        let catalogue = self.store.catalogue();
        self.with(|look| Count::of(look, &|_| true, &catalogue))
    }

    /// How many devices each product has, and how many belong to none.
    pub(crate) fn products(&self) -> Result<Vec<Products>, StoreError> {
        let catalogue = self.store.catalogue();
        self.with_all(|look| Count::of(look, &|_| true, &catalogue).products)
    }

    /// How many devices run each artifact, by their own word.
    pub(crate) fn running(&self, catalogue: &Catalogue) -> Result<HashMap<Sha256, u64>, StoreError> {
        self.with_all(|look| count::running(look, catalogue))
    }

    /// How many devices each of these groups has.
    pub(crate) fn members(&self, groups: &[&Group], catalogue: &Catalogue) -> Result<Vec<u64>, StoreError> {
        self.with_all(|look| count::members(look, groups, catalogue))
    }

    /// Whether a server runs that keeps it.
    pub(crate) fn is_kept(&self) -> bool {
        self.served.load(Ordering::Relaxed)
    }

    /// Whether it is still being read for the first time.
    pub fn is_counting(&self) -> bool {
        self.is_kept() && lock(&self.read).is_none()
    }

    /// Reads it from the records if that is due.
    pub(crate) fn look(&self) {
        let due = lock(&self.read).is_none_or(|read| {
            let age = self.clock.now().since(read);
            let surplus = || self.store.count_devices().is_ok_and(|devices| devices < self.table.len());
            age > AGE || age > AGE_OF_SURPLUS && surplus()
        });
        if !due {
            return;
        }
        if let Err(error) = self.read() {
            let error: &dyn std::error::Error = &error;
            tracing::error!(target: "census", error, "the census was not read and may be wrong");
        }
    }

    /// Page by page. From the second time on it takes no more than half of a processor.
    fn read(&self) -> Result<(), StoreError> {
        let (began, gently) = (self.clock.now(), lock(&self.read).is_some());
        let whole = read(&*self.store, &self.table, |took| {
            if gently {
                std::thread::sleep(took);
            }
            !self.ending.load(Ordering::Relaxed)
        })?;
        if whole {
            *lock(&self.read) = Some(began);
        }
        Ok(())
    }

    /// Looks at the fleet: at what is kept, or without a server at the records.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Look<'_>) -> T) -> Result<T, StoreError> {
        self.look_at(FEW, look)
    }

    /// The same for whoever cannot say that it is still counting: the records are read until it is done.
    fn with_all<T>(&self, look: impl FnOnce(&Look<'_>) -> T) -> Result<T, StoreError> {
        self.look_at(u64::MAX, look)
    }

    /// While it is still counting, the records are read if there are no more than `few`.
    fn look_at<T>(&self, few: u64, look: impl FnOnce(&Look<'_>) -> T) -> Result<T, StoreError> {
        let now = self.clock.now();
        let (kept, counting) = (self.is_kept(), self.is_counting());
        let deaf = if kept { lock(&self.deaf).clone() } else { Deaf::without_server(&*self.store, now)? };
        if kept && !(counting && self.store.count_devices()? <= few) {
            return Ok(look(&Look { table: &self.table, deaf, counting, now }));
        }
        let table = Table::new();
        read(&*self.store, &table, |_| true)?;
        Ok(look(&Look { table: &table, deaf, counting: false, now }))
    }
}

/// Reads all records into a table. After each page `go_on` is told how long it took, and may end it; then what is on record
/// no more stays. Returns whether all were read.
fn read(
    store: &dyn Store,
    table: &Table,
    mut go_on: impl FnMut(Duration) -> bool,
) -> Result<bool, StoreError> {
    let (round, mut after) = (table.begin_reading(), None);
    loop {
        let began = Instant::now();
        table.begin_page();
        let page = store.devices(after, PAGE)?;
        for device in &page {
            table.take(device, round);
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.mac),
            _ => break,
        }
        if !go_on(began.elapsed()) {
            return Ok(false);
        }
    }
    table.end_reading(round);
    Ok(true)
}

/// Takes the lock, also after a thread panicked under it: what it guards is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
