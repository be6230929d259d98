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
                self.handle.show(Identity::of(&self.authority)?)?;
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use otary_fleet::{Chip, Mac};
    use otary_sim::dns::{Resolver, Responder};
    use otary_sim::tls::{Anchors, Trust};
    use otary_sim::{
        Board, Console, FOUR_MEGABYTES, Identity as Silicon, Nor, Pace, Poll, Sketch, Stop, Until, sample,
    };

    use crate::config::{Listen, Values};
    use crate::serve::Ready;

    /// A server on loopback whose owner called it `first.lan`.
    fn prepare(folder: &tempfile::TempDir) -> Ready {
        let somewhere = Listen::At((Ipv4Addr::LOCALHOST, 0).into());
        let mut values =
            Values { data: folder.path().join("x"), names: vec!["first.lan".into()], ..Values::default() };
        (values.listen.https, values.listen.operator) = (somewhere, somewhere);
        values.listen.http = Listen::Off;
        Ready::prepare(&values).unwrap()
    }

    fn poll(host: &str, port: u16, anchors: &Anchors, dns: &Responder) -> Poll {
        let mac = Mac::new([2, 0, 0, 0, 0, 1]).unwrap();
        let mut board = Board::new(Silicon::new(Chip::Esp32, mac), Nor::erased(FOUR_MEGABYTES).unwrap());
        board.flash_factory(&sample::app(Chip::Esp32, "1", 20_000).unwrap(), None).unwrap();
        let mut sketch =
            Sketch::new(&format!("https://{host}:{port}/update"), Trust::Anchors(anchors.clone()));
        sketch.link.resolver = Resolver::Server(dns.address());
        let pace = Pace::scaled(0.0, Stop::default());
        let mut console = Console::new(std::io::sink());
        board.run_until(&sketch, &pace, &mut console, Until::Polls(1)).unwrap().remove(0)
    }

    #[test]
    fn a_new_name_is_in_the_certificate_of_the_next_handshake() {
        let folder = tempfile::tempdir().unwrap();
        let ready = prepare(&folder);
        let (port, handle) = (ready.addresses().https.port(), ready.handle());
        let anchors = Anchors::from_pem(ready.authority().anchors_pem().as_bytes()).unwrap();
        let here = IpAddr::from(Ipv4Addr::LOCALHOST);
        let dns = Responder::start([("first.lan", here), ("second.lan", here)]).unwrap();
        let Ready { server, mut custodian, .. } = ready;
        let server = std::thread::spawn(move || server.run());

        assert!(matches!(poll("first.lan", port, &anchors, &dns), Poll::NoUpdate { .. }));
        assert!(matches!(poll("second.lan", port, &anchors, &dns), Poll::Failed { .. }));
        custodian.given.push("second.lan".into());
        custodian.look().unwrap();
        for host in ["first.lan", "second.lan"] {
            assert!(matches!(poll(host, port, &anchors, &dns), Poll::NoUpdate { .. }), "{host}");
        }
        handle.stop();
        server.join().unwrap().unwrap();
    }
}
