//! Resident memory: of a server that does nothing, for each idle connection, for each slow download.
//!
//! Each from a fresh process, so that no memory left over from other traffic hides what a connection takes. What
//! the kernel holds in socket buffers is not part of it, and is read to be sure that downloads are under way.

use std::fs;
use std::io::{Read as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::case::{Key, Version};
use crate::client::{Link, Stream};
use crate::http;
use crate::peer::{Kind, Peer, Site};

/// Connections at a time.
pub const CONNECTIONS: u32 = 1000;
/// How long slow readers read before their server is measured, and how often they take some.
const SLOW_READING: Duration = Duration::from_secs(6);
const PAUSE: Duration = Duration::from_millis(500);
/// What each slow reader takes at a time.
const SIP: usize = 512;
/// Time for a server to settle.
const SETTLE: Duration = Duration::from_secs(1);
/// Boards that check in; a thousand connections of theirs are no flood of strangers.
const DEVICES: u32 = 16;

/// What the connections do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// Nothing more, after an answered check-in.
    Idle,
    /// Taking the image, a sip at a time.
    Downloading,
}

/// Bytes, of one server.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub idle: u64,
    pub per_idle_connection: f64,
    pub per_slow_download: f64,
}

pub fn measure(kind: Kind, site: &Site, connections: u32) -> anyhow::Result<Memory> {
    let (idle, per_idle_connection) = measure_one(kind, site, connections, Doing::Idle)?;
    let (_, per_slow_download) = measure_one(kind, site, connections, Doing::Downloading)?;
    Ok(Memory { idle, per_idle_connection, per_slow_download })
}

/// Resident bytes before, and the difference for each connection.
fn measure_one(kind: Kind, site: &Site, connections: u32, doing: Doing) -> anyhow::Result<(u64, f64)> {
    let peer = Peer::start(kind, site, Key::P256)?;
    drop(open(&peer, site, 0, Doing::Idle)?);
    thread::sleep(SETTLE);
    let before = peer.server.resident()?;
    let streams: anyhow::Result<Vec<Stream>> =
        (0..connections).map(|device| open(&peer, site, device, doing)).collect();
    let mut streams = streams?;
    match doing {
        Doing::Idle => thread::sleep(SETTLE),
        Doing::Downloading => {
            read_slowly(&mut streams)?;
            let unread = unread(peer.port)? / u64::from(connections);
            anyhow::ensure!(
                unread < site.firmware.size / 2,
                "{unread} bytes a download are in the kernel already"
            );
        }
    }
    let more = i64::try_from(peer.server.resident()?)? - i64::try_from(before)?;
    Ok((before, f64::from(i32::try_from(more)?) / f64::from(connections)))
}

fn open(peer: &Peer, site: &Site, device: u32, doing: Doing) -> anyhow::Result<Stream> {
    let mut stream = site.client.connect(peer.port, Version::Tls12, Link::Board)?;
    match doing {
        Doing::Idle => {
            stream.write_all(http::check_in(device % DEVICES, &site.firmware, true).as_bytes())?;
            let answer = http::read_answer(&mut stream, &mut [0; 4096])?;
            anyhow::ensure!(answer.status == 304, "{answer:?} instead of 304");
        }
        Doing::Downloading => {
            stream.write_all(http::download(&peer.image_path).as_bytes())?;
            stream.flush()?;
        }
    }
    Ok(stream)
}

/// Takes a little of every download in turn. The bytes are not decrypted: only their flow matters.
fn read_slowly(streams: &mut [Stream]) -> anyhow::Result<()> {
    let until = Instant::now() + SLOW_READING;
    let mut sip = [0; SIP];
    while Instant::now() < until {
        for stream in streams.iter_mut() {
            let read = stream.sock.read(&mut sip)?;
            anyhow::ensure!(read > 0, "the server gave up on a slow download");
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Bytes that the kernel holds for this port's server to be taken by its clients.
fn unread(port: u16) -> anyhow::Result<u64> {
    let text = fs::read_to_string("/proc/net/tcp")?;
    let mut sum = 0;
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, queues) = fields.get(1).zip(fields.get(4)).context("a line of /proc/net/tcp")?;
        if local.ends_with(&format!(":{port:04X}")) {
            let (waiting, _) = queues.split_once(':').context("the queues of /proc/net/tcp")?;
            sum += u64::from_str_radix(waiting, 16)?;
        }
    }
    Ok(sum)
}
