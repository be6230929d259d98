//! The one trait.

use std::sync::Arc;
use std::time::Duration;

use otary_fleet::notice::{Dispatch, Webhook};
use otary_fleet::{
    Account, Artifact, Campaign, Catalogue, Device, Event, Group, GroupName, Mac, Product, ProductName,
    Release, ReleaseId, Session, Sha256, Time, Token,
};

use crate::{AuditEntry, AuditQuery, Blob, BlobWriter, Head, NotedHead, StoreError, Verification};

/// Whether a device that is not on record may be put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admit {
    /// It may. If there are too many strangers (see [`Device::is_known`]), the least recently seen ones go.
    New,
    /// It may not: too many new ones ask.
    OnRecord,
}

/// How often an artifact was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Downloads {
    /// Every byte handed over.
    pub whole: u64,
    /// Ended before.
    pub cut_off: u64,
}

impl Downloads {
    pub(crate) fn count(&mut self, whole: bool) {
        *(if whole { &mut self.whole } else { &mut self.cut_off }) += 1;
    }
}

/// Which events, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Of this device only.
    pub device: Option<Mac>,
    /// Of this product only.
    pub product: Option<ProductName>,
    /// Not newer than this.
    pub until: Option<Time>,
    /// At most so many; at most 10,000 are given.
    pub limit: usize,
}

impl EventQuery {
    pub(crate) fn matches(&self, event: &Event) -> bool {
        self.device.is_none_or(|device| event.device == Some(device))
            && self.product.as_ref().is_none_or(|product| event.product.as_ref() == Some(product))
            && self.until.is_none_or(|until| event.at <= until)
    }

    pub(crate) fn bounded_limit(&self) -> usize {
        self.limit.min(10_000)
    }
}

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events older than this go.
    pub events: Duration,
    /// Of the events, the newest so many stay.
    pub max_events: u64,
    /// Blobs that no release holds stay this long, for a push that is under way.
    pub unreferenced: Duration,
    /// Withdrawn releases older than this go, unless pinned or run by a device.
    pub withdrawn: Duration,
    /// Bytes of artifacts that may be kept; over it, superseded releases go, oldest first, unless pinned, run by a
    /// device, or the newest of their channel.
    pub max_artifact_bytes: u64,
}

/// What [`Store::prune`] let go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Number of events.
    pub events: u64,
    /// Releases.
    pub releases: Vec<ReleaseId>,
    /// Artifacts.
    pub artifacts: Vec<Sha256>,
    /// Bytes freed.
    pub bytes: u64,
}

/// What otary remembers.
pub trait Store: Send + Sync {
    /// All that could be offered. Cheap: the same catalogue until something in it changes.
    fn catalogue(&self) -> Arc<Catalogue>;

    /// Adds a product or replaces the one of that name.
    fn put_product(&self, product: &Product) -> Result<(), StoreError>;

    /// Adds a release with its artifacts, whose blobs are there; all or nothing. The product is on record.
    ///
    /// An artifact that another release holds keeps the facts that are on record.
    fn publish(&self, release: &Release, artifacts: &[Artifact]) -> Result<(), StoreError> {
        self.publish_with(release, artifacts, &[])
    }

    /// The same together with campaigns, of which one may bring the release: nobody is offered it before that is so.
    fn publish_with(
        &self,
        release: &Release,
        artifacts: &[Artifact],
        campaigns: &[Campaign],
    ) -> Result<(), StoreError>;

    /// Replaces a release by one of the same name (withdrawn, pinned). Its artifacts are on record.
    fn put_release(&self, release: &Release) -> Result<(), StoreError>;

    /// Forgets a release, unless a campaign that is under way brings it. Its artifacts stay until [`prune`](Self::prune)
    /// finds that nothing holds them.
    fn delete_release(&self, id: &ReleaseId) -> Result<(), StoreError>;

    /// Adds a campaign or replaces the one of that number. The product is on record, of a new one the release, too. No two
    /// that are under way are for the same devices.
    fn put_campaign(&self, campaign: &Campaign) -> Result<(), StoreError> {
        self.put_campaigns(std::slice::from_ref(campaign))
    }

    /// The same of several, all or none: one may take the place of another.
    fn put_campaigns(&self, campaigns: &[Campaign]) -> Result<(), StoreError>;

    /// Adds a group of devices or replaces the one of that name.
    fn put_group(&self, group: &Group) -> Result<(), StoreError>;

    /// Removes a group. Returns whether it was there.
    fn delete_group(&self, name: &GroupName) -> Result<bool, StoreError>;

    /// Begins a blob.
    fn begin_blob(&self) -> Result<Box<dyn BlobWriter>, StoreError>;

    /// A blob's bytes, shared with everybody who reads it at the same time. They have the digest that they are named by.
    fn blob(&self, id: &Sha256) -> Result<Blob, StoreError>;

    /// Removes a blob after a push that was refused. If it is not there, or belongs to an artifact on record that no
    /// release holds, nothing is done: the latter is for [`prune`](Self::prune).
    fn discard_blob(&self, id: &Sha256) -> Result<(), StoreError>;

    /// Hands the device's record to `visit`, alone: nobody else sees or changes it meanwhile. `None` if it is not on
    /// record and not admitted. The record is kept as `visit` leaves it, with the events that it returns.
    ///
    /// `visit` must not call the store. Returns whether the record was made by this call.
    fn with_device(
        &self,
        mac: Mac,
        now: Time,
        admit: Admit,
        visit: &mut dyn FnMut(Option<&mut Device>) -> Vec<Event>,
    ) -> Result<bool, StoreError>;

    /// A device's record.
    fn device(&self, mac: Mac) -> Result<Option<Device>, StoreError>;

    /// Devices by address, those after `after`, at most `limit`.
    fn devices(&self, after: Option<Mac>, limit: usize) -> Result<Vec<Device>, StoreError>;

    /// How many devices are on record.
    fn count_devices(&self) -> Result<u64, StoreError>;

    /// Forgets a device and what its events say; their leaves stay in the audit log. Returns whether it was on record.
    fn forget(&self, mac: Mac) -> Result<bool, StoreError>;

    /// Keeps an event.
    fn append(&self, event: Event) -> Result<(), StoreError>;

    /// Events, newest first.
    fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError>;

    /// Entries of the audit log, oldest first. What waits is written first, if the disk takes it.
    fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError>;

    /// The audit log's last entry. What waits is written first, if the disk takes it.
    fn audit_head(&self) -> Result<Head, StoreError>;

    /// Whether the audit log is what it was when a head was noted; without one, whether it holds in itself.
    fn verify_audit(&self, noted: Option<NotedHead>) -> Result<Verification, StoreError>;

    /// Counts a transfer of an artifact on record.
    fn count_download(&self, artifact: &Sha256, whole: bool);

    /// How often an artifact was sent. Never, if it is not on record.
    fn downloads(&self, artifact: &Sha256) -> Result<Downloads, StoreError>;

    /// Every token, by name.
    fn tokens(&self) -> Result<Vec<Token>, StoreError>;

    /// Adds a token or replaces the one of that name.
    fn put_token(&self, token: &Token) -> Result<(), StoreError>;

    /// Removes a token. Returns whether it was there.
    fn delete_token(&self, name: &str) -> Result<bool, StoreError>;

    /// Every webhook, by name.
    fn webhooks(&self) -> Result<Vec<Webhook>, StoreError>;

    /// Adds a webhook or replaces the one of that name.
    fn put_webhook(&self, webhook: &Webhook) -> Result<(), StoreError>;

    /// Removes a webhook and what is on its way to it. Returns whether it was there.
    fn delete_webhook(&self, name: &str) -> Result<bool, StoreError>;

    /// Adds notices that are to go out, all or none. Of each receiver the newest [`MAX_DISPATCHES`](crate::MAX_DISPATCHES) are
    /// kept.
    fn add_dispatches(&self, dispatches: &[Dispatch]) -> Result<(), StoreError>;

    /// Replaces a dispatch by what became of it, if it is still kept.
    fn put_dispatch(&self, dispatch: &Dispatch) -> Result<(), StoreError>;

    /// What went or is to go to a receiver, the newest first, at most `limit`.
    fn dispatches(&self, to: &str, limit: usize) -> Result<Vec<Dispatch>, StoreError>;

    /// What is to be tried by now, the oldest first, at most `limit`.
    fn due_dispatches(&self, now: Time, limit: usize) -> Result<Vec<Dispatch>, StoreError>;

    /// Every account, by name.
    fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Adds an account or replaces the one of that name.
    fn put_account(&self, account: &Account) -> Result<(), StoreError>;

    /// Removes an account with its sessions. Returns whether it was there.
    fn delete_account(&self, name: &str) -> Result<bool, StoreError>;

    /// Every session that was not let go of, by account.
    fn sessions(&self) -> Result<Vec<Session>, StoreError>;

    /// The session of a secret, by the digest of that. It may have ended.
    fn session(&self, hash: &Sha256) -> Result<Option<Session>, StoreError>;

    /// Adds a session or replaces the one of that digest. Its account is on record.
    fn put_session(&self, session: &Session) -> Result<(), StoreError>;

    /// Removes a session. Returns whether it was there.
    fn delete_session(&self, hash: &Sha256) -> Result<bool, StoreError>;

    /// A setting that otary keeps for itself, such as when the authority was last backed up.
    fn setting(&self, key: &str) -> Result<Option<String>, StoreError>;

    /// Keeps a setting.
    fn put_setting(&self, key: &str, value: &str) -> Result<(), StoreError>;

    /// The newest time in any record: no right clock is behind it.
    fn newest_time(&self) -> Result<Time, StoreError>;

    /// Lets go of what `retention` says, never of what is pinned, offered or run by a device; and of sessions that have
    /// ended.
    fn prune(&self, retention: &Retention, now: Time) -> Result<Pruned, StoreError>;

    /// Writes what waits. Returns when it is on disk.
    fn flush(&self) -> Result<(), StoreError>;
}
