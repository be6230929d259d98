//! What `otary key` makes, seen from the other end: an agent by hand asks the built server over TLS, and believes nothing but
//! the root record that its firmware has.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use otary_fleet::{Chip, Sha256};
use otary_wire::{CheckIn, Clock, ClockState, Identity, Offer, Root, Stored, Verdict, verify};
use rustls::{ClientConnection, StreamOwned};

use crate::api::config;
use crate::house::House;

const IDENTITY: Identity<'_> =
    Identity { product: "lamp", hardware: "esp32", chip: Chip::Esp32, device: [2, 0, 0, 0, 0, 9] };
const NONCE: [u8; 16] = *b"sixteen of these";
const SLOT: u32 = 1 << 20;

/// The text of a check-in by a device that trusts the root record of this version and runs what nobody released.
fn check_in(root: u32) -> String {
    let Identity { product, hardware, chip, device } = IDENTITY;
    let check_in = CheckIn {
        device,
        product,
        hardware,
        chip,
        release: 0,
        image: None,
        version: Some("0.0"),
        root,
        trust_set: root,
        nonce: NONCE,
        slot: SLOT,
        clock: ClockState::Unknown,
        report: None,
    };
    check_in.to_text(&mut [0; CheckIn::MAX_TEXT]).unwrap().to_owned()
}

/// The body of the answer to a device that trusts the authority of the house.
fn get(house: &House, server: SocketAddr, path: &str, root: u32) -> Vec<u8> {
    let config = config(&house.text("x/trust/root.crt"));
    let connection = ClientConnection::new(Arc::new(config), server.ip().into()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(server).unwrap());
    let said = check_in(root);
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nOtary-Check-In: {said}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    // The length says whether it is whole, as in every answer of otary's.
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer[..end]));
    answer.split_off(end)
}

/// What the device makes of an answer by the record in a file of the owner's.
fn judge<'a>(record: &[u8], answer: &'a [u8]) -> Verdict<'a> {
    let root = Root::compiled_in(record).unwrap();
    let stored = Stored { root, release: 0, installed: None, floor: 0, time: None, slot: SLOT };
    let offer = Offer::decode(answer).unwrap();
    verify(&stored, &IDENTITY, Clock::Unknown, &NONCE, &offer).unwrap()
}

#[test]
fn an_agent_is_led_by_the_record_of_its_owner_through_order_release_and_rotation() {
    let house = House::new();
    house.serve("").terminate();
    house.otary("key new --out keys --data x").printed();
    let server = house.serve("");
    let record = fs::read(house.path("keys/record-1.bin")).unwrap();
    house.sample("plain.bin", "0.1");
    house.otary("push plain.bin --product lamp --version 0.1 --data x").printed();
    let answer = get(&house, server.https, "/update", 1);
    assert!(matches!(judge(&record, &answer), Verdict::Wait { time: Some(_), .. }), "it is not signed");

    let image = house.sample("lamp.bin", "0.2");
    house.otary("push lamp.bin --product lamp --version 0.2 --sign keys/release-1.key --data x").printed();
    let answer = get(&house, server.https, "/update", 1);
    let Verdict::Install { manifest, .. } = judge(&record, &answer) else { panic!("no offer") };
    assert_eq!((manifest.release, manifest.version), (1, "0.2"));
    let digest = Sha256(*manifest.app().unwrap().sent());
    assert!(get(&house, server.https, &format!("/artifact/{digest}"), 1) == image);
    let took = format!("took all {} bytes", image.len());
    let shown = || house.otary("device show 02:00:00:00:00:09 --data x").printed();
    assert!((0..100).any(|_| shown().contains(&took)), "{}", shown());

    house.otary("key revoke keys/release-1.key --root keys/root-1a.key --out keys --data x").printed();
    let answer = get(&house, server.https, "/update", 1);
    let Verdict::NewRoot(next) = judge(&record, &answer) else { panic!("no record") };
    assert_eq!(next.version, 2);
    let answer = get(&house, server.https, "/update", 2);
    assert!(matches!(judge(next.signed(), &answer), Verdict::Wait { .. }), "its key was revoked");

    server.terminate();
    let server = house.serve("");
    let answer = get(&house, server.https, "/update", 1);
    assert!(matches!(judge(&record, &answer), Verdict::NewRoot(next) if next.version == 2));
}
