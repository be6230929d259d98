//! What otary composes, against the real stacks: each says by itself whether it would connect.

use std::net::IpAddr;
use std::time::Duration;

use otary_fleet::Time;
use otary_trust::verdict::Meeting;
use otary_trust::{Authority, Clock, MAX_NAMES, Name};
use rcgen::{CertificateParams, Issuer, KeyPair};
use tempfile::TempDir;

use crate::verifier::{assert_all, stacks};

const YEAR: Duration = Duration::from_hours(8_766);
/// 2026-11-23.
const TODAY: Time = Time::from_secs(1_795_392_000);

fn names(texts: &[&str]) -> Vec<Name> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn authority(dir: &TempDir, texts: &[&str], now: Time) -> Authority {
    let clock = Clock { now, built: Time::default() + YEAR * 50, newest: Time::default() };
    Authority::open_or_create(&dir.path().join("trust"), &names(texts), &clock).unwrap()
}

fn leaf(authority: &Authority) -> &[u8] {
    authority.leaf().unwrap().certificate().der()
}

#[test]
fn a_device_with_our_root_connects_by_every_name_of_the_server() {
    let dir = TempDir::new().unwrap();
    let listed =
        ["serverota.local", "otary.example.org", "*.home.lan", "192.168.1.5", "fd00::5", "127.0.0.1"];
    let authority = authority(&dir, &listed, TODAY);
    let meeting =
        Meeting { name: "", now: TODAY, anchors: &[authority.root().der()], chain: &[leaf(&authority)] };
    for name in
        ["serverota.local", "otary.example.org", "lamps.home.lan", "192.168.1.5", "fd00::5", "127.0.0.1"]
    {
        assert_all("ok", Meeting { name, ..meeting });
    }
    for name in
        ["evil.local", "home.lan", "a.b.home.lan", "192.168.1.6", "fd00::6", "serverota.local.example.org"]
    {
        assert_all("name", Meeting { name, ..meeting });
    }
}

#[test]
fn the_address_as_text_is_what_lets_old_stacks_use_a_url_with_an_address() {
    let dir = TempDir::new().unwrap();
    let authority = authority(&dir, &["serverota.local"], TODAY);
    let key = KeyPair::from_pem(&std::fs::read_to_string(authority.dir().join("root.key")).unwrap()).unwrap();
    let issuer = Issuer::from_ca_cert_der(authority.root().der(), &key).unwrap();
    let address: IpAddr = "192.168.1.5".parse().unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![rcgen::SanType::IpAddress(address)];
    params.use_authority_key_identifier_extension = true;
    let strict = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();

    let anchors: [&[u8]; 1] = [authority.root().der()];
    let meeting = Meeting { name: "192.168.1.5", now: TODAY, anchors: &anchors, chain: &[strict.der()] };
    for stack in stacks() {
        let expected = if stack.knows_addresses() { "ok" } else { "name" };
        assert_eq!(stack.verify(meeting), expected, "{}", stack.name());
    }
}

#[test]
fn only_the_root_that_signed_is_good_and_the_next_one_waits() {
    let (dir, other_dir) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let authority = authority(&dir, &["serverota.local"], TODAY);
    let other = self::authority(&other_dir, &["serverota.local"], TODAY);
    let (root, next_root) = (authority.root().der().as_ref(), authority.next_root().der().as_ref());
    let cases: [(&str, &[&[u8]]); 4] = [
        ("ok", &[root]),
        ("ok", &[root, next_root]),
        ("trust", &[next_root]),
        ("trust", &[other.root().der(), other.next_root().der()]),
    ];
    for (verdict, anchors) in cases {
        let meeting = Meeting { name: "serverota.local", now: TODAY, anchors, chain: &[leaf(&authority)] };
        assert_all(verdict, meeting);
    }
}

#[test]
fn dates_beyond_2038_and_2050_are_read_by_all() {
    for made in [TODAY, TODAY + YEAR * 12, TODAY + YEAR * 24, TODAY + YEAR * 50] {
        let dir = TempDir::new().unwrap();
        let mut authority = authority(&dir, &["serverota.local"], made);
        for later in [0, 20] {
            let now = made + YEAR * later;
            let clock = Clock { now, built: made, newest: made };
            let _ = authority.refresh(&names(&["serverota.local"]), &clock).unwrap();
            let anchors: [&[u8]; 1] = [authority.root().der()];
            let meeting =
                Meeting { name: "serverota.local", now, anchors: &anchors, chain: &[leaf(&authority)] };
            assert_all("ok", meeting);
            assert_all("date", Meeting { now: now + YEAR * 2, ..meeting });
            assert_all("date", Meeting { now: now - YEAR, ..meeting });
        }
    }
}

#[test]
fn a_machine_with_forty_interfaces_still_has_a_small_certificate() {
    let dir = TempDir::new().unwrap();
    let mut texts = vec!["a-rather-long-host-name-for-a-server.department.example.org".to_owned()];
    texts.extend((0..20).map(|index| format!("10.200.{index}.100")));
    texts.extend((0..20).map(|index| format!("fd12:3456:789a:bcde:f012:3456:789a:{index:04x}")));
    let listed: Vec<&str> = texts.iter().map(String::as_str).collect();
    let authority = authority(&dir, &listed, TODAY);

    let (leaf, root) = (leaf(&authority), authority.root().der());
    assert!(leaf.len() > MAX_NAMES, "the room is used: {}", leaf.len());
    assert!(leaf.len() < 1500 && leaf.len() + root.len() < 2000, "{} + {}", leaf.len(), root.len());
    for name in [listed[0], "10.200.0.100", "10.200.19.100"] {
        assert_all("ok", Meeting { name, now: TODAY, anchors: &[root], chain: &[leaf] });
    }
}
