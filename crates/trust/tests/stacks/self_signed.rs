//! Self-signed certificates that otary composes, against the real stacks, which hold them as their anchor.

use std::time::Duration;

use otary_fleet::Time;
use otary_trust::verdict::Meeting;
use otary_trust::{Addresses, Certificate, Clock, KeyKind, Name, Request, TrustedTime};

use crate::verifier::{Stack, assert_all, stacks};

const DAY: Duration = Duration::from_hours(24);
/// 2026-11-23.
const TODAY: Time = Time::from_secs(1_795_392_000);
const NAMES: [&str; 4] = ["serverota.local", "*.home.lan", "192.168.1.5", "fd00::5"];

fn trusted(now: Time) -> TrustedTime {
    Clock { now, built: TODAY - DAY, newest: Time::default() }.check().unwrap()
}

fn request(texts: &[&str], addresses: Addresses, key: KeyKind) -> Request {
    let names: Vec<Name> = texts.iter().map(|text| text.parse().unwrap()).collect();
    Request::for_names(&names, addresses, key).unwrap()
}

fn made(request: &Request, days: u32, now: Time) -> Certificate {
    request.self_sign(days, trusted(now)).unwrap().0
}

/// What every stack has to say that is shown `certificate` and holds it.
fn assert_said(verdict: &str, certificate: &Certificate, name: &str, now: Time) {
    let der: &[u8] = certificate.der();
    assert_all(verdict, Meeting { name, now, anchors: &[der], chain: &[der] });
}

#[test]
fn whoever_holds_it_connects_by_each_of_its_names_and_by_no_other() {
    for key in [KeyKind::P256, KeyKind::Rsa2048, KeyKind::P384] {
        let made = made(&request(&NAMES, Addresses::Twice, key), 730, TODAY);
        for name in ["serverota.local", "lamps.home.lan", "192.168.1.5", "fd00::5"] {
            assert_said("ok", &made, name, TODAY);
        }
        for name in ["evil.local", "home.lan", "192.168.1.6"] {
            assert_said("name", &made, name, TODAY);
        }
    }
}

#[test]
fn whoever_holds_another_one_does_not_connect() {
    let request = request(&NAMES, Addresses::Twice, KeyKind::P256);
    let [held, shown] = [0; 2].map(|_| made(&request, 730, TODAY));
    let meeting =
        Meeting { name: "serverota.local", now: TODAY, anchors: &[held.der()], chain: &[shown.der()] };
    for stack in stacks() {
        // OpenSSL has a number of its own for this, and says so.
        let expected = if matches!(stack, Stack::OpenSsl) { "self-signed certificate" } else { "trust" };
        let said = stack.verify(meeting);
        assert!(said.contains(expected), "{}: {said}", stack.name());
    }
}

#[test]
fn its_dates_are_read_by_all_also_beyond_2038_and_2050() {
    let request = request(&NAMES, Addresses::Twice, KeyKind::P256);
    for days in [730, 5_000, 9_500, 20_000] {
        let made = made(&request, days, TODAY);
        let end = TODAY + DAY * days;
        for now in [TODAY - DAY * 6, TODAY, end - DAY] {
            assert_said("ok", &made, "serverota.local", now);
        }
        for now in [TODAY - DAY * 8, end + DAY] {
            assert_said("date", &made, "serverota.local", now);
        }
    }
}

#[test]
fn an_address_alone_is_found_by_the_stacks_that_know_addresses() {
    let strict = made(&request(&["192.168.1.5"], Addresses::Strict, KeyKind::P256), 730, TODAY);
    let der: &[u8] = strict.der();
    for stack in stacks() {
        let expected = if stack.knows_addresses() { "ok" } else { "name" };
        let meeting = Meeting { name: "192.168.1.5", now: TODAY, anchors: &[der], chain: &[der] };
        assert_eq!(stack.verify(meeting), expected, "{}", stack.name());
    }
}

#[test]
fn a_request_file_as_people_write_it_makes_a_certificate_for_its_names() {
    let file = "[req]\ndistinguished_name = who\nx509_extensions = ext\nprompt = no\n[who]\nC = DE\nO = lamps\n\
                CN = 192.168.1.5: our own\n[ext]\nsubjectAltName = @names\n[names]\nDNS.1 = lamps.ddns.example\n";
    let made = made(&Request::from_openssl(file).unwrap(), 730, TODAY);
    assert_said("ok", &made, "lamps.ddns.example", TODAY);
    assert_said("name", &made, "192.168.1.5", TODAY);
}
