//! The writer: one thread that makes rows of what devices do, all that waits in one transaction.
//!
//! A batch that fails changes nothing: what waited goes on waiting, readers see it all the same, and the next batch
//! tries again. The failure is logged when it begins and when it ends.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use otary_fleet::Sha256;
use rusqlite::Connection;

use super::devices::{Mark, ShardRef};
use super::{Shared, audit, device_table, downloads};
use crate::sync::lock;
use crate::{Downloads, FLUSH_EVERY, StoreError};

/// So many changes do not wait for the clock.
const MANY: usize = 4096;

/// What wakes the writer.
#[derive(Debug, Default)]
pub(super) struct Bell {
    /// Changes since the last batch.
    changes: AtomicUsize,
    failing: AtomicBool,
    call: Mutex<Call>,
    rung: Condvar,
}

#[derive(Debug, Default)]
struct Call {
    many: bool,
    stop: bool,
}

impl Bell {
    /// Notes changes, and wakes the writer when there are many.
    pub(super) fn note(&self, changes: usize) {
        let before = self.changes.fetch_add(changes, Ordering::Relaxed);
        if before < MANY && before + changes >= MANY {
            lock(&self.call).many = true;
            self.rung.notify_one();
        }
    }

    fn stop(&self) {
        lock(&self.call).stop = true;
        self.rung.notify_one();
    }

    /// Waits until a batch is due. Returns whether it is the last one. A disk that fails is not hurried.
    fn wait(&self) -> bool {
        let patient = self.failing.load(Ordering::Relaxed);
        let idle = |call: &mut Call| !call.stop && (patient || !call.many);
        let (mut call, _) = self
            .rung
            .wait_timeout_while(lock(&self.call), FLUSH_EVERY, idle)
            .unwrap_or_else(PoisonError::into_inner);
        call.many = false;
        call.stop
    }
}

/// The thread. Dropped, it writes what waits and ends.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(shared: &Arc<Shared>) -> Result<Self, StoreError> {
        let work = Arc::clone(shared);
        let run = move || {
            loop {
                let last = work.bell.wait();
                // It has been logged, and what waits is tried again.
                let _ = work.flush();
                if last {
                    break;
                }
            }
        };
        let thread = thread::Builder::new().name("otary-store".into()).spawn(run);
        let thread = thread.map_err(|source| StoreError::File {
            action: "starting a thread for",
            path: shared.folder.database(),
            source,
        })?;
        Ok(Self { shared: Arc::clone(shared), thread: Some(thread) })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.bell.stop();
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the store's writer panicked");
        }
    }
}

/// What a batch took, to be settled when it is committed, or is not.
#[derive(Default)]
struct Batch<'a> {
    devices: Vec<(ShardRef<'a>, Vec<Mark>)>,
    downloads: Vec<(Sha256, Downloads)>,
    last_event: Option<i64>,
}

impl Shared {
    /// Writes what waits.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.flush_with(&mut lock(&self.connection))
    }

    /// Writes what waits, for a caller who holds the connection.
    pub(super) fn flush_with(&self, connection: &mut Connection) -> Result<(), StoreError> {
        self.bell.changes.store(0, Ordering::Relaxed);
        let mut batch = Batch::default();
        let result = self.write(connection, &mut batch);
        for (shard, marks) in &batch.devices {
            if result.is_ok() { shard.written(marks) } else { shard.not_written(marks) }
        }
        if result.is_ok() {
            self.downloads.written(&batch.downloads);
            self.events.written(batch.last_event.unwrap_or_default());
        }
        self.devices.next_batch();
        self.log(result.as_ref().err());
        result
    }

    /// The events last: a batch that has a device's record then has the events of that record.
    fn write<'a>(&'a self, connection: &mut Connection, batch: &mut Batch<'a>) -> Result<(), StoreError> {
        let transaction = connection.transaction()?;
        for shard in self.devices.shards() {
            let changes = shard.changes()?;
            batch.devices.push((shard, changes.iter().map(|change| change.mark).collect()));
            for change in changes {
                match change.row {
                    Some(row) => row.write(&transaction, change.mark.mac)?,
                    None => drop(device_table::delete(&transaction, change.mark.mac)?),
                }
            }
        }
        batch.downloads = self.downloads.changes();
        for (artifact, counts) in &batch.downloads {
            downloads::write(&transaction, artifact, *counts)?;
        }
        let waiting = self.events.waiting();
        audit::write(&transaction, &waiting)?;
        batch.last_event = waiting.last().map(|waiting| waiting.number);
        transaction.commit()?;
        Ok(())
    }

    fn log(&self, error: Option<&StoreError>) {
        let failed_before = self.bell.failing.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !failed_before => {
                let error: &(dyn std::error::Error + 'static) = error;
                tracing::error!(
                    error,
                    "what devices do cannot be written; it is kept in memory and tried again"
                );
            }
            None if failed_before => tracing::info!("what devices do is written again"),
            _ => {}
        }
        let dropped = self.events.take_dropped();
        if dropped > 0 {
            tracing::warn!(dropped, "too many events wait to be written, the oldest were dropped");
        }
    }
}
