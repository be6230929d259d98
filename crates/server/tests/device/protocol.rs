//! HTTP as devices, browsers and strangers speak it.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use otary_server::Limits;

use crate::board::{Board, assert_no_update};
use crate::site::{Site, firmware, options};
use crate::wire::{HOME, ask, connect, connect_tls, exchange, get, read_one, read_to_end, request};

#[test]
fn http_1_0_is_answered_with_content_length_and_close() {
    let site = Site::lamp();
    for path in ["/", "/ca.pem", "/nowhere", "/update"] {
        let response = ask(&site, HOME, &format!("GET {path} HTTP/1.0\r\n\r\n"));
        assert_eq!((response.version.as_str(), response.header("connection")), ("HTTP/1.0", Some("close")));
        assert_eq!(
            response.header("content-length"),
            Some(response.body.len().to_string().as_str()),
            "{path}"
        );
    }
}

#[test]
fn http_1_1_keeps_the_connection_for_the_next_request() {
    let site = Site::lamp();
    let mut stream = connect_tls(&site, HOME);
    for (running, status) in [("lamp-0.3", 304), ("lamp-0.1", 200), ("lamp-0.3", 304)] {
        let request = Board::esp32(&firmware(running), "").request();
        let request = request.replace("HTTP/1.0", "HTTP/1.1").replace("Connection: close\r\n", "");
        stream.write_all(request.as_bytes()).unwrap();
        let response = read_one(&mut stream);
        assert_eq!((response.version.as_str(), response.status), ("HTTP/1.1", status));
    }
}

#[test]
fn requests_sent_early_are_answered_in_order() {
    let site = Site::lamp();
    let mut stream = connect_tls(&site, HOME);
    let keep = |text: String| text.replace("HTTP/1.0", "HTTP/1.1").replace("Connection: close\r\n", "");
    let image = keep(Board::esp32(&firmware("lamp-0.1"), "").request());
    let wait = keep(Board::esp32(&firmware("lamp-0.3"), "").request());
    stream.write_all(format!("{image}{image}{wait}").as_bytes()).unwrap();
    let statuses: Vec<u16> = (0..3).map(|_| read_one(&mut stream).status).collect();
    assert_eq!(statuses, [200, 200, 304]);
}

#[test]
fn only_get_and_head_are_served() {
    let site = Site::lamp();
    let post = "POST /update HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
    let response = ask(&site, HOME, post);
    assert_eq!((response.status, response.header("allow")), (405, Some("GET, HEAD")));
    assert_eq!(ask(&site, HOME, &request("HEAD", "/update", "")).header("allow"), Some("GET"));
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let site = Site::lamp();
    let response = ask(&site, HOME, &request("GET", "/update", &format!("x: {}\r\n", "a".repeat(20_000))));
    assert_eq!(response.status, 431);
    let many = "x: a\r\n".repeat(200);
    assert_eq!(ask(&site, HOME, &request("GET", "/update", &many)).status, 431);
    assert_eq!(ask(&site, HOME, "\u{16}\u{3}nonsense\r\n\r\n").status, 400);
    assert_no_update(&Board::esp32(&firmware("lamp-0.3"), "").ask(&site));
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    let head = Duration::from_millis(300);
    let site = Site::with(&crate::site::options_with(|options| options.limits.head = head)).with_lamp();
    let mut stream = connect_tls(&site, HOME);
    let began = Instant::now();
    for byte in b"GET /update HTTP/1.0\r\nx-slow: " {
        if stream.write_all(&[*byte]).and_then(|()| stream.flush()).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    read_to_end(&mut stream);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_person_finds_a_page_and_the_certificates() {
    let site = Site::lamp();
    let page = String::from_utf8(ask(&site, HOME, &get("/")).body).unwrap();
    let url = format!("https://serverota.local:{}/update", site.addresses.https.port());
    assert!(page.contains(&url) && page.contains("/ca.pem"), "{page}");
    let anchors = ask(&site, HOME, &get("/ca.pem"));
    assert_eq!(anchors.body, site.authority.anchors_pem().into_bytes());
    let root = ask(&site, HOME, &get("/ca.crt"));
    assert_eq!(root.body, site.authority.root().der().to_vec());
    assert_eq!(root.header("content-type"), Some("application/x-x509-ca-cert"));
}

#[test]
fn one_address_cannot_take_every_connection() {
    let few = crate::site::options_with(|options| {
        options.limits = Limits { connections: 8, share_of_one_address: 4, ..Limits::default() };
    });
    let site = Site::with(&few).with_lamp();
    let http = site.addresses.http.unwrap();
    let held: Vec<_> = (0..6).map(|_| connect("127.0.3.1", http)).collect();
    std::thread::sleep(Duration::from_millis(100));
    let served = held.into_iter().filter(|stream| {
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut stream = stream;
        // Nothing comes on an open connection; one that was turned away is closed.
        stream.read(&mut [0]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    });
    assert_eq!(served.count(), 2);
    crate::log::wait_for(&["turned away", "127.0.3.1"]);
    assert_eq!(exchange(connect(HOME, http), &get("/")).status, 200);
}

#[test]
fn an_address_in_use_is_said_also_when_it_is_another_otary() {
    let site = Site::lamp();
    let mut taken = options();
    taken.https = site.addresses.https;
    let error = crate::site::bind(&taken, &site).err().unwrap();
    assert_eq!(error.to_string(), format!("cannot listen on {}", site.addresses.https));
}
