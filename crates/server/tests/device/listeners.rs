//! The listeners: addresses, certificates that change while they are shown, and the operators' door.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use otary_fleet::Time;
use otary_server::operator::Peer;
use otary_server::{Clock, Identity};
use otary_store::Memory;
use otary_trust::Renewal;

use crate::board::{Board, assert_image};
use crate::site::{Site, TODAY, firmware, options, options_with};
use crate::wire::{HOME, connect, connect_tls_to, exchange, get as plain_get, read_one};

#[test]
fn a_new_certificate_is_shown_from_the_next_handshake_on() {
    let mut site = Site::lamp();
    let mut open = connect_tls_to(&site, site.addresses.https, "serverota.local", HOME).unwrap();
    assert!(connect_tls_to(&site, site.addresses.https, "new.local", HOME).is_err());

    let wall = otary_trust::Clock { now: Clock::system().now(), built: TODAY, newest: Time::default() };
    let renewal = site.authority.refresh(&["new.local".parse().unwrap()], &wall).unwrap();
    assert!(matches!(renewal, Renewal::Issued(_)));
    site.handle.show(Identity::of(&site.authority, Clock::system().now()).unwrap()).unwrap();

    let stream = connect_tls_to(&site, site.addresses.https, "new.local", HOME).unwrap();
    assert_eq!(exchange(stream, &plain_get("/ca.crt")).body, site.authority.root().der().to_vec());
    open.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(read_one(&mut open).status, 200, "and open connections stay");
}

#[test]
fn operators_have_a_listener_of_their_own_which_says_who_asks() {
    let who = get(|axum::Extension(Peer(peer)): axum::Extension<Peer>| async move { peer.to_string() });
    let operators = axum::Router::new().route("/api/v1/who", who);
    let site = Site::serving(Arc::new(Memory::default()), &options(), operators);
    let door = site.addresses.operator;
    let ask = |path: &str| {
        let stream = connect_tls_to(&site, door, "127.0.0.1", "127.0.8.1").unwrap();
        exchange(stream, &plain_get(path))
    };
    let response = ask("/api/v1/who");
    assert_eq!((response.status, response.body.as_slice()), (200, b"127.0.8.1".as_slice()));
    assert_eq!(ask("/update").status, 404, "devices are not served there");

    let devices = connect_tls_to(&site, site.addresses.https, "127.0.0.1", HOME).unwrap();
    assert_eq!(exchange(devices, &plain_get("/api/v1/who")).status, 404, "nor operators elsewhere");
    let mut plain = connect("127.0.8.2", door);
    plain.write_all(plain_get("/api/v1/who").as_bytes()).unwrap();
    assert!(crate::wire::read_to_end(&mut plain).starts_with(b"HTTP/1.0 400"), "never over plain HTTP");
}

#[test]
fn one_listener_serves_both_families_of_addresses() {
    let any = SocketAddr::from(([0_u16; 8], 0));
    if std::net::TcpListener::bind(any).is_err() {
        println!("skipped: this machine has no IPv6");
        return;
    }
    let mut site = Site::with(&options_with(|options| options.https = any)).with_lamp();
    let port = site.addresses.https.port();
    let board = Board::esp32(&firmware("lamp-0.1"), "0.1");
    for (mac, host, source) in [("24:6F:28:08:00:01", "127.0.0.1", HOME), ("24:6F:28:08:00:02", "::1", "::1")]
    {
        site.addresses.https = SocketAddr::new(host.parse().unwrap(), port);
        assert_image(&board.clone().mac(mac).from(source).ask(&site), &firmware("lamp-0.3"), "0.3");
        assert_eq!(site.device(mac).unwrap().last.unwrap().source.to_string(), source);
    }
}

#[test]
fn over_plain_http_head_and_first_bytes_come_in_one_piece() {
    let site = Site::start();
    site.product("plug", |product| product.allow_plain_http = true);
    site.publish("plug", "1.1", &firmware("plug-1.1"), Some(otary_fleet::Chip::Esp32));
    let board = Board::esp32(&firmware("plug-1.0"), "1.0");
    for number in 10..30 {
        let request = board.clone().mac(&format!("24:6F:28:08:01:{number}")).request();
        let mut stream = connect(HOME, site.addresses.http.unwrap());
        stream.write_all(request.as_bytes()).unwrap();
        let mut piece = vec![0; 65_536];
        let length = stream.read(&mut piece).unwrap();
        let head = piece.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        // An ESP32 looks for the first byte 100 ms after the head, once.
        assert!(length > head, "{length} bytes, of which {head} are head");
        std::thread::sleep(Duration::from_millis(1));
    }
}
