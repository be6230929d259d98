//! The whole: listens on every address, then serves until told to stop.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use axum::Router;
use otary_fleet::Transport;
use otary_store::Store;
use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::begun::Begun;
use crate::drain::Drain;
use crate::gate::Gate;
use crate::legacy_digest::LegacyDigests;
use crate::limits::{
    OPERATOR_CONNECTIONS, OPERATOR_DESCRIPTORS, OPERATOR_HANDSHAKE, OPERATOR_SHARE, OWN_DESCRIPTORS,
};
use crate::listener::Listener;
use crate::newcomers::Newcomers;
use crate::operators::Operators;
use crate::shown::Shown;
use crate::sockets::Sockets;
use crate::supervisor::{Phase, Supervisor};
use crate::trouble::Troubles;
use crate::visit::{Devices, Shared};
use crate::worker::Worker;
use crate::{Clock, Engine, Identity, Limits, Options, ServeError, Signing};

/// A server that listens already and does not serve yet.
pub struct Server {
    addresses: Addresses,
    workers: Vec<Worker>,
    supervisor: Supervisor,
    handle: Handle,
}

/// Where a server listens, with the ports that the system chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// HTTPS for devices.
    pub https: SocketAddr,
    /// HTTP for devices.
    pub http: Option<SocketAddr>,
    /// HTTPS for operators.
    pub operator: SocketAddr,
}

/// The reins of a running server. Clones hold the same.
#[derive(Clone)]
pub struct Handle {
    phase: watch::Sender<Phase>,
    shown: Arc<Shown>,
}

impl Handle {
    /// Stops: no new connections, idle ones are closed, running downloads are finished within the bound. Told a second
    /// time, it ends at once.
    pub fn stop(&self) {
        self.phase.send_modify(|phase| {
            *phase = if *phase == Phase::Serving { Phase::Draining } else { Phase::Ending };
        });
    }

    /// Shows another identity from the next handshake on. On an error the server goes on with the one that it shows.
    pub fn show(&self, identity: Identity) -> Result<(), ServeError> {
        self.shown.replace(identity)
    }

    /// Answers agents by other root records and another order key, from the next check-in on.
    pub fn sign_with(&self, signing: Signing) {
        self.shown.sign_with(signing);
    }
}

impl Server {
    /// Listens on every address of `options`. `engine` is of the same store and clock; `operators` is what
    /// [`operator::router`](crate::operator::router) makes.
    pub fn bind(
        options: &Options,
        store: Arc<dyn Store>,
        identity: Identity,
        clock: Clock,
        engine: Engine,
        operators: Router,
    ) -> Result<Self, ServeError> {
        let Sockets { https, http, operator, addresses } = Sockets::open(options)?;
        let shown = Arc::new(Shown::new(identity, options)?);
        let shared = Arc::new(Shared {
            store,
            clock,
            shown: Arc::clone(&shown),
            newcomers: Newcomers::new(&options.limits),
            begun: Begun::default(),
            troubles: Arc::new(Troubles::new(Arc::clone(&engine.counters))),
            transfers: AtomicUsize::new(0),
            legacy_digests: LegacyDigests::default(),
            url: format!("https://{}:{}", options.host, addresses.https.port()),
            poll_after: u32::try_from(options.limits.poll_after.as_secs()).unwrap_or(u32::MAX),
            recorder: options.recorder.clone(),
            rollout: Arc::clone(&engine.rollout),
            census: Arc::clone(&engine.census),
            counters: Arc::clone(&engine.counters),
        });
        let drain = Drain::new();
        let parts = Parts { options, shared: &shared, shown: &shown, drain: &drain };
        let mut workers = parts.device_workers(https, http)?;
        workers.push(parts.operator_worker(operator, operators)?);

        let (phase, watched) = watch::channel(Phase::Serving);
        let supervisor = Supervisor {
            shared,
            engine,
            retention: options.retention,
            look_every: options.limits.look_every,
            drain,
            drain_bound: options.drain,
            phase: watched,
        };
        Ok(Self { addresses, workers, supervisor, handle: Handle { phase, shown } })
    }

    /// Listens on one address more, without TLS, for what `router` answers: see [`operator::signals`](crate::operator::signals).
    /// Returns where.
    pub fn serve_signals(
        &mut self,
        address: SocketAddr,
        router: Router,
        limits: Limits,
    ) -> Result<SocketAddr, ServeError> {
        let (sockets, at) = crate::sockets::open(address, 1)?;
        let listener = Listener {
            front: Operators::new(router),
            tls: None,
            gate: Arc::new(Gate::new(OPERATOR_CONNECTIONS, OPERATOR_SHARE)),
            limits,
            troubles: Arc::clone(&self.supervisor.shared.troubles),
        };
        // The last worker is that of the operators.
        for (socket, worker) in sockets.into_iter().zip(self.workers.last()) {
            worker.serve(socket, listener.clone()).map_err(ServeError::Worker)?;
        }
        Ok(at)
    }

    /// Where it listens.
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The reins, to stop it from another thread.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Serves until the handle says stop and what was under way has ended; then what the store keeps in memory is
    /// written.
    pub fn run(self) -> Result<(), ServeError> {
        let Self { workers, supervisor, handle: _handle, .. } = self;
        let engine = supervisor.engine.clone();
        engine.begin();
        let store = Arc::clone(&supervisor.shared.store);
        let runtime = Builder::new_current_thread().enable_all().build().map_err(ServeError::Worker)?;
        let (end, ended) = watch::channel(false);
        let threads: io::Result<Vec<_>> = workers
            .into_iter()
            .enumerate()
            .map(|(number, worker)| worker.start(format!("otary-{number}"), ended.clone()))
            .collect();
        let threads = threads.map_err(ServeError::Worker)?;
        runtime.block_on(supervisor.look_after());
        end.send_replace(true);
        for thread in threads {
            // A worker that panicked has said so.
            let _ = thread.join();
        }
        engine.end();
        if let Err(error) = store.flush() {
            let error: &dyn std::error::Error = &error;
            tracing::error!(target: "drain", error, "the last second of check-ins is not written");
        }
        Ok(())
    }
}

/// What the workers are made of.
struct Parts<'a> {
    options: &'a Options,
    shared: &'a Arc<Shared>,
    shown: &'a Arc<Shown>,
    drain: &'a Drain,
}

impl Parts<'_> {
    fn device_workers(
        &self,
        https: Vec<TcpListener>,
        http: Vec<TcpListener>,
    ) -> Result<Vec<Worker>, ServeError> {
        let gate = Arc::new(Gate::new(self.connections(), self.options.limits.share_of_one_address));
        let listener = |transport, tls| Listener {
            front: Devices { shared: Arc::clone(self.shared), transport },
            tls,
            gate: Arc::clone(&gate),
            limits: self.options.limits,
            troubles: Arc::clone(&self.shared.troubles),
        };
        let mut http = http.into_iter();
        let mut workers = Vec::new();
        for socket in https {
            let worker = Worker::new(self.drain.clone()).map_err(ServeError::Worker)?;
            let tls = listener(Transport::Https, Some(Arc::clone(&self.shown.to_devices)));
            worker.serve(socket, tls).map_err(ServeError::Worker)?;
            if let Some(socket) = http.next() {
                worker.serve(socket, listener(Transport::Http, None)).map_err(ServeError::Worker)?;
            }
            workers.push(worker);
        }
        Ok(workers)
    }

    fn operator_worker(&self, sockets: Vec<TcpListener>, router: Router) -> Result<Worker, ServeError> {
        let worker = Worker::new(self.drain.clone()).map_err(ServeError::Worker)?;
        let limits = self.options.limits;
        let listener = Listener {
            front: Operators::new(router),
            tls: Some(Arc::clone(&self.shown.to_operators)),
            gate: Arc::new(Gate::new(self.operator_connections(), OPERATOR_SHARE)),
            limits: Limits { handshake: limits.handshake.min(OPERATOR_HANDSHAKE), ..limits },
            troubles: Arc::clone(&self.shared.troubles),
        };
        for socket in sockets {
            worker.serve(socket, listener.clone()).map_err(ServeError::Worker)?;
        }
        Ok(worker)
    }

    /// As many as the limits and the descriptors allow; what otary and its operators need is kept back.
    fn connections(&self) -> usize {
        let descriptors = self.options.descriptors.saturating_sub(OWN_DESCRIPTORS);
        let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
        self.options.limits.connections.min(descriptors.saturating_sub(self.operator_connections()))
    }

    fn operator_connections(&self) -> usize {
        let descriptors = self.options.descriptors / OPERATOR_DESCRIPTORS;
        OPERATOR_CONNECTIONS.min(usize::try_from(descriptors).unwrap_or(usize::MAX))
    }
}
