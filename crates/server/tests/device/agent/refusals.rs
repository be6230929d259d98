//! What is no check-in of an agent's: told at once and by the field, to the device and in the log.

use otary_wire::CheckIn;

use super::bench::{Agent, Keys, saying, saying_bytes, signed_lamp};
use crate::log;
use crate::site::{Site, firmware};
use crate::wire::{Response, ask, request};

fn valid() -> Vec<u8> {
    let agent = Agent::running(&firmware("lamp-0.1"));
    agent.check_in().encode(&mut [0; CheckIn::MAX_LEN]).unwrap().to_vec()
}

/// The check-in with the bytes `from` put in place of `to`, which are there once.
fn with(from: &[u8], to: &[u8]) -> Vec<u8> {
    let bytes = valid();
    let places: Vec<_> =
        bytes.windows(from.len()).enumerate().filter(|(_, window)| *window == from).collect();
    assert_eq!(places.len(), 1, "{from:02x?}");
    let place = places[0].0;
    [&bytes[..place], to, &bytes[place + from.len()..]].concat()
}

/// The last entry is not there, nor counted.
fn without_its_clock() -> Vec<u8> {
    let mut bytes = with(&[0x0C, 0x01], &[]);
    bytes[0] -= 1;
    bytes
}

fn text(answer: &Response) -> &str {
    assert_eq!(answer.status, 400, "{:?}", answer.headers);
    std::str::from_utf8(&answer.body).unwrap()
}

/// Asserts that this is refused because of a field.
#[track_caller]
fn assert_refused(site: &Site, from: &str, bytes: &[u8], field: &str) {
    let answer = ask(site, from, &saying_bytes(bytes));
    assert!(text(&answer).contains(&format!("wrong in its field {field}:")), "{}", text(&answer));
    log::wait_for(&["request", from, "refused", &format!("wrong in its field {field}")]);
}

#[test]
fn a_field_that_breaks_its_form_is_named() {
    let site = Site::start();
    for (number, (bytes, field)) in [
        (with(&[0x01, 0x46, 0x24], &[0x01, 0x45, 0x24]), "device"),
        (with(b"\x02\x64lamp", b"\x02\x60"), "product"),
        (with(b"\x03\x62v1", b"\x03\x62\xFF1"), "hardware"),
        (with(b"\x03\x62v1", b"\x03\x621\n"), "hardware"),
        (with(&[0x04, 0x00, 0x05], &[0x04, 0x19, 0xFF, 0xFE, 0x05]), "chip"),
        (with(&[0x05, 0x01, 0x06], &[0x05, 0x20, 0x06]), "release"),
        (with(&[0x05, 0x01, 0x06], &[0x05, 0x18, 0x01, 0x06]), "release"),
        (with(&[0x06, 0x58, 0x20], &[0x06, 0x58, 0x1F]), "image"),
        (with(b"\x07\x630.1", b"\x07\x430.1"), "version"),
        (with(&[0x0C, 0x01], &[0x0C, 0x03]), "clock"),
        (without_its_clock(), "clock"),
        (with(&[0x08, 0x01, 0x09, 0x01], &[0x09, 0x01, 0x08, 0x01]), "root"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_refused(&site, &format!("127.0.16.{}", number + 1), &bytes, field);
    }
}

#[test]
fn a_name_that_nothing_can_have_is_refused() {
    let site = Site::start();
    assert_refused(&site, "127.0.16.50", &with(b"\x02\x64lamp", b"\x02\x64LAMP"), "product");
    let nobody = with(&[0x46, 0x24, 0x6F, 0x28, 0x0F, 0, 1], &[0x46, 0, 0, 0, 0, 0, 0]);
    assert_refused(&site, "127.0.16.51", &nobody, "device");
}

#[test]
fn what_cannot_be_read_at_all_is_refused_whole() {
    let site = Site::start();
    let whole = valid();
    let mut trailing = whole.clone();
    trailing.push(0);
    for bytes in [vec![], vec![0x80], vec![0xBF, 0xFF], trailing, vec![0xA0; 320]] {
        let answer = ask(&site, "127.0.16.60", &saying_bytes(&bytes));
        assert!(text(&answer).contains("wrong in its field"), "{}", text(&answer));
    }
    for length in 0..whole.len() {
        assert_eq!(ask(&site, "127.0.16.61", &saying_bytes(&whole[..length])).status, 400, "{length}");
    }
    let long = "A".repeat(CheckIn::MAX_TEXT + 1);
    for words in ["", "!", "====", "oA==", "\u{FF}", &long] {
        let answer = ask(&site, "127.0.16.62", &saying(words));
        assert!(text(&answer).contains("wrong in its field"), "{words}: {}", text(&answer));
    }
    assert_eq!(site.store.count_devices().unwrap(), 0);
    log::wait_for(&["request", "127.0.16.62", "an agent's check-in cannot be read"]);
}

#[test]
fn another_protocol_is_told_from_a_mistake() {
    let site = Site::start();
    let answer = ask(&site, "127.0.16.70", &saying_bytes(&with(&[0xAD, 0, 1], &[0xAD, 0, 2])));
    let told = "the check-in is of protocol 2, this otary speaks 1";
    assert!(text(&answer).contains(told), "{}", text(&answer));
    log::wait_for(&["request", "127.0.16.70", "another version of the protocol"]);
}

#[test]
fn a_path_that_names_another_product_is_refused() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let mut agent = Agent::running(&firmware("lamp-0.3"));
    for path in ["/update/lamp", "/update/lamp/", "/update/"] {
        agent.path = path;
        agent.assert_waits(&keys.record(1), &agent.ask(&site));
    }
    agent.path = "/update/plug";
    assert!(text(&agent.ask(&site)).contains("another product"));
}

#[test]
fn other_methods_are_not_for_check_ins() {
    let site = Site::start();
    let asked = Agent::running(&firmware("lamp-0.1")).request();
    let field = asked.lines().find(|line| line.starts_with("Otary-Check-In")).unwrap();
    for method in ["HEAD", "POST", "PUT"] {
        let answer = ask(&site, "127.0.16.80", &request(method, "/update", &format!("{field}\r\n")));
        assert_eq!(answer.status, 405, "{method}");
    }
    assert_eq!(site.store.count_devices().unwrap(), 0);
}
