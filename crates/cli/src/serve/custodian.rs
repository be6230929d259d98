//! Care of the server's certificate while it serves: renewed in time, and made anew when the machine gets an address
//! or a name that is not in it.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;
use otary_server::{Handle, Identity};
use otary_store::Disk;
use otary_trust::{Authority, Renewal};

use super::Names;
use crate::clock;

/// How often is looked: devices that poll meanwhile at a new address fail and come again.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Looks after an authority's certificate.
pub struct Custodian {
    authority: Authority,
    given: Vec<String>,
    store: Arc<Disk>,
    handle: Handle,
    /// What was said last of a renewal that cannot be: it is said once.
    said: Option<String>,
}

/// The custodian at work, until dropped.
pub struct Care {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Custodian {
    /// A custodian who shows new certificates by `handle`. `given` are the names that the owner gave.
    pub const fn new(authority: Authority, given: Vec<String>, store: Arc<Disk>, handle: Handle) -> Self {
        Self { authority, given, store, handle, said: None }
    }

    /// Whose certificate it is.
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Begins, in a thread.
    pub fn start(mut self) -> Result<Care> {
        let (end, ended) = mpsc::channel::<()>();
        let work = move || {
            while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = self.look() {
                    self.say(format!("the server certificate cannot be renewed: {error:#}"));
                }
            }
        };
        let thread = thread::Builder::new().name("custodian".into()).spawn(work)?;
        Ok(Care { end: Some(end), thread: Some(thread) })
    }

    fn look(&mut self) -> Result<()> {
        let names = Names::find(&self.given)?.all();
        let facts = clock::facts(&*self.store)?;
        match self.authority.refresh(&names, &facts)? {
            Renewal::NotDue => self.said = None,
            Renewal::Issued(cause) => {
                self.handle.show(Identity::of(&self.authority)?);
                self.said = None;
                tracing::info!(target: "trust", "a new server certificate: {cause}");
            }
            Renewal::Postponed { cause, fault } => {
                self.say(format!("{cause}, and no new one is made: {fault}; {}", fault.help()));
            }
        }
        Ok(())
    }

    /// Warns, once of each thing.
    fn say(&mut self, text: String) {
        if self.said.as_ref() != Some(&text) {
            tracing::warn!(target: "trust", "{text}");
            self.said = Some(text);
        }
    }
}

impl Drop for Care {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A custodian that panicked has said so.
            let _ = thread.join();
        }
    }
}
