//! Connections that stall and uploads that crawl: devices are served beside them, and operators get in.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use otary_server::operator::{Operator, Secret, Site as Facts, router};
use otary_server::{Clock, raise_descriptor_limit};
use otary_store::{Memory, Store};

use crate::board::{Board, assert_image, assert_no_update};
use crate::site::{Site, TODAY, firmware, options, options_with};
use crate::wire::{Response, connect, connect_tls_to, exchange};

const STALLED: usize = 500;
const UPLOADS: usize = 50;
/// More than a device or an operator waits beside them, on a machine that is busy with other tests.
const BOUND: Duration = Duration::from_secs(30);

/// What keeps a connection open.
type Held = Box<dyn Send>;

/// A server with the real operator interface, and its owner's secret.
fn site() -> (Site, Secret) {
    raise_descriptor_limit();
    let store: Arc<dyn Store> = Arc::new(Memory::default());
    let owner = Secret::generate().unwrap();
    let facts = Facts {
        data: "x".into(),
        fingerprint: None,
        horizon: Duration::ZERO,
        retention: options().retention,
        max_strangers: 10_000,
        open_files: None,
    };
    let operator = Operator::new(Arc::clone(&store), Clock::standing_at(TODAY), facts, Some(&owner));
    let options = options_with(|options| options.descriptors = 4096);
    (Site::serving(store, &options, router(operator)).with_lamp(), owner)
}

fn head(method: &str, path: &str, owner: &Secret, more: &str) -> String {
    let owner = owner.expose();
    format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {owner}\r\n{more}\r\n")
}

/// One that goes as far as its number says and then says nothing more.
fn stall(site: &Site, number: usize) -> Held {
    let from = format!("127.0.{}.{}", 20 + number % 50, 1 + number / 50);
    let sent = |mut stream: TcpStream, bytes: &[u8]| -> Held {
        stream.write_all(bytes).unwrap();
        Box::new(stream)
    };
    match number % 5 {
        0 => Box::new(connect(&from, site.addresses.https)),
        1 => sent(connect(&from, site.addresses.https), &[22, 3, 1, 2, 0, 1, 0]),
        2 => {
            let mut stream = connect_tls_to(site, site.addresses.https, "serverota.local", &from).unwrap();
            stream.write_all(b"GET /update HTTP/1.0\r\nx-ESP32-").unwrap();
            Box::new(stream)
        }
        3 => sent(connect(&from, site.addresses.http.unwrap()), b"GET /update HT"),
        _ => Box::new(connect(&from, site.addresses.operator)),
    }
}

/// An upload whose first byte came.
fn crawl(site: &Site, owner: &Secret, number: usize) -> Held {
    let from = format!("127.0.{}.200", 100 + number);
    let mut stream = connect_tls_to(site, site.addresses.operator, "127.0.0.1", &from).unwrap();
    let upload = head("POST", "/api/v1/artifacts?file=lamp.bin", owner, "Content-Length: 1000000\r\n");
    stream.write_all(upload.as_bytes()).unwrap();
    stream.write_all(&[0xE9]).unwrap();
    Box::new(stream)
}

/// An operator asks how things stand.
fn look(site: &Site, owner: &Secret, from: &str) -> Response {
    let stream = connect_tls_to(site, site.addresses.operator, "127.0.0.1", from).unwrap();
    exchange(stream, &head("GET", "/api/v1/status", owner, "Connection: close\r\n"))
}

#[test]
fn five_hundred_stalled_connections_and_fifty_slow_uploads_do_not_keep_a_device_from_its_update() {
    let (site, owner) = site();
    let stalled = (0..STALLED).map(|number| stall(&site, number));
    let held: Vec<Held> = stalled.chain((0..UPLOADS).map(|number| crawl(&site, &owner, number))).collect();
    let began = Instant::now();
    for number in 0..10 {
        let board = Board::esp32(&firmware("lamp-0.1"), "0.1").mac(&format!("24:6F:28:0D:00:{number:02X}"));
        assert_image(&board.ask(&site), &firmware("lamp-0.3"), "0.3");
        let updated = Board { md5: None, ..Board::esp32(&firmware("lamp-0.3"), "0.3") };
        assert_no_update(&updated.mac(&board.mac).ask(&site));
    }
    assert_eq!(look(&site, &owner, "127.0.8.1").status, 200, "and operators get in");
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    assert_eq!(held.len(), STALLED + UPLOADS);
}

#[test]
fn stalled_operator_connections_from_many_addresses_do_not_lock_operators_out() {
    let (site, owner) = site();
    let mut held = Vec::new();
    for address in 1..=20 {
        // As many as it can: beyond its share it is turned away.
        let from = format!("127.0.9.{address}");
        held.extend((0..80).map(|_| connect(&from, site.addresses.operator)));
    }
    let began = Instant::now();
    assert_eq!(look(&site, &owner, "127.0.8.1").status, 200);
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    assert_eq!(held.len(), 1_600);
}
