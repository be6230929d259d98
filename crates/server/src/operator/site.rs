//! What every operation works on: the store, the clock, and what is known of the server around them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use otary_fleet::{Device, Event, EventKind, Mac, ProductName, Sha256, Time};
use otary_store::{Retention, Store};
use tokio::sync::RwLock;

use super::actor::Actor;
use super::attempts::Attempts;
use super::events::{LISTENERS, LISTENERS_EACH};
use super::health::Readiness;
use super::keys::Keys;
use super::password::Turns;
use super::places::Places;
use super::problem::Problem;
use super::secret::Secret;
use super::throttle::Throttle;
use crate::every::each_device;
use crate::fetch::Fetcher;
use crate::notify::Mailer;
use crate::{Clock, Custody, Engine, Rollout};

/// The store's setting that says when the authority was last backed up: milliseconds since 1970, in decimal.
pub const AUTHORITY_BACKED_UP: &str = "authority.backed-up";

/// The longest that a client may keep a request waiting: between two parts of an upload, and for all of a JSON body.
pub const STALL: Duration = Duration::from_secs(30);

/// Uploads that are in memory at the same time: each may take [`otary_fleet::Artifact::MAX_SIZE`]. One at a time of each.
const UPLOADS: usize = 3;

/// What the operator interface tells of the server that it belongs to, and how long that keeps things.
#[derive(Debug, Clone)]
pub struct Site {
    /// The data directory.
    pub data: PathBuf,
    /// SHA-256 of the certificate of the authority, as people compare it; none before the first `otary serve`.
    pub fingerprint: Option<String>,
    /// How long at least something in new firmware has to be valid that leads devices to this server.
    pub horizon: Duration,
    /// How long things are kept.
    pub retention: Retention,
    /// Devices that otary never updated and nobody assigned, of which so many are remembered.
    pub max_strangers: u64,
    /// Files and connections that the server may have open; none when no server runs.
    pub open_files: Option<u64>,
}

/// The operator interface's state.
pub struct Operator {
    pub(super) store: Arc<dyn Store>,
    pub(super) rollout: Arc<Rollout>,
    pub(super) engine: Engine,
    pub(super) site: Site,
    pub(super) throttle: Throttle,
    pub(super) attempts: Attempts,
    pub(super) hashing: Turns,
    pub(super) uploads: Places,
    /// Places for those who watch what happens.
    pub(super) listeners: Places,
    pub(super) keys: Keys,
    /// Held by whoever changes one thing: alone with a precondition, else with others.
    pub(super) conditions: RwLock<()>,
    /// The owner's token of this run, as its digest.
    pub(super) owner: Option<Sha256>,
    /// The authority; none before the first `otary serve`.
    pub(super) custody: Option<Arc<Custody>>,
    /// What mirrors are fetched with; none where nothing is to be fetched.
    pub(super) fetcher: Option<Fetcher>,
    /// What mail goes out with, if it is set up.
    pub(super) mailer: Option<Mailer>,
    pub(super) readiness: Readiness,
    /// The port at which devices speak HTTPS; empty where no server runs.
    pub(super) devices_at: OnceLock<u16>,
    /// Set if devices can ask this machine for the time.
    pub(super) tells_time: OnceLock<()>,
    clock: Clock,
    changes: Mutex<()>,
}

impl Operator {
    /// An interface to `store`. Who shows `owner` acts as the owner of the data directory: it is the secret that an
    /// [announcement](super::Announcement) hands to local processes.
    pub fn new(store: Arc<dyn Store>, clock: Clock, site: Site, owner: Option<&Secret>) -> Self {
        let engine = Engine::new(&store, &clock);
        Self {
            store,
            rollout: Arc::clone(&engine.rollout),
            engine,
            site,
            throttle: Throttle::default(),
            attempts: Attempts::default(),
            hashing: Turns::default(),
            uploads: Places::new(UPLOADS, 1),
            listeners: Places::new(LISTENERS, LISTENERS_EACH),
            keys: Keys::default(),
            conditions: RwLock::new(()),
            owner: owner.map(Secret::hash),
            custody: None,
            fetcher: None,
            mailer: None,
            readiness: Readiness::default(),
            devices_at: OnceLock::new(),
            tells_time: OnceLock::new(),
            clock,
            changes: Mutex::new(()),
        }
    }

    /// What is known of the fleet beside the records, for the server that keeps it.
    pub fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// The same with an authority to work on.
    #[must_use]
    pub fn with_custody(self, custody: Arc<Custody>) -> Self {
        Self { custody: Some(custody), ..self }
    }

    /// The same with a way to other people's servers.
    #[must_use]
    pub fn with_fetcher(self, fetcher: Fetcher) -> Self {
        Self { fetcher: Some(fetcher), ..self }
    }

    /// The same with somebody who sends mail.
    #[must_use]
    pub fn with_mailer(self, mailer: Mailer) -> Self {
        Self { mailer: Some(mailer), ..self }
    }

    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Keeps other changes out until it is dropped, so that what was checked still holds when it is done.
    pub(super) fn changing(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An event that tells what an operator did.
    pub(super) fn event(
        &self,
        actor: &Actor,
        device: Option<Mac>,
        product: Option<ProductName>,
        action: String,
    ) -> Event {
        let kind = EventKind::Operator { who: actor.who.clone(), from: actor.from, action };
        Event { at: self.now(), device, product, kind }
    }

    /// Keeps what an operator did to a product.
    pub(super) fn log(
        &self,
        actor: &Actor,
        product: Option<&ProductName>,
        action: String,
    ) -> Result<(), Problem> {
        let from = actor.from.map(tracing::field::display);
        tracing::info!(who = actor.who, from, product = product.map(ProductName::as_str), "{action}");
        self.store.append(self.event(actor, None, product.cloned(), action))?;
        Ok(self.store.flush()?)
    }

    /// Shows every device on record to `visit`, page by page.
    pub(super) fn each_device(&self, visit: impl FnMut(&Device)) -> Result<(), Problem> {
        Ok(each_device(&*self.store, visit)?)
    }
}

/// Carries out `work` where it may wait for the disk.
pub(super) async fn carry_out<T: Send + 'static>(
    operator: Arc<Operator>,
    work: impl FnOnce(&Operator) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(move || work(&operator)).await;
    done.unwrap_or_else(|error| {
        Err(Problem::internal("crashed", "the request could not be carried out", error))
    })
}

/// `3 devices`, `1 device`.
pub(super) fn count(number: u64, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}

/// A duration in whole seconds.
pub(super) fn seconds(duration: Duration) -> u64 {
    duration.as_secs().max(1)
}
