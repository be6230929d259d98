//! Care of the server's certificate while it serves: renewed in time, and made anew when the machine gets an address
//! or a name that is not in it; one from elsewhere is read again when its files change.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Result;
use otary_server::{Custody, ServeError};
use otary_store::Disk;
use otary_trust::Renewal;

use super::Names;
use super::exhibit::Exhibit;
use super::supplied::Supplied;
use crate::clock;
use crate::table::date;

/// How often is looked: devices that poll meanwhile at a new address fail and come again.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// How often the files of a certificate from elsewhere are looked at.
const GLANCE_EVERY: Duration = Duration::from_secs(2);

/// From when on it is told that such a certificate ends: nobody but its owner can renew it.
const LAST_DAYS: Duration = Duration::from_hours(30 * 24);

/// Looks after an authority's certificates, and after one from elsewhere.
pub struct Custodian {
    custody: Arc<Custody>,
    given: Vec<String>,
    exhibit: Arc<Exhibit>,
    store: Arc<Disk>,
    /// The folder of the authorities.
    trust: PathBuf,
    /// What was said last of a renewal that cannot be.
    said: Once,
    /// The same of files that cannot be used.
    said_of_files: Once,
    /// The same of a certificate from elsewhere that ends.
    said_of_end: Once,
}

/// A warning that is given once, until it is taken back.
#[derive(Debug, Default)]
struct Once(Option<String>);

impl Once {
    fn warn(&mut self, text: String) {
        if self.0.as_ref() != Some(&text) {
            tracing::warn!(target: "trust", "{text}");
            self.0 = Some(text);
        }
    }

    fn take_back(&mut self) {
        self.0 = None;
    }
}

/// The custodian at work, until dropped.
pub struct Care {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Custodian {
    /// A custodian of what is in `custody` and on show by `exhibit`. `given` are the names that the owner gave.
    pub fn new(
        custody: Arc<Custody>,
        exhibit: Arc<Exhibit>,
        given: Vec<String>,
        store: Arc<Disk>,
        trust: PathBuf,
    ) -> Self {
        let [said, said_of_files, said_of_end] = [Once(None), Once(None), Once(None)];
        Self { custody, given, exhibit, store, trust, said, said_of_files, said_of_end }
    }

    /// Begins, in a thread.
    pub fn start(mut self) -> Result<Care> {
        let (end, ended) = mpsc::channel::<()>();
        let pause = if self.exhibit.is_from_elsewhere() { GLANCE_EVERY } else { LOOK_EVERY };
        let work = move || {
            let mut next = Instant::now() + LOOK_EVERY;
            while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                self.glance();
                if Instant::now() >= next {
                    next = Instant::now() + LOOK_EVERY;
                    self.attend();
                }
            }
        };
        let thread = thread::Builder::new().name("custodian".into()).spawn(work)?;
        Ok(Care { end: Some(end), thread: Some(thread) })
    }

    fn attend(&mut self) {
        if let Err(error) = self.look() {
            self.said.warn(format!("the server certificate cannot be renewed: {error:#}"));
        }
    }

    /// Looks at the files of a certificate from elsewhere.
    fn glance(&mut self) {
        match self.exhibit.refresh() {
            Ok(false) => self.said_of_files.take_back(),
            Ok(true) => match self.change_elsewhere() {
                Ok(()) => self.tell(),
                Err(error) => {
                    self.said_of_files.warn(format!("the new certificate cannot be shown: {error:#}"));
                }
            },
            Err(error) => {
                self.said_of_files.warn(format!("the certificate before it is shown on: {error:#}"));
            }
        }
        self.warn_of_end();
    }

    /// Shows the new certificate, and tells of it whoever asks what devices are shown.
    fn change_elsewhere(&self) -> Result<(), ServeError> {
        self.custody.change(clock::now(), |held| {
            held.elsewhere = self.exhibit.look(Supplied::elsewhere);
            Ok(())
        })
    }

    fn tell(&mut self) {
        self.said_of_files.take_back();
        self.exhibit.look(|supplied| {
            let (file, end) = (supplied.file().display(), date(supplied.certificate().not_after()));
            tracing::info!(target: "trust", "the new certificate in {file} is shown to devices; it ends on {end}");
            for refusal in supplied.verdicts(clock::now()).refusals() {
                tracing::warn!(target: "trust", "{refusal}");
            }
        });
    }

    fn warn_of_end(&mut self) {
        let found = self
            .exhibit
            .look(|supplied| (supplied.file().display().to_string(), supplied.certificate().not_after()));
        match found {
            Some((file, end)) if clock::now() + LAST_DAYS >= end => self.said_of_end.warn(format!(
                "the certificate in {file} ends on {}, and otary cannot renew it: put a new one in its place",
                date(end)
            )),
            _ => self.said_of_end.take_back(),
        }
    }

    fn look(&mut self) -> Result<()> {
        let names = Names::find(&self.given)?.all();
        let facts = clock::facts(&*self.store)?;
        // What is shown follows the time as well, so it is shown anew each time.
        let renewal = self.custody.change(facts.now, |held| -> Result<Renewal> {
            held.names = names;
            super::page::refresh(held, &self.trust, &facts)?;
            Ok(held.authority.refresh(&held.names, &facts)?)
        })?;
        match renewal {
            Renewal::NotDue => self.said.take_back(),
            Renewal::Issued(cause) => {
                self.said.take_back();
                tracing::info!(target: "trust", "a new server certificate: {cause}");
            }
            Renewal::Postponed { cause, fault } => {
                self.said.warn(format!("{cause}, and no new one is made: {fault}; {}", fault.help()));
            }
        }
        Ok(())
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
    use std::sync::Arc;
    use std::time::Duration;

    use otary_fleet::{Chip, Event, EventKind, Mac};
    use otary_sim::dns::{Resolver, Responder};
    use otary_sim::tls::{Anchors, Trust};
    use otary_sim::{
        Board, Console, FOUR_MEGABYTES, Identity as Silicon, Nor, Pace, Poll, Sketch, Stop, Until, sample,
    };

    use otary_store::Store as _;

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
        let anchors = ready.custody().look(|held| held.authority.anchors_pem());
        let anchors = Anchors::from_pem(anchors.as_bytes()).unwrap();
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

    #[test]
    fn a_clock_set_back_ten_years_while_it_serves_makes_nothing_and_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let ready = prepare(&folder);
        let (port, handle, custody) =
            (ready.addresses().https.port(), ready.handle(), Arc::clone(ready.custody()));
        let anchors = custody.look(|held| held.authority.anchors_pem());
        let anchors = Anchors::from_pem(anchors.as_bytes()).unwrap();
        let dns = Responder::start([("first.lan", IpAddr::from(Ipv4Addr::LOCALHOST))]).unwrap();
        let Ready { server, mut custodian, store, .. } = ready;
        let server = std::thread::spawn(move || server.run());

        // By the store, it is ten years later than the clock shows.
        let at = crate::clock::now() + Duration::from_hours(10 * 8_766);
        let kind = EventKind::Operator { who: "local".into(), from: None, action: "a record".into() };
        store.append(Event { at, device: None, product: None, kind }).unwrap();
        let leaf = || custody.look(|held| held.authority.leaf().unwrap().certificate().clone());
        let before = leaf();
        custodian.given.push("second.lan".into());
        custodian.look().unwrap();
        let said = custodian.said.0.clone().unwrap();
        assert!(said.contains("no new one is made: the clock shows 20"), "{said}");
        assert!(said.contains("but the store holds a record of 20"), "{said}");
        assert_eq!(leaf(), before);
        assert!(matches!(poll("first.lan", port, &anchors, &dns), Poll::NoUpdate { .. }));
        handle.stop();
        server.join().unwrap().unwrap();
    }
}
