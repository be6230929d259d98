//! Malformed requests: clear errors, nothing lost, and the server lives on.

use std::io::Write as _;

use serde_json::json;

use super::controller::{Controller, HOME, site};
use crate::wire::{connect_tls, read_one, read_to_end};

/// The same numbers in every run (a 64-bit linear congruential generator; Knuth, MMIX).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[test]
fn ten_thousand_malformed_requests_do_no_harm() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-60");
    let (id, _) = device.deployment();
    let before = device.record();
    let good = json!({ "id": 1, "status": { "execution": "closed", "result": { "finished": "success" }, "details": ["x"] } })
        .to_string();
    let mut dice = Dice(60);
    let mut stream = connect_tls(&site, HOME);
    for number in 0..10_000 {
        let (method, below, body) = spoil(&mut dice, &id, &good);
        let request = format!(
            "{method} {} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            device.path(&below),
            device.authorization,
            body.len()
        );
        stream.write_all(&[request.as_bytes(), &body].concat()).unwrap();
        let answer = read_one(&mut stream);
        assert!(matches!(answer.status, 400 | 404 | 405), "{number}: {} to {method} {below}", answer.status);
        if answer.header("connection").is_some() {
            read_to_end(&mut stream);
            stream = connect_tls(&site, HOME);
        }
    }
    assert_eq!(device.record().controller, before.controller);
    assert_eq!(device.report("deploymentBase", &id, "closed", "success", &[]), 200);
}

/// A request that is wrong in its path, its method or its body.
fn spoil(dice: &mut Dice, id: &str, good: &str) -> (&'static str, String, Vec<u8>) {
    let feedback = format!("/deploymentBase/{id}/feedback");
    match dice.roll(4) {
        0 => {
            let paths = [
                "/x",
                "/deploymentBase",
                "/deploymentBase/x",
                "/softwaremodules//artifacts/",
                "/configData/1",
                "/%ff",
            ];
            ("POST", paths[dice.roll(paths.len())].to_owned(), Vec::new())
        }
        1 => ("DELETE", feedback, Vec::new()),
        2 => {
            // The whole body is one object: any beginning of it is none.
            ("POST", feedback, good.as_bytes()[..dice.roll(good.len())].to_vec())
        }
        _ => {
            let mut bytes = good.as_bytes().to_vec();
            // A brace or quote less, or a byte that no JSON has outside of texts.
            bytes[0] = [b'[', b'x', 0xFF, b'"'][dice.roll(4)];
            ("POST", feedback, bytes)
        }
    }
}

#[test]
fn a_body_that_is_too_long_in_chunks_or_no_json_is_not_read() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-61");
    device.poll();
    let put = |fields: &str| device.ask("PUT", &device.path("/configData"), fields, "").status;
    assert_eq!(put("Content-Length: 131073\r\n"), 413);
    assert_eq!(put("Transfer-Encoding: chunked\r\n"), 411);
    assert_eq!(put("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400);
    assert_eq!(put("Content-Type: application/cbor\r\nContent-Length: 3\r\n"), 415);
}
