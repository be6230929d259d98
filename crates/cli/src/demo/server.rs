//! The demo's server: the one of `otary serve`, on the loopback address and free ports, in a thread.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use otary_server::Handle;
use otary_server::operator::Announcement;
use otary_sim::Stop;
use otary_sim::dns::Responder;
use otary_sim::tls::Anchors;
use otary_store::Disk;
use otary_trust::Authority;

use super::board::Surroundings;
use super::screen::{Screen, Shows};
use super::{BOARDS, HOST, PACE, server_log};
use crate::advice::advised;
use crate::config::{Listen, Span, Values};
use crate::platform::{self, Closing};
use crate::serve::Ready;
use crate::signals::on_ending;
use crate::terminal::{Colour, in_two_lines};

/// How often a board with otary's agent asks: as often as the sketches.
const POLL: Duration = Duration::from_secs(10);
/// How long a server may take to start.
const START: Duration = Duration::from_secs(10);

/// The demo's server in its thread; dropped, it ends.
pub struct Server {
    /// Its data directory.
    pub data: PathBuf,
    /// Its store.
    pub store: Arc<Disk>,
    https: SocketAddr,
    anchors: String,
    fingerprint: String,
    handle: Handle,
    thread: Option<JoinHandle<Result<()>>>,
    stop: Stop,
}

impl Server {
    /// Starts it on a data directory of its own, and puts it and its boards in the hands of Ctrl-C.
    pub fn start(data: &Path, screen: &Screen) -> Result<Self> {
        if data.join("otary.db").exists() {
            return Err(advised(
                anyhow!("{} holds a server's data already", data.display()),
                "name a folder that is empty or not there, or leave --data out",
            ));
        }
        let names = BOARDS.iter().map(|role| Ok((role.mac()?.to_string(), role.name)));
        let names: BTreeMap<_, _> = names.collect::<Result<_>>()?;
        let calm = screen.clone();
        server_log::show(screen.lane("server", Colour::Green, Shows::Always), move || calm.is_calm(), names);
        let ready = Ready::prepare(&settings(data))?;
        let (stop, handle) = (Stop::default(), ready.handle());
        let switches = (stop.clone(), handle.clone());
        on_ending(Closing::Ends, move |first| {
            if !first {
                std::process::exit(1);
            }
            switches.0.stop();
            switches.1.stop();
        })?;
        Ok(Self {
            data: data.to_owned(),
            store: Arc::clone(ready.store()),
            https: ready.addresses().https,
            anchors: ready.custody().look(|held| held.authority.anchors_pem()),
            fingerprint: ready.custody().look(|held| held.authority.root().fingerprint().to_string()),
            handle,
            stop,
            thread: Some(thread::Builder::new().name("server".into()).spawn(move || ready.run())?),
        })
    }

    /// Says where it is and whom to trust.
    pub fn announce(&self, screen: &Screen) {
        let lane = screen.lane("server", Colour::Green, Shows::Always);
        lane.say(&self.url());
        lane.say("a certificate authority of its own, made just now, with this SHA-256:");
        for line in in_two_lines(&self.fingerprint) {
            lane.say(line);
        }
    }

    /// Where firmware for it asks.
    pub fn url(&self) -> String {
        format!("https://{HOST}:{}/update", self.https.port())
    }

    /// The certificates that firmware for it trusts, as PEM text.
    pub fn anchors(&self) -> &str {
        &self.anchors
    }

    /// The options that lead a command to this server and no other.
    pub fn access(&self, work: &Path) -> Result<Vec<String>> {
        let begin = Instant::now();
        let announced = loop {
            match Announcement::read(&self.data)? {
                Some(announced) => break announced,
                None if begin.elapsed() > START => return Err(anyhow!("the server did not start")),
                None => thread::sleep(Duration::from_millis(20)),
            }
        };
        let (token, ca) = (work.join("token"), work.join("ca.crt"));
        platform::create_private_file(&token)?.write_all(announced.token.expose().as_bytes())?;
        fs::write(&ca, &announced.ca)?;
        let options = [
            ("--server", announced.url),
            ("--token-file", token.display().to_string()),
            ("--ca", ca.display().to_string()),
        ];
        Ok(options.into_iter().flat_map(|(option, value)| [option.to_owned(), value]).collect())
    }

    /// What the boards find around them.
    pub fn surroundings(&self, dns: &Responder, work: &Path) -> Result<Surroundings> {
        let names = [HOST.parse()?];
        let other =
            Authority::open_or_create(&work.join("elsewhere"), &names, &crate::clock::facts(&*self.store)?)?;
        Ok(Surroundings {
            host: HOST.to_owned(),
            port: self.https.port(),
            dns: dns.address(),
            anchors: Anchors::from_pem(self.anchors.as_bytes())?,
            other_anchors: Anchors::from_pem(other.anchors_pem().as_bytes())?,
            stop: self.stop.clone(),
            root: fs::read(work.join("keys/record-1.bin")).context("reading the root record")?,
            pace: PACE,
        })
    }

    /// Ends it, and says what went wrong while it served.
    pub fn end(mut self) -> Result<()> {
        self.handle.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        ended.unwrap_or(Ok(Ok(()))).unwrap_or_else(|_| Err(anyhow!("the server's thread broke off")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            self.handle.stop();
            // What broke the demo off is told; this is no news.
            let _ = thread.join();
        }
    }
}

/// On this machine alone, on ports that the system chooses.
fn settings(data: &Path) -> Values {
    let somewhere = Listen::At((Ipv4Addr::LOCALHOST, 0).into());
    let mut values = Values { data: data.to_owned(), names: vec![HOST.to_owned()], ..Values::default() };
    values.listen.https = somewhere;
    values.agent.poll = Span(POLL);
    values.listen.http = somewhere;
    values.listen.operator = somewhere;
    values
}
