//! A thread with a runtime of its own, and the listeners that it serves.

use std::io;
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::drain::Drain;

use crate::front::Front;
use crate::limits::BLOB_THREADS;
use crate::listener::{Listener, adopt};

/// A runtime on which listeners are set up before its thread starts.
pub(crate) struct Worker {
    runtime: Runtime,
    drain: Drain,
}

impl Worker {
    /// A runtime whose listeners stop, and whose connections end as soon as they can, when `drain` begins.
    pub(crate) fn new(drain: Drain) -> io::Result<Self> {
        let runtime =
            Builder::new_current_thread().enable_all().max_blocking_threads(BLOB_THREADS).build()?;
        Ok(Self { runtime, drain })
    }

    /// Adds a listener.
    pub(crate) fn serve<F: Front>(&self, socket: TcpListener, listener: Listener<F>) -> io::Result<()> {
        let entered = self.runtime.enter();
        let socket = adopt(socket)?;
        self.runtime.spawn(listener.listen(socket, self.drain.subscribe()));
        drop(entered);
        Ok(())
    }

    /// Runs until `ended` turns true; what is still open then is closed.
    pub(crate) fn start(self, name: String, mut ended: watch::Receiver<bool>) -> io::Result<JoinHandle<()>> {
        let Self { runtime, .. } = self;
        let run = move || {
            // An error means that whoever could end it is gone, which ends it too.
            let _ = runtime.block_on(ended.wait_for(|ended| *ended));
        };
        thread::Builder::new().name(name).spawn(run)
    }
}
