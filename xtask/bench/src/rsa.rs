//! otary's server with an RSA certificate.
//!
//! `otary serve` makes P-256 certificates alone, so the cost of an RSA handshake is measured on the same server
//! library, store and options, in this program. Only the form of the log differs.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use otary_server::{Clock, Engine, Identity, Limits, Options, Server, TlsRules, raise_descriptor_limit};
use otary_store::{Disk, DiskOptions, Retention, Store};
use otary_trust::Certificate;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

const DAY: Duration = Duration::from_hours(24);

/// Nothing is old enough to go while a measurement runs.
pub const KEEP_ALL: Retention = Retention {
    events: DAY,
    max_events: 1_000_000,
    unreferenced: DAY,
    withdrawn: DAY,
    max_artifact_bytes: 1 << 30,
};

/// Files of one server.
#[derive(Clone, Copy)]
pub struct Files<'a> {
    /// A data directory in which a release was published.
    pub data: &'a Path,
    pub root: &'a Path,
    pub certificate: &'a Path,
    pub key: &'a Path,
}

/// Serves on this loopback port until killed.
pub fn serve(files: Files<'_>, port: u16) -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let store: Arc<dyn Store> = Arc::new(Disk::open(files.data, DiskOptions::default())?);
    let (clock, nobody) = (Clock::system(), axum::Router::new());
    let engine = Engine::new(&store, &clock);
    let server = Server::bind(&options(port)?, store, identity(files)?, clock, engine, nobody)?;
    Ok(server.run()?)
}

fn identity(files: Files<'_>) -> anyhow::Result<Identity> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(files.certificate)?.collect();
    let key = PrivateKeyDer::from_pem_file(files.key).context("the server's key")?;
    let anchors = std::fs::read_to_string(files.root)?;
    let root = Certificate::from_pem(anchors.as_bytes()).context("the root")?;
    Ok(Identity::alone(chain?, &key, &anchors, &root)?)
}

fn options(port: u16) -> anyhow::Result<Options> {
    let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Ok(Options {
        recorder: None,
        https: loopback(port),
        http: None,
        operator: loopback(0),
        host: "localhost".to_owned(),
        workers: std::thread::available_parallelism()?.get(),
        descriptors: raise_descriptor_limit(),
        drain: Duration::ZERO,
        tls: TlsRules::default(),
        tls_of_names: BTreeMap::new(),
        retention: KEEP_ALL,
        limits: Limits::default(),
    })
}
