//! A server from its settings: opens the data directory, finds or makes the authority, listens, serves, ends.

mod authority;
mod banner;
mod companions;
mod custodian;
mod exhibit;
mod follower;
mod hosts;
mod log;
mod mail;
mod names;
mod otel;
mod page;
mod supplied;
mod tls;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow};
use otary_server::operator::{Announcement, Operator, Secret, Site, router, signals};
use otary_server::recording::{Recorder, Recording};
use otary_server::{
    Addresses, Clock, Custody, Handle, Held, Limits, Options, ServeError, Server, raise_descriptor_limit,
};
use otary_store::{Disk, DiskOptions, Retention, Store};

use crate::advice::advised;
use crate::clock;
use crate::config::{Listen, Values};
use crate::data::DataDir;
use crate::platform::Closing;
use crate::signals::on_ending;

pub use follower::with_fetcher;
pub use log::start as start_log;
pub use mail::with_mailer;
pub use names::Names;
pub use supplied::Supplied;

use companions::Companions;
use custodian::Custodian;
use exhibit::{Exhibit, identity};
use follower::Follower;

/// A server that listens and does not serve yet.
pub struct Ready {
    server: Server,
    metrics: Option<SocketAddr>,
    data: DataDir,
    store: Arc<Disk>,
    custodian: Custodian,
    custody: Arc<Custody>,
    exhibit: Arc<Exhibit>,
    companions: Companions,
    follower: Follower,
    names: Names,
    descriptors: u64,
    owner: Secret,
}

impl Ready {
    /// Opens everything and listens. Without a certificate to serve and with a clock that cannot be right, this waits
    /// until it is.
    pub fn prepare(values: &Values) -> Result<Self> {
        let data = DataDir::prepare(&values.data)?;
        let max_strangers = usize::try_from(values.limits.unknown_devices).unwrap_or(usize::MAX);
        let store = data.open_store(DiskOptions { max_strangers, ..DiskOptions::default() })?;
        let store = Arc::new(store);
        let names = Names::find(&values.names)?;
        let authority = authority::open(&data, &names, &*store, &values.trust)?;
        let supplied = Supplied::read(&values.tls)?;
        let root = authority.root().fingerprint().to_string();
        let elsewhere = supplied.as_ref().map(Supplied::elsewhere);
        let mut held = Held { authority, names: names.all(), elsewhere, page: None };
        page::refresh(&mut held, &data.trust(), &clock::facts(&*store)?)?;
        let identity = identity(&held, supplied.as_ref(), clock::now())?;
        let custody = Arc::new(Custody::new(held, clock::built()));
        let names = names.shown(supplied.as_ref().map(Supplied::certificate));
        let descriptors = raise_descriptor_limit();
        let owner = Secret::generate().map_err(|_| anyhow!("the system gives no random numbers"))?;
        let site = Site {
            data: data.path().to_owned(),
            fingerprint: Some(root),
            retention: retention(values),
            horizon: values.trust.horizon.0,
            max_strangers: values.limits.unknown_devices,
            open_files: Some(descriptors),
        };
        let operator = Operator::new(Arc::clone(&store) as _, Clock::system(), site, Some(&owner));
        let operator = with_fetcher(operator.with_custody(Arc::clone(&custody)));
        let operator = Arc::new(with_mailer(operator, &values.mail)?);
        let options = options(values, &names, descriptors)?;
        let shared: Arc<dyn Store> = Arc::clone(&store) as _;
        let hosts = hosts::known(values, &names, &custody)?;
        let operators = hosts.clone().guard(otary_page::over(router(Arc::clone(&operator))));
        let engine = operator.engine();
        let server = Server::bind(&options, shared, identity, Clock::system(), engine, operators);
        let mut server = server.map_err(not_listening)?;
        operator.note_port(server.addresses().https.port());
        if values.sntp.is_for_devices() {
            operator.note_time_server();
        }
        let metrics = serve_signals(&mut server, values, &options, signals(Arc::clone(&operator), hosts))?;
        let exhibit = Arc::new(Exhibit::new(server.handle(), supplied));
        custody.look(|held| exhibit.sign(&held.authority))?;
        let shown = Arc::clone(&exhibit);
        custody.show_by(move |held, now| shown.show(held, now));
        let (given, known) = (values.names.clone(), Arc::clone(&store));
        let trust = data.trust();
        let custodian = Custodian::new(Arc::clone(&custody), Arc::clone(&exhibit), given, known, trust);
        let companions = Companions::prepare(values, &names, server.addresses().https, &data, &store)?;
        let follower = Follower::of(operator);
        Ok(Self {
            server,
            metrics,
            data,
            store,
            custodian,
            custody,
            exhibit,
            companions,
            follower,
            names,
            descriptors,
            owner,
        })
    }

    /// Where it listens.
    pub const fn addresses(&self) -> Addresses {
        self.server.addresses()
    }

    /// The authority that devices trust.
    pub const fn custody(&self) -> &Arc<Custody> {
        &self.custody
    }

    /// What devices are shown.
    fn exhibit(&self) -> &Exhibit {
        &self.exhibit
    }

    /// The store that it works on.
    pub const fn store(&self) -> &Arc<Disk> {
        &self.store
    }

    /// The reins.
    pub fn handle(&self) -> Handle {
        self.server.handle()
    }

    /// Tells local commands where it is, serves until it is told to stop, and finishes what is under way.
    pub fn run(self) -> Result<()> {
        let announcement = Announcement {
            url: format!("https://{}", reachable(self.addresses().operator)),
            https: self.addresses().https,
            token: self.owner,
            ca: self.custody.look(page::anchors),
            process: std::process::id(),
        };
        announcement.write(self.data.path()).context("telling local commands of this server")?;
        let care = self.custodian.start()?;
        let company = self.companions.start()?;
        let following = self.follower.start()?;
        let served = self.server.run();
        drop((following, company, care));
        Announcement::remove(self.data.path()).context("taking back what local commands were told")?;
        Ok(served?)
    }
}

/// `otary serve`: prepares, says what it serves and what to type next, serves until Ctrl-C or SIGTERM.
pub fn serve(values: &Values) -> Result<()> {
    let _log = start_log(&values.log, Some(&values.otel))?;
    let ready = Ready::prepare(values)?;
    watch_signals(ready.handle())?;
    // Whoever started the server may have closed its output: no reason not to serve.
    let _ = banner::print(&ready);
    banner::warn_without_backup(&*ready.store)?;
    ready.run()
}

/// Listens for Prometheus, if the settings say where.
fn serve_signals(
    server: &mut Server,
    values: &Values,
    options: &Options,
    router: axum::Router,
) -> Result<Option<SocketAddr>> {
    let Some(address) = values.listen.metrics.address(everywhere()) else { return Ok(None) };
    let at = server.serve_signals(address, router, options.limits);
    at.map(Some).map_err(not_listening)
}

/// What the server library is to be told.
fn options(values: &Values, names: &Names, descriptors: u64) -> Result<Options> {
    let everywhere = everywhere();
    let needed = |listen: Listen, key: &str, why: &str| {
        let address = listen.address(everywhere);
        address.ok_or_else(|| advised(anyhow!("{key} is off"), format!("{why}; give it an address")))
    };
    let limits = &values.limits;
    Ok(Options {
        https: needed(values.listen.https, "listen.https", "devices are updated there")?,
        http: values.listen.http.address(everywhere),
        operator: needed(values.listen.operator, "listen.operator", "commands reach the server there")?,
        host: names.primary(),
        workers: thread::available_parallelism().map_or(1, usize::from),
        descriptors,
        drain: values.drain.0,
        tls: tls::rules(&values.tls),
        tls_of_names: tls::rules_of_names(&values.tls)?,
        recorder: recorder(values)?,
        retention: retention(values),
        limits: Limits {
            handshake: limits.handshake.0,
            head: limits.head.0,
            stall: limits.stall.0,
            connections: usize::try_from(limits.connections).unwrap_or(usize::MAX),
            new_devices_at_once: limits.new_devices_at_once,
            new_device_every: limits.new_device_every.0,
            poll_after: values.agent.poll.0,
            ..Limits::default()
        },
    })
}

/// How long things are kept, by the settings.
pub const fn retention(values: &Values) -> Retention {
    let kept = &values.retention;
    Retention {
        events: kept.events.0,
        max_events: kept.max_events,
        unreferenced: kept.unreferenced.0,
        withdrawn: kept.withdrawn.0,
        max_artifact_bytes: kept.artifacts.0,
    }
}

/// Why a server does not listen, with what to do about it.
fn not_listening(error: ServeError) -> anyhow::Error {
    let kind = match &error {
        ServeError::Listen { source, .. } => source.kind(),
        _ => return error.into(),
    };
    let help = match kind {
        io::ErrorKind::AddrNotAvailable => "this machine has no such address",
        io::ErrorKind::PermissionDenied => "ports below 1024 take a privilege: choose another one",
        _ => "is another server running?",
    };
    let help = format!("{help}; `otary config show` lists the addresses and where each was set");
    advised(error.into(), help)
}

/// Every address of this machine: by IPv6, which takes in IPv4, or by IPv4 alone where there is no IPv6.
fn everywhere() -> IpAddr {
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)) {
        Ok(_) => Ipv6Addr::UNSPECIFIED.into(),
        Err(_) => Ipv4Addr::UNSPECIFIED.into(),
    }
}

/// An address that a process of this machine can connect to, and that is in the certificate.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        ip if !ip.is_unspecified() => ip,
        _ => Ipv4Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listening.port())
}

/// Stops the server at the first Ctrl-C or SIGTERM, and at once at the second.
fn watch_signals(handle: Handle) -> Result<()> {
    on_ending(Closing::Goes, move |first| {
        if first {
            tracing::info!(target: "drain", "ending: running downloads are finished first; Ctrl-C again ends at once");
        }
        handle.stop();
    })
}

/// Begins the recording that the settings ask for.
fn recorder(values: &Values) -> Result<Option<Arc<Recorder>>> {
    let Some(file) = &values.record.file else { return Ok(None) };
    let recording = Recording { file: file.clone(), max_bytes: values.record.size.0 };
    let begun = Recorder::begin(recording);
    let recorder = begun.with_context(|| format!("recording to {} (record.file)", file.display()))?;
    tracing::info!(file = %file.display(), "what devices say is recorded");
    Ok(Some(Arc::new(recorder)))
}
