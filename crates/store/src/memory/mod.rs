//! The memory backend: the contract and nothing else, for tests. Nothing waits to be written, nothing outlives it.

mod dispatches;
mod log;
mod records;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use otary_fleet::notice::{Dispatch, Webhook};
use otary_fleet::{
    Account, Artifact, Campaign, Catalogue, Device, Event, Group, GroupName, Mac, Product, Release,
    ReleaseId, Session, Sha256, Time, Token,
};

use crate::audit::{AuditEntry, AuditQuery, Head, NotedHead};
use crate::campaign::{check_campaigns, check_deletion};
use crate::newest::{newest, time_of};
use crate::publish::{check_new, check_replacing, is_held};
use crate::retention::{self, Running};
use crate::sync::lock;
use crate::verification::Verification;
use crate::{
    Admit, Blob, BlobWriter, Downloads, EventQuery, MAX_STRANGERS, Pruned, Retention, Store, StoreError, blob,
};
use dispatches::Dispatches;
use log::Log;
use records::Records;

/// A store in memory.
#[derive(Debug)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    max_strangers: usize,
    handed_out: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    records: Records,
    blobs: HashMap<Sha256, Placed>,
    devices: BTreeMap<Mac, Device>,
    log: Log,
    downloads: HashMap<Sha256, Downloads>,
    tokens: BTreeMap<String, Token>,
    accounts: BTreeMap<String, Account>,
    sessions: HashMap<Sha256, Session>,
    settings: BTreeMap<String, String>,
    webhooks: BTreeMap<String, Webhook>,
    dispatches: Dispatches,
}

#[derive(Debug)]
struct Placed {
    bytes: Blob,
    at: Time,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(MAX_STRANGERS)
    }
}

impl Memory {
    /// An empty store that has at most so many strangers on record.
    pub fn new(max_strangers: usize) -> Self {
        Self { state: Arc::default(), max_strangers, handed_out: AtomicU64::new(0) }
    }

    /// How many devices' records were read so far, visits apart: what a list or a count costs a store.
    pub fn records_read(&self) -> u64 {
        self.handed_out.load(Ordering::Relaxed)
    }

    fn hand_out(&self, device: &Device) -> Device {
        self.handed_out.fetch_add(1, Ordering::Relaxed);
        device.clone()
    }
}

impl State {
    fn blob_size(&self, id: &Sha256) -> Result<u64, StoreError> {
        let placed = self.blobs.get(id).ok_or(StoreError::NoBlob(*id))?;
        Ok(u64::try_from(placed.bytes.len()).unwrap_or(u64::MAX))
    }

    fn remove_blob(&mut self, id: &Sha256) -> u64 {
        self.blobs.remove(id).map_or(0, |placed| u64::try_from(placed.bytes.len()).unwrap_or(u64::MAX))
    }

    fn drop_strangers(&mut self, max: usize) {
        let mut strangers: Vec<(Time, Mac)> = self
            .devices
            .values()
            .filter(|device| !device.is_known())
            .map(|device| (device.last_seen, device.mac))
            .collect();
        if strangers.len() > max {
            strangers.sort_unstable();
            let surplus = strangers.len() - crate::strangers_to_keep(max);
            for (_, mac) in strangers.into_iter().take(surplus) {
                self.devices.remove(&mac);
            }
        }
    }

    fn prune_catalogue(&mut self, retention: &Retention, now: Time) -> Pruned {
        let mut running = Running::default();
        self.devices.values().for_each(|device| running.note(device));
        let catalogue = self.records.catalogue();
        let placed = |id: &Sha256| self.blobs.get(id).map(|placed| placed.at).unwrap_or_default();
        let plan = retention::plan(&catalogue, &running, retention, now, placed);
        let orphan =
            |id: &Sha256| catalogue.artifact(id).is_none() && now.since(placed(id)) > retention.unreferenced;
        let orphans: Vec<Sha256> = self.blobs.keys().copied().filter(orphan).collect();
        self.records.change(|records| {
            records.releases.retain(|release| !plan.releases.contains(&release.id));
            records.artifacts.retain(|id, _| !plan.artifacts.contains(id));
        });
        let artifacts: Vec<Sha256> = plan.artifacts.into_iter().chain(orphans).collect();
        self.downloads.retain(|id, _| !artifacts.contains(id));
        let bytes = artifacts.iter().map(|id| self.remove_blob(id)).sum();
        Pruned { events: 0, releases: plan.releases, artifacts, bytes }
    }
}

impl Store for Memory {
    fn catalogue(&self) -> Arc<Catalogue> {
        lock(&self.state).records.catalogue()
    }

    fn put_product(&self, product: &Product) -> Result<(), StoreError> {
        lock(&self.state).records.change(|records| {
            records.products.insert(product.name.clone(), product.clone());
        });
        Ok(())
    }

    fn publish_with(
        &self,
        release: &Release,
        artifacts: &[Artifact],
        campaigns: &[Campaign],
    ) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        let catalogue = state.records.catalogue();
        check_new(&catalogue, release, artifacts, |id| state.blob_size(id))?;
        check_campaigns(&catalogue, campaigns, Some(&release.id))?;
        state.records.change(|records| {
            let new = artifacts.iter().filter(|artifact| !is_held(&catalogue, &artifact.id));
            records.artifacts.extend(new.map(|artifact| (artifact.id, artifact.clone())));
            records.releases.push(release.clone());
            records.keep_campaigns(campaigns);
        });
        Ok(())
    }

    fn put_release(&self, release: &Release) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        check_replacing(&state.records.catalogue(), release)?;
        state.records.change(|records| {
            let old = records.releases.iter_mut().filter(|old| old.id == release.id);
            old.for_each(|old| old.clone_from(release));
        });
        Ok(())
    }

    fn delete_release(&self, id: &ReleaseId) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        check_deletion(&state.records.catalogue(), id)?;
        state.records.change(|records| records.releases.retain(|release| release.id != *id));
        Ok(())
    }

    fn put_campaigns(&self, campaigns: &[Campaign]) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        check_campaigns(&state.records.catalogue(), campaigns, None)?;
        state.records.change(|records| records.keep_campaigns(campaigns));
        Ok(())
    }

    fn put_group(&self, group: &Group) -> Result<(), StoreError> {
        lock(&self.state).records.change(|records| {
            records.groups.insert(group.name.clone(), group.clone());
        });
        Ok(())
    }

    fn delete_group(&self, name: &GroupName) -> Result<bool, StoreError> {
        let mut was_there = false;
        lock(&self.state).records.change(|records| was_there = records.groups.remove(name).is_some());
        Ok(was_there)
    }

    fn begin_blob(&self) -> Result<Box<dyn BlobWriter>, StoreError> {
        Ok(Box::new(Writer { bytes: Vec::new(), state: Arc::clone(&self.state) }))
    }

    fn blob(&self, id: &Sha256) -> Result<Blob, StoreError> {
        let state = lock(&self.state);
        state.blobs.get(id).map(|placed| placed.bytes.clone()).ok_or(StoreError::NoBlob(*id))
    }

    fn discard_blob(&self, id: &Sha256) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        let catalogue = state.records.catalogue();
        if is_held(&catalogue, id) {
            return Err(StoreError::InUse(*id));
        }
        if catalogue.artifact(id).is_none() {
            state.blobs.remove(id);
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
        let mut state = lock(&self.state);
        let made = !state.devices.contains_key(&mac) && admit == Admit::New;
        if made {
            state.devices.insert(mac, Device::new(mac, now));
        }
        let events = visit(state.devices.get_mut(&mac));
        state.log.extend(events)?;
        if made {
            state.drop_strangers(self.max_strangers);
        }
        Ok(made)
    }

    fn device(&self, mac: Mac) -> Result<Option<Device>, StoreError> {
        Ok(lock(&self.state).devices.get(&mac).map(|device| self.hand_out(device)))
    }

    fn devices(&self, after: Option<Mac>, limit: usize) -> Result<Vec<Device>, StoreError> {
        let state = lock(&self.state);
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let devices = state.devices.range((behind, Bound::Unbounded));
        Ok(devices.take(limit).map(|(_, device)| self.hand_out(device)).collect())
    }

    fn count_devices(&self) -> Result<u64, StoreError> {
        Ok(u64::try_from(lock(&self.state).devices.len()).unwrap_or(u64::MAX))
    }

    fn forget(&self, mac: Mac) -> Result<bool, StoreError> {
        let mut state = lock(&self.state);
        state.log.forget(mac);
        Ok(state.devices.remove(&mac).is_some())
    }

    fn append(&self, event: Event) -> Result<(), StoreError> {
        lock(&self.state).log.extend([event])
    }

    fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        Ok(lock(&self.state).log.events(query))
    }

    fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(lock(&self.state).log.entries(query))
    }

    fn audit_head(&self) -> Result<Head, StoreError> {
        Ok(lock(&self.state).log.head())
    }

    fn verify_audit(&self, noted: Option<NotedHead>) -> Result<Verification, StoreError> {
        Ok(lock(&self.state).log.verify(noted))
    }

    fn count_download(&self, artifact: &Sha256, whole: bool) {
        let mut state = lock(&self.state);
        if state.records.artifacts.contains_key(artifact) {
            state.downloads.entry(*artifact).or_default().count(whole);
        }
    }

    fn downloads(&self, artifact: &Sha256) -> Result<Downloads, StoreError> {
        Ok(lock(&self.state).downloads.get(artifact).copied().unwrap_or_default())
    }

    fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        Ok(lock(&self.state).tokens.values().cloned().collect())
    }

    fn put_token(&self, token: &Token) -> Result<(), StoreError> {
        lock(&self.state).tokens.insert(token.name.clone(), token.clone());
        Ok(())
    }

    fn delete_token(&self, name: &str) -> Result<bool, StoreError> {
        Ok(lock(&self.state).tokens.remove(name).is_some())
    }

    fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        Ok(lock(&self.state).webhooks.values().cloned().collect())
    }

    fn put_webhook(&self, webhook: &Webhook) -> Result<(), StoreError> {
        lock(&self.state).webhooks.insert(webhook.name.clone(), webhook.clone());
        Ok(())
    }

    fn delete_webhook(&self, name: &str) -> Result<bool, StoreError> {
        let mut state = lock(&self.state);
        state.dispatches.forget(name);
        Ok(state.webhooks.remove(name).is_some())
    }

    fn add_dispatches(&self, dispatches: &[Dispatch]) -> Result<(), StoreError> {
        lock(&self.state).dispatches.add(dispatches);
        Ok(())
    }

    fn put_dispatch(&self, dispatch: &Dispatch) -> Result<(), StoreError> {
        lock(&self.state).dispatches.put(dispatch);
        Ok(())
    }

    fn dispatches(&self, to: &str, limit: usize) -> Result<Vec<Dispatch>, StoreError> {
        Ok(lock(&self.state).dispatches.of(to, limit))
    }

    fn due_dispatches(&self, now: Time, limit: usize) -> Result<Vec<Dispatch>, StoreError> {
        Ok(lock(&self.state).dispatches.due(now, limit))
    }

    fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        Ok(lock(&self.state).accounts.values().cloned().collect())
    }

    fn put_account(&self, account: &Account) -> Result<(), StoreError> {
        lock(&self.state).accounts.insert(account.name.clone(), account.clone());
        Ok(())
    }

    fn delete_account(&self, name: &str) -> Result<bool, StoreError> {
        let mut state = lock(&self.state);
        state.sessions.retain(|_, session| session.account != name);
        Ok(state.accounts.remove(name).is_some())
    }

    fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        let mut sessions: Vec<Session> = lock(&self.state).sessions.values().cloned().collect();
        sessions.sort_by(|a, b| (&a.account, a.hash.0).cmp(&(&b.account, b.hash.0)));
        Ok(sessions)
    }

    fn session(&self, hash: &Sha256) -> Result<Option<Session>, StoreError> {
        Ok(lock(&self.state).sessions.get(hash).cloned())
    }

    fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        if !state.accounts.contains_key(&session.account) {
            return Err(StoreError::NoAccount(session.account.clone()));
        }
        state.sessions.insert(session.hash, session.clone());
        Ok(())
    }

    fn delete_session(&self, hash: &Sha256) -> Result<bool, StoreError> {
        Ok(lock(&self.state).sessions.remove(hash).is_some())
    }

    fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(lock(&self.state).settings.get(key).cloned())
    }

    fn put_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        lock(&self.state).settings.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn newest_time(&self) -> Result<Time, StoreError> {
        let state = lock(&self.state);
        let tokens: Vec<Token> = state.tokens.values().cloned().collect();
        let seen = state.devices.values().map(|device| device.last_seen);
        let happened = state.log.times();
        let accounts: Vec<Account> = state.accounts.values().cloned().collect();
        let made = newest(&state.records.catalogue(), &tokens, &accounts);
        Ok(seen.chain(happened).max().unwrap_or_default().max(made))
    }

    fn prune(&self, retention: &Retention, now: Time) -> Result<Pruned, StoreError> {
        let mut state = lock(&self.state);
        let events = state.log.prune(retention, now);
        state.sessions.retain(|_, session| !session.has_ended(now));
        Ok(Pruned { events, ..state.prune_catalogue(retention, now) })
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

struct Writer {
    bytes: Vec<u8>,
    state: Arc<Mutex<State>>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        blob::check_growth(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX), bytes.len())?;
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl BlobWriter for Writer {
    fn commit(self: Box<Self>) -> Result<Sha256, StoreError> {
        let id = Sha256::of(&self.bytes);
        let placed = Placed { bytes: self.bytes.into(), at: time_of(SystemTime::now()) };
        lock(&self.state).blobs.insert(id, placed);
        Ok(id)
    }
}
