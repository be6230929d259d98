//! A server with its catalogue, on ports that the system chose.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use otary_fleet::{
    Artifact, Campaign, Channel, Chip, Device, Kind, Mac, Md5, Product, ProductName, Release, ReleaseId,
    Sha256, Time,
};
use otary_server::{Addresses, Clock, Engine, Handle, Identity, Limits, Options, Rollout, Server, TlsRules};
use otary_store::{Admit, Memory, Retention, Store};
use otary_trust::{Authority, Name};
use tempfile::TempDir;

use crate::log;

/// 2026-11-23.
pub const TODAY: Time = Time::from_secs(1_795_392_000);

/// The host names and addresses in the server's certificate.
pub const NAMES: [&str; 3] = ["serverota.local", "localhost", "127.0.0.1"];

/// A file of a release, and what a test changes of its facts.
type File<'a> = (&'a [u8], &'a dyn Fn(&mut Artifact));

/// A server that runs until it is dropped.
pub struct Site {
    pub store: Arc<dyn Store>,
    pub clock: Clock,
    pub rollout: Arc<Rollout>,
    pub engine: Engine,
    pub addresses: Addresses,
    pub authority: Authority,
    pub handle: Handle,
    pub folder: TempDir,
    options: Options,
    thread: Option<JoinHandle<()>>,
}

/// Options for loopback, where a test changes what it is about.
pub fn options() -> Options {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    Options {
        https: loopback,
        http: Some(loopback),
        operator: loopback,
        host: "serverota.local".into(),
        workers: 2,
        descriptors: 1024,
        drain: Duration::from_secs(10),
        tls: TlsRules::default(),
        tls_of_names: BTreeMap::new(),
        recorder: None,
        retention: Retention {
            events: Duration::from_hours(24),
            max_events: 100_000,
            unreferenced: Duration::from_hours(24),
            withdrawn: Duration::from_hours(24),
            max_artifact_bytes: u64::MAX,
        },
        limits: Limits::default(),
    }
}

impl Site {
    pub fn start() -> Self {
        Self::with(&options())
    }

    pub fn with(options: &Options) -> Self {
        Self::on(Arc::new(Memory::default()), options)
    }

    pub fn on(store: Arc<dyn Store>, options: &Options) -> Self {
        Self::serving(store, options, axum::Router::new())
    }

    pub fn serving(store: Arc<dyn Store>, options: &Options, operators: axum::Router) -> Self {
        log::capture();
        let folder = TempDir::new().unwrap();
        let names: Vec<Name> = NAMES.iter().map(|name| name.parse().unwrap()).collect();
        let wall = otary_trust::Clock { now: Clock::system().now(), built: TODAY, newest: Time::default() };
        let authority = Authority::open_or_create(&folder.path().join("trust"), &names, &wall).unwrap();
        let clock = Clock::standing_at(TODAY);
        let identity = Identity::of(&authority, Clock::system().now()).unwrap();
        let engine = Engine::new(&store, &clock);
        let (rollout, at) = (Arc::clone(&engine.rollout), clock.clone());
        let shared = engine.clone();
        let server = Server::bind(options, Arc::clone(&store), identity, at, shared, operators).unwrap();
        let (addresses, handle) = (server.addresses(), server.handle());
        let thread = std::thread::spawn(move || server.run().unwrap());
        let (options, thread) = (options.clone(), Some(thread));
        Self { store, clock, rollout, engine, addresses, authority, handle, folder, options, thread }
    }

    /// Ends the server; the site is there without one.
    pub fn stop(&mut self) {
        self.handle.stop();
        self.wait();
    }

    /// Starts another server on the same records.
    pub fn serve_again(&mut self) {
        let identity = Identity::of(&self.authority, Clock::system().now()).unwrap();
        let engine = Engine::new(&self.store, &self.clock);
        let (store, clock, rollout) =
            (Arc::clone(&self.store), self.clock.clone(), Arc::clone(&engine.rollout));
        let nobody = axum::Router::new();
        let server = Server::bind(&self.options, store, identity, clock, engine, nobody).unwrap();
        (self.addresses, self.handle, self.rollout) = (server.addresses(), server.handle(), rollout);
        self.thread = Some(std::thread::spawn(move || server.run().unwrap()));
        // It looks after campaigns when it begins; the next time is for the test to say.
        while self.rollout.looks() == 0 {
            std::thread::yield_now();
        }
    }

    /// Both.
    pub fn restart(&mut self) {
        self.stop();
        self.serve_again();
    }

    /// One product, `lamp`, with the releases 0.1 and 0.3 for the ESP32, of which 0.3 is current.
    pub fn lamp() -> Self {
        Self::start().with_lamp()
    }

    pub fn with_lamp(self) -> Self {
        self.product("lamp", |_| {});
        self.publish("lamp", "0.1", &firmware("lamp-0.1"), Some(Chip::Esp32));
        self.publish("lamp", "0.3", &firmware("lamp-0.3"), Some(Chip::Esp32));
        self
    }

    pub fn product(&self, product: &str, change: impl FnOnce(&mut Product)) {
        let mut product = Product::new(name(product), self.clock.now());
        change(&mut product);
        self.store.put_product(&product).unwrap();
    }

    /// Publishes an app image.
    pub fn publish(&self, product: &str, version: &str, bytes: &[u8], chip: Option<Chip>) -> Sha256 {
        self.release(product, version, "stable", bytes, |artifact| artifact.chip = chip)
    }

    /// Publishes a file, with facts that the test changes.
    pub fn release(
        &self,
        product: &str,
        version: &str,
        channel: &str,
        bytes: &[u8],
        change: impl FnOnce(&mut Artifact),
    ) -> Sha256 {
        self.clock.advance(Duration::from_mins(1));
        let mut artifact = self.artifact(bytes, &format!("{product}-{version}.bin"));
        change(&mut artifact);
        let release = self.release_of(product, version, channel, &[&artifact]);
        self.store.publish(&release, &[artifact.clone()]).unwrap();
        artifact.id
    }

    /// Publishes an app image for the ESP32 that goes out by a campaign.
    pub fn publish_by(&self, product: &str, version: &str, bytes: &[u8], campaign: &Campaign) {
        let mut artifact = self.artifact(bytes, &format!("{product}-{version}.bin"));
        artifact.chip = Some(Chip::Esp32);
        let release = self.release_of(product, version, "stable", &[&artifact]);
        self.store.publish_with(&release, &[artifact], std::slice::from_ref(campaign)).unwrap();
    }

    /// The same of several files, each with its facts.
    pub fn release_with(&self, product: &str, version: &str, files: &[File<'_>]) {
        self.clock.advance(Duration::from_mins(1));
        let artifact = |(bytes, change): &File<'_>| {
            let mut artifact = self.artifact(bytes, &format!("{product}-{version}.bin"));
            change(&mut artifact);
            artifact
        };
        let artifacts: Vec<Artifact> = files.iter().map(artifact).collect();
        let release = self.release_of(product, version, "stable", &artifacts.iter().collect::<Vec<_>>());
        self.store.publish(&release, &artifacts).unwrap();
    }

    fn artifact(&self, bytes: &[u8], file_name: &str) -> Artifact {
        let mut writer = self.store.begin_blob().unwrap();
        writer.write_all(bytes).unwrap();
        writer.commit().unwrap();
        facts(bytes, file_name, self.clock.now())
    }

    fn release_of(&self, product: &str, version: &str, channel: &str, artifacts: &[&Artifact]) -> Release {
        Release {
            id: ReleaseId { product: name(product), version: version.into() },
            channel: channel.parse::<Channel>().unwrap(),
            artifacts: artifacts.iter().map(|artifact| artifact.id).collect(),
            order: otary_fleet::Sequence::default(),
            via: None,
            manifests: Vec::new(),
            notes: String::new(),
            published: self.clock.now(),
            withdrawn: None,
            pinned: false,
        }
    }

    pub fn withdraw(&self, product: &str, version: &str) {
        let id = ReleaseId { product: name(product), version: version.into() };
        let mut release = self.store.catalogue().release(&id).unwrap().clone();
        release.withdrawn = Some(self.clock.now());
        self.store.put_release(&release).unwrap();
    }

    pub fn device(&self, mac: &str) -> Option<Device> {
        self.store.device(mac.parse().unwrap()).unwrap()
    }

    /// What the operator does to a device's record.
    pub fn operate(&self, mac: &str, mut change: impl FnMut(&mut Device)) {
        let mac: Mac = mac.parse().unwrap();
        let mut visit = |device: Option<&mut Device>| {
            change(device.unwrap());
            Vec::new()
        };
        self.store.with_device(mac, self.clock.now(), Admit::New, &mut visit).unwrap();
    }

    pub fn ca_file(&self) -> std::path::PathBuf {
        let path = self.folder.path().join("ca.pem");
        std::fs::write(&path, self.authority.anchors_pem()).unwrap();
        path
    }

    /// Waits for the server to end after a stop.
    pub fn wait(&mut self) {
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.handle.stop();
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            // A server that panicked fails the test by what it does not answer.
            let _ = thread.join();
        }
    }
}

pub fn name(text: &str) -> ProductName {
    text.parse().unwrap()
}

/// An image as far as clients look: its magic byte first, and the digest of the rest at its end.
pub fn firmware(text: &str) -> Vec<u8> {
    sized_firmware(text, 8 * 1024)
}

pub fn sized_firmware(text: &str, size: usize) -> Vec<u8> {
    let filler = text.bytes().cycle().take(size - 33);
    let mut bytes: Vec<u8> = std::iter::once(0xE9).chain(filler).collect();
    let digest = Sha256::of(&bytes);
    bytes.extend(digest.0);
    bytes
}

/// The digest at an image's end; that of the whole of what is too short for one.
pub fn appended(bytes: &[u8]) -> Sha256 {
    bytes.last_chunk().map_or_else(|| Sha256::of(bytes), |digest| Sha256(*digest))
}

fn facts(bytes: &[u8], file_name: &str, added: Time) -> Artifact {
    Artifact {
        id: Sha256::of(bytes),
        size: bytes.len() as u64,
        md5: Md5::of(bytes),
        kind: Kind::App,
        chip: None,
        variant: otary_fleet::Variant::Whole,
        filesystem: None,
        gzip: false,
        md5s: vec![Md5::of(bytes)],
        digests: vec![appended(bytes)],
        file_name: file_name.into(),
        proposed_version: None,
        project: None,
        sdk: None,
        embedded: otary_fleet::Embedded::default(),
        added,
    }
}

/// Options with a change.
pub fn options_with(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = options();
    change(&mut options);
    options
}

/// Another server of the same site.
pub fn bind(options: &Options, site: &Site) -> Result<Server, otary_server::ServeError> {
    let identity = Identity::of(&site.authority, Clock::system().now()).unwrap();
    let (store, clock) = (Arc::clone(&site.store), site.clock.clone());
    let engine = Engine::new(&store, &clock);
    Server::bind(options, store, identity, clock, engine, axum::Router::new())
}
