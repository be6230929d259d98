//! What the log says of handshakes that fail, since the device can only say "-1".

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::log;
use crate::site::{NAMES, Site, options_with};
use crate::wire::{connect, get, read_to_end};

/// Tries a handshake as a client that trusts the authority of `trusted` and expects `name`.
fn try_handshake(site: &Site, from: &str, trusted: &Site, name: &'static str) {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.authority.root().der().clone()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let session = ClientConnection::new(Arc::new(config), ServerName::try_from(name).unwrap()).unwrap();
    let mut stream = StreamOwned::new(session, connect(from, site.addresses.https));
    assert!(stream.write_all(b"GET / HTTP/1.0\r\n\r\n").is_err());
}

#[test]
fn a_device_with_another_authority_is_told_by_its_alert() {
    let (site, other) = (Site::start(), Site::start());
    try_handshake(&site, "127.0.5.1", &other, NAMES[0]);
    let line = log::wait_for(&["handshake", "127.0.5.1"]);
    assert!(line.contains("unknown_ca") && line.contains("does not hold this server's authority"), "{line}");
}

#[test]
fn a_device_with_another_name_is_told_by_its_alert() {
    let site = Site::start();
    try_handshake(&site, "127.0.5.2", &site, "elsewhere.local");
    let line = log::wait_for(&["handshake", "127.0.5.2"]);
    assert!(line.contains("bad_certificate") && line.contains("not a name of this server"), "{line}");
}

#[test]
fn a_client_that_hangs_up_is_told() {
    let site = Site::start();
    for (from, reset) in [("127.0.5.3", None), ("127.0.5.8", Some(Duration::ZERO))] {
        let mut stream = connect(from, site.addresses.https);
        stream.write_all(&[0x16, 3, 1, 2]).unwrap();
        socket2::SockRef::from(&stream).set_linger(reset).unwrap();
        drop(stream);
        log::wait_for(&["handshake", from, "closed during handshake"]);
    }
}

#[test]
fn plain_http_on_the_https_port_is_told_to_both_sides() {
    let site = Site::start();
    let mut stream = connect("127.0.5.4", site.addresses.https);
    stream.write_all(get("/update").as_bytes()).unwrap();
    let answer = String::from_utf8(read_to_end(&mut stream)).unwrap();
    assert!(answer.starts_with("HTTP/1.0 400 ") && answer.contains("use https://"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
    log::wait_for(&["handshake", "127.0.5.4", "plain HTTP was spoken to the HTTPS port"]);
}

#[test]
fn a_handshake_that_does_not_end_is_given_up() {
    let site = Site::with(&options_with(|options| options.limits.handshake = Duration::from_millis(200)));
    let mut stream = connect("127.0.5.5", site.addresses.https);
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "closed");
    log::wait_for(&["handshake", "127.0.5.5", "not finished in time"]);
}

#[test]
fn what_cannot_be_tls_is_refused_and_told() {
    let site = Site::start();
    let mut stream = connect("127.0.5.6", site.addresses.https);
    stream.write_all(&[0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10]).unwrap();
    read_to_end(&mut stream);
    log::wait_for(&["handshake", "127.0.5.6", "refused:"]);
}

#[test]
fn a_device_that_tries_all_day_does_not_fill_the_disk() {
    let (mut site, other) = (Site::start(), Site::start());
    for _ in 0..40 {
        try_handshake(&site, "127.0.5.7", &other, NAMES[0]);
    }
    // The last of them is noticed a little later than it happens.
    std::thread::sleep(Duration::from_millis(300));
    site.handle.stop();
    site.wait();
    let lines = log::lines(&["handshake", "127.0.5.7"]);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].contains("more=39"), "{lines:?}");
}
