//! Traffic: so many requests over a few connections at a time, every answer checked.

use std::io::{Read as _, Write as _};
use std::thread;

use anyhow::Context as _;

use crate::case::{Case, Load, Version};
use crate::client::{Client, Link};
use crate::http::{self, Answer};
use crate::peer::{Peer, Site};

/// Connections at a time: enough that a server always has work, as with a fleet.
const CONNECTIONS: u32 = 16;
const BUFFER: usize = 64 * 1024;

/// One thread's share of a run.
#[derive(Clone, Copy)]
struct Share<'a> {
    device: u32,
    requests: u32,
    version: Version,
    peer: &'a Peer,
    site: &'a Site,
}

/// Sends `requests` of this case's kind and returns when all are answered, as they must be.
pub fn run(case: &Case, requests: u32, peer: &Peer, site: &Site) -> anyhow::Result<()> {
    let shares = (0..CONNECTIONS).map(|device| Share {
        device,
        requests: requests / CONNECTIONS,
        version: case.version,
        peer,
        site,
    });
    thread::scope(|scope| {
        let threads: Vec<_> = shares.map(|share| scope.spawn(move || share.send(case.load))).collect();
        for thread in threads {
            let ended = thread.join().map_err(|_| anyhow::anyhow!("a thread of the client panicked"))?;
            ended.with_context(|| format!("{} from {}", case.name, peer.kind.name()))?;
        }
        Ok(())
    })
}

/// How many requests a run of about this many really sends.
pub fn rounded(requests: u32) -> u32 {
    requests / CONNECTIONS * CONNECTIONS
}

impl Share<'_> {
    fn send(self, load: Load) -> anyhow::Result<()> {
        match load {
            Load::Kept => self.send_kept(&http::check_in(self.device, &self.site.firmware, true), 304, 0),
            Load::Image => {
                self.send_kept(&http::download(&self.peer.image_path), 200, self.site.firmware.size)
            }
            Load::Fresh => self.send_fresh(),
        }
    }

    fn send_kept(self, request: &str, status: u16, body: u64) -> anyhow::Result<()> {
        let mut stream = self.client().connect(self.peer.port, self.version, Link::Fast)?;
        let mut buffer = vec![0; BUFFER];
        for _ in 0..self.requests {
            stream.write_all(request.as_bytes())?;
            let answer = http::read_answer(&mut stream, &mut buffer)?;
            anyhow::ensure!(answer == Answer { status, body }, "{answer:?} instead of {status}");
        }
        Ok(())
    }

    fn send_fresh(self) -> anyhow::Result<()> {
        let request = http::check_in(self.device, &self.site.firmware, false);
        let mut buffer = vec![0; BUFFER];
        for _ in 0..self.requests {
            let mut stream = self.client().connect(self.peer.port, self.version, Link::Fast)?;
            stream.write_all(request.as_bytes())?;
            let answer = http::read_answer(&mut stream, &mut buffer)?;
            anyhow::ensure!(answer.status == 304, "{answer:?} instead of 304");
            // The server closes first; whether with a TLS alert or without makes no difference to a board.
            while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
        }
        Ok(())
    }

    fn client(&self) -> &Client {
        &self.site.client
    }
}
