//! The backend for real fleets: a SQLite database and a folder of blobs.
//!
//! What waits to be written is laid over what is read from the tables, rather than written first: a reader then neither
//! waits for a sync nor makes batches smaller, and sees the truth also while the disk is full.

mod access;
mod audit;
mod blob_cache;
mod blobs;
mod catalogue;
mod column;
mod device_table;
mod devices;
mod dispatches;
mod downloads;
mod events;
mod folder;
mod prune;
mod schema;
mod snapshot;
mod strangers;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use otary_fleet::notice::{Dispatch, Webhook};
use otary_fleet::{
    Account, Artifact, Campaign, Catalogue, Device, Event, Group, GroupName, Mac, Product, Release,
    ReleaseId, Session, Sha256, Time, Token,
};
use rusqlite::Connection;
pub use snapshot::Snapshot;

use crate::audit::{AuditEntry, AuditQuery, Head, NotedHead};
use crate::newest::newest;
use crate::publish::is_held;
use crate::sync::lock;
use crate::verification::Verification;
use crate::{
    Admit, Blob, BlobWriter, Downloads, EventQuery, MAX_STRANGERS, Pruned, Retention, Store, StoreError,
};

/// How much a [`Disk`] keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskOptions {
    /// The most strangers on record.
    pub max_strangers: usize,
    /// About how many device records stay in memory, 1 to 3 KiB each.
    pub device_cache: usize,
    /// Bytes of blobs that stay in memory when nobody reads them.
    pub blob_cache_bytes: usize,
}

impl Default for DiskOptions {
    fn default() -> Self {
        Self { max_strangers: MAX_STRANGERS, device_cache: 20_000, blob_cache_bytes: 64 * 1024 * 1024 }
    }
}

/// A store in a folder of its own. Dropped, it writes what waits.
#[derive(Debug)]
pub struct Disk {
    shared: Arc<Shared>,
    _writer: writer::Writer,
}

/// What callers and the writer's thread work on.
struct Shared {
    folder: folder::Folder,
    /// The one connection that writes; who holds it is alone in changing anything but devices' records in memory.
    connection: Mutex<Connection>,
    listings: Mutex<Connection>,
    catalogue: catalogue::Current,
    devices: devices::Devices,
    events: events::Events,
    downloads: downloads::Counters,
    blobs: Arc<blobs::Blobs>,
    bell: writer::Bell,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Disk {
    /// Opens the store in `folder`, which is made if there is none, and brings its schema up to date.
    pub fn open(folder: impl AsRef<Path>, options: DiskOptions) -> Result<Self, StoreError> {
        let folder = folder::Folder::open(folder.as_ref())?;
        let path = folder.database();
        folder::create_file(&path)?;
        let connection = schema::open_writer(&path)?;
        let lookups = schema::open_reader(&path)?;
        let shared = Arc::new(Shared {
            catalogue: catalogue::Current::open(&connection)?,
            devices: devices::Devices::open(lookups, options.max_strangers, options.device_cache)?,
            events: events::Events::open(&connection)?,
            downloads: downloads::Counters::open(&connection)?,
            blobs: Arc::new(blobs::Blobs::open(&folder, options.blob_cache_bytes)),
            connection: Mutex::new(connection),
            listings: Mutex::new(schema::open_reader(&path)?),
            bell: writer::Bell::default(),
            folder,
        });
        prune::check_sizes(&shared, &shared.catalogue.get());
        let writer = writer::Writer::start(&shared)?;
        Ok(Self { shared, _writer: writer })
    }

    /// Writes what waits, if the disk takes it: the log is read as far as it is written, also while the disk is full.
    fn write_what_waits(&self) {
        // It has been logged, and what waits is tried again.
        let _ = self.shared.flush();
    }

    /// Verifies the audit log in a copy of a store's folder. The copy is only read, and nothing is asked of the store
    /// that it was made of.
    pub fn verify_copy(
        folder: impl AsRef<Path>,
        noted: Option<NotedHead>,
    ) -> Result<Verification, StoreError> {
        audit::verify_copy(&folder::database_in(folder.as_ref()), noted)
    }

    /// The number of the schema that this build writes; it brings older ones up to that, and refuses newer ones.
    pub fn schema() -> i64 {
        snapshot::schema_known()
    }

    /// Copies the database of the store in `folder` into the new file `into`, as of one moment. Any process may, whoever
    /// has the store open: nobody waits for it.
    ///
    /// Of the artifacts that it names each has its [`blob_file`](Self::blob_file) at that moment; what is pruned later
    /// takes some away.
    pub fn snapshot(folder: impl AsRef<Path>, into: impl AsRef<Path>) -> Result<Snapshot, StoreError> {
        snapshot::take(folder.as_ref(), into.as_ref())
    }

    /// Where the bytes of an artifact lie in the store's folder. They never change.
    pub fn blob_file(folder: impl AsRef<Path>, id: &Sha256) -> PathBuf {
        snapshot::blob_file(folder.as_ref(), id)
    }
}

impl Store for Disk {
    fn catalogue(&self) -> Arc<Catalogue> {
        self.shared.catalogue.get()
    }

    fn put_product(&self, product: &Product) -> Result<(), StoreError> {
        self.shared.put_product(product)
    }

    fn publish_with(
        &self,
        release: &Release,
        artifacts: &[Artifact],
        campaigns: &[Campaign],
    ) -> Result<(), StoreError> {
        self.shared.publish(release, artifacts, campaigns)
    }

    fn put_release(&self, release: &Release) -> Result<(), StoreError> {
        self.shared.put_release(release)
    }

    fn delete_release(&self, id: &ReleaseId) -> Result<(), StoreError> {
        self.shared.delete_release(id)
    }

    fn put_campaigns(&self, campaigns: &[Campaign]) -> Result<(), StoreError> {
        self.shared.put_campaigns(campaigns)
    }

    fn put_group(&self, group: &Group) -> Result<(), StoreError> {
        self.shared.put_group(group)
    }

    fn delete_group(&self, name: &GroupName) -> Result<bool, StoreError> {
        self.shared.delete_group(name)
    }

    fn begin_blob(&self) -> Result<Box<dyn BlobWriter>, StoreError> {
        Ok(Box::new(self.shared.blobs.begin()?))
    }

    fn blob(&self, id: &Sha256) -> Result<Blob, StoreError> {
        let size = self.catalogue().artifact(id).map(|artifact| artifact.size);
        self.shared.blobs.get(id, size)
    }

    fn discard_blob(&self, id: &Sha256) -> Result<(), StoreError> {
        let _no_publish = lock(&self.shared.connection);
        let catalogue = self.catalogue();
        if is_held(&catalogue, id) {
            return Err(StoreError::InUse(*id));
        }
        if catalogue.artifact(id).is_none() {
            self.shared.blobs.remove(id, None)?;
        }
        Ok(())
    }

    fn with_device(
        &self,
        mac: Mac,
        now: Time,
        admit: Admit,
        visit: &mut dyn FnMut(Option<&mut Device>) -> Vec<Event>,
    ) -> Result<bool, StoreError> {
        let mut changes = 0;
        let keep = |events| changes += self.shared.events.append(events);
        let visited = self.shared.devices.visit(mac, now, admit, visit, keep)?;
        changes += usize::from(visited.marked);
        if changes > 0 {
            self.shared.bell.note(changes);
        }
        Ok(visited.made)
    }

    fn device(&self, mac: Mac) -> Result<Option<Device>, StoreError> {
        self.shared.devices.get(mac)
    }

    fn devices(&self, after: Option<Mac>, limit: usize) -> Result<Vec<Device>, StoreError> {
        let unwritten = self.shared.devices.unwritten(after);
        let dropped = unwritten.values().filter(|device| device.is_none()).count();
        let written =
            device_table::page(&lock(&self.shared.listings), after, limit.saturating_add(dropped), |mac| {
                unwritten.contains_key(&mac)
            })?;
        let unwritten = unwritten.into_values().flatten();
        let devices: BTreeMap<Mac, Device> =
            written.into_iter().chain(unwritten).map(|device| (device.mac, device)).collect();
        Ok(devices.into_values().take(limit).collect())
    }

    fn count_devices(&self) -> Result<u64, StoreError> {
        Ok(self.shared.devices.count())
    }

    fn forget(&self, mac: Mac) -> Result<bool, StoreError> {
        let mut connection = lock(&self.shared.connection);
        let was_there = self.shared.devices.forget(mac, || {
            let transaction = connection.transaction()?;
            let known = device_table::delete(&transaction, mac)?;
            audit::forget(&transaction, mac)?;
            transaction.commit()?;
            Ok(known)
        })?;
        self.shared.events.forget(mac);
        Ok(was_there)
    }

    fn append(&self, event: Event) -> Result<(), StoreError> {
        self.shared.bell.note(self.shared.events.append(vec![event]));
        Ok(())
    }

    fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        self.shared.events.find(&self.shared.listings, query)
    }

    fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        self.write_what_waits();
        audit::select(&lock(&self.shared.listings), query)
    }

    fn audit_head(&self) -> Result<Head, StoreError> {
        self.write_what_waits();
        audit::mark(&lock(&self.shared.listings), audit::Mark::Head)
    }

    fn verify_audit(&self, noted: Option<NotedHead>) -> Result<Verification, StoreError> {
        self.write_what_waits();
        // A connection of its own: nobody waits for a log that is long.
        audit::verify(&mut schema::open_reader(&self.shared.folder.database())?, noted)
    }

    fn count_download(&self, artifact: &Sha256, whole: bool) {
        self.shared.downloads.count(artifact, whole);
    }

    fn downloads(&self, artifact: &Sha256) -> Result<Downloads, StoreError> {
        Ok(self.shared.downloads.get(artifact))
    }

    fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        self.shared.tokens()
    }

    fn put_token(&self, token: &Token) -> Result<(), StoreError> {
        self.shared.put_token(token)
    }

    fn delete_token(&self, name: &str) -> Result<bool, StoreError> {
        self.shared.delete_token(name)
    }

    fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        self.shared.webhooks()
    }

    fn put_webhook(&self, webhook: &Webhook) -> Result<(), StoreError> {
        self.shared.put_webhook(webhook)
    }

    fn delete_webhook(&self, name: &str) -> Result<bool, StoreError> {
        self.shared.delete_webhook(name)
    }

    fn add_dispatches(&self, dispatches: &[Dispatch]) -> Result<(), StoreError> {
        self.shared.add_dispatches(dispatches)
    }

    fn put_dispatch(&self, dispatch: &Dispatch) -> Result<(), StoreError> {
        self.shared.put_dispatch(dispatch)
    }

    fn dispatches(&self, to: &str, limit: usize) -> Result<Vec<Dispatch>, StoreError> {
        self.shared.dispatches(to, limit)
    }

    fn due_dispatches(&self, now: Time, limit: usize) -> Result<Vec<Dispatch>, StoreError> {
        self.shared.due_dispatches(now, limit)
    }

    fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.shared.accounts()
    }

    fn put_account(&self, account: &Account) -> Result<(), StoreError> {
        self.shared.put_account(account)
    }

    fn delete_account(&self, name: &str) -> Result<bool, StoreError> {
        self.shared.delete_account(name)
    }

    fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        self.shared.sessions()
    }

    fn session(&self, hash: &Sha256) -> Result<Option<Session>, StoreError> {
        self.shared.session(hash)
    }

    fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        self.shared.put_session(session)
    }

    fn delete_session(&self, hash: &Sha256) -> Result<bool, StoreError> {
        self.shared.delete_session(hash)
    }

    fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.shared.setting(key)
    }

    fn put_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.shared.put_setting(key, value)
    }

    fn newest_time(&self) -> Result<Time, StoreError> {
        let unwritten = self.shared.devices.unwritten(None);
        let seen = unwritten.values().flatten().map(|device| device.last_seen).max().unwrap_or_default();
        let waiting = self.shared.events.newest_waiting();
        let made = newest(&self.catalogue(), &self.tokens()?, &self.accounts()?);
        let listings = lock(&self.shared.listings);
        let written = device_table::newest(&listings)?.max(events::newest(&listings)?);
        Ok(seen.max(waiting).max(made).max(written))
    }

    fn prune(&self, retention: &Retention, now: Time) -> Result<Pruned, StoreError> {
        self.shared.prune(retention, now)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.shared.flush()
    }
}
