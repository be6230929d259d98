//! otary's own agent, over real sockets: what it says, and what it makes of the answers.

mod bench;
mod hidden;
mod payload;
mod refusals;

use otary_fleet::{Ending, EventKind, Proof, Sha256};
use otary_server::{BrokenChain, Signing};
use otary_store::EventQuery;
use otary_wire::{Cause, Offer, Outcome, Refusal, Report, Root, Verdict};

use crate::log;
use crate::site::{Site, firmware};
use crate::wire::{HOME, ask, ask_plain, connect_tls, get, read_to_end, request};
use bench::{Agent, Keys, MAC, sign_release, signed_lamp};

#[test]
fn the_request_and_the_answer_to_the_byte() {
    use std::io::Write;
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let agent = Agent::running(&firmware("lamp-0.3"));
    let asked = agent.request();
    assert_eq!(asked, GOLDEN_REQUEST);
    let mut stream = connect_tls(&site, HOME);
    stream.write_all(asked.as_bytes()).unwrap();
    let received = read_to_end(&mut stream);
    let end = received.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8(received[..end].to_vec()).unwrap();
    let (without_date, _) = head.split_once("Date: ").unwrap();
    assert_eq!(
        without_date,
        "HTTP/1.1 200 OK\r\n\
         Content-Type: application/cbor\r\n\
         Cache-Control: no-store\r\n\
         Content-Length: 128\r\n\
         Connection: close\r\n"
    );
    let body: String =
        received[end..].iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit).collect();
    assert_eq!(body, GOLDEN_ANSWER);
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(nibble.into(), 16).unwrap()
}

/// Both were made apart from this program, with a CBOR writer of a few lines and Ed25519 as RFC 8032 writes it down.
const GOLDEN_REQUEST: &str = "GET /update HTTP/1.1\r\n\
     Host: serverota.local\r\n\
     Connection: close\r\n\
     Otary-Check-In: rQABAUYkbygPAAECZGxhbXADYnYxBAAFAQZYIA3G4rEVWoP3uTuutC0-BmZWaZwUEkS06TkhzgGtJbz4B2MwLjEIAQkBClBzaXh0ZWVuIG9mIHRoZXNlCxoAFAAADAE\r\n\r\n";
const GOLDEN_ANSWER: &str = "a102587cd28443a10127a10448b62e867fa2f33afe5827a500507369787465656e206f66207468657365011a6b038278\
     0246246f280f000103000519038458406560c65bed3ab5e35df8571e8f16ac2d30780c3eaf03ed6bf5084209e6a45e68\
     265e7df5141bc6ccf61c019397bf217d1a6c8e5d514e670ab86cf9ca049d1304";

#[test]
fn it_is_offered_the_signed_release_and_fetches_it_in_parts() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let agent = Agent::running(&firmware("lamp-0.1"));
    let answer = agent.ask(&site);
    let root = keys.record(1);
    let Verdict::Install { manifest, time, poll_after } = agent.judge(&root, &answer).unwrap() else {
        panic!("no offer")
    };
    assert_eq!((manifest.release, manifest.version), (3, "0.3"));
    assert_eq!((time.unwrap().0, poll_after), (site.clock.now().secs(), Some(900)));

    let app = manifest.app().unwrap();
    let path = format!("/artifact/{}", Sha256(*app.sent()));
    let part = |range: &str| ask(&site, HOME, &request("GET", &path, &format!("Range: bytes={range}\r\n")));
    let (first, rest) = (part("0-4095"), part("4096-"));
    assert_eq!((first.status, rest.status), (206, 206));
    assert!([first.body, rest.body].concat() == firmware("lamp-0.3"));
}

#[test]
fn a_release_without_a_manifest_is_not_offered_to_it() {
    let keys = Keys::new();
    let site = Site::lamp();
    site.handle.sign_with(keys.signing(1));
    let agent = Agent::running(&firmware("lamp-0.1")).device(2);
    agent.assert_waits(&keys.record(1), &agent.ask(&site));
    let line = log::wait_for(&["check_in", &agent.mac(), "unsigned"]);
    assert!(line.contains("otary push --sign") && line.contains("dialect=\"agent\""), "{line}");
    sign_release(&site, &keys, "lamp", "0.3", &firmware("lamp-0.3"));
    let answer = agent.ask(&site);
    assert!(matches!(agent.judge(&keys.record(1), &answer), Ok(Verdict::Install { .. })));
}

#[test]
fn what_the_newest_record_takes_back_is_offered_no_longer() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let mut agent = Agent::running(&firmware("lamp-0.1")).device(8);
    assert!(matches!(agent.judge(&keys.record(1), &agent.ask(&site)), Ok(Verdict::Install { .. })));
    // The lamp's release has number 3.
    let taken_back = keys.record_from(2, 4);
    let chain = [keys.record(1), taken_back.clone()];
    site.handle.sign_with(Signing::new(chain, Some(keys.order.clone())).unwrap());
    assert!(matches!(agent.judge(&keys.record(1), &agent.ask(&site)), Ok(Verdict::NewRoot(_))));
    agent.root = 2;
    agent.assert_waits(&taken_back, &agent.ask(&site));
    log::wait_for(&["check_in", &agent.mac(), "unsigned"]);
}

#[test]
fn a_slot_too_small_is_offered_nothing() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let mut agent = Agent::running(&firmware("lamp-0.1")).device(3);
    agent.slot = 8191;
    agent.assert_waits(&keys.record(1), &agent.ask(&site));
    log::wait_for(&["check_in", &agent.mac(), "too-large"]);
}

#[test]
fn the_chain_of_root_records_is_walked_one_by_one() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 3);
    let mut agent = Agent::running(&firmware("lamp-0.1"));
    let mut root = keys.record(1);
    for version in 2..=3 {
        let answer = agent.ask(&site);
        let Verdict::NewRoot(new) = agent.judge(&root, &answer).unwrap() else { panic!("no record") };
        assert_eq!(new.version, version);
        (agent.root, root) = (version, new.signed().to_vec());
    }
    let answer = agent.ask(&site);
    assert_eq!(Offer::decode(&answer.body).unwrap().root, None);
    assert!(matches!(agent.judge(&root, &answer), Ok(Verdict::Install { .. })));
    agent.root = 9;
    assert_eq!(Offer::decode(&agent.ask(&site).body).unwrap().root, None, "of a record that is not here");
}

#[test]
fn a_chain_that_no_device_would_follow_is_not_served() {
    let keys = Keys::new();
    let gap = Signing::new([keys.record(1), keys.record(3)], None).err().unwrap();
    assert_eq!(gap, BrokenChain { place: 2, why: Refusal::RootVersion { expected: 2, found: 3 } });
    let mut damaged = keys.record(1);
    *damaged.last_mut().unwrap() ^= 1;
    let damaged = Signing::new([damaged], None).err().unwrap();
    assert_eq!(damaged, BrokenChain { place: 1, why: Refusal::RootSignatures { expected: 1, found: 0 } });
    let empty = Signing::new([vec![]], None).err().unwrap();
    assert!(matches!(empty.why, Refusal::Root(_)), "{empty}");
}

#[test]
fn a_new_record_is_served_while_the_server_runs() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let agent = Agent::running(&firmware("lamp-0.3"));
    agent.assert_waits(&keys.record(1), &agent.ask(&site));
    site.handle.sign_with(keys.signing(2));
    let answer = agent.ask(&site);
    assert!(matches!(agent.judge(&keys.record(1), &answer), Ok(Verdict::NewRoot(new)) if new.version == 2));
}

#[test]
fn without_an_order_key_the_answer_is_unsigned_and_a_device_that_asks_for_orders_takes_none() {
    let keys = Keys::new();
    let site = Site::lamp();
    let agent = Agent::running(&firmware("lamp-0.3"));
    let answer = agent.ask(&site);
    assert_eq!(answer.body, [0xA0], "an empty map");
    assert_eq!(agent.judge(&keys.record(1), &answer), Err(Refusal::OrderMissing));
}

#[test]
fn what_it_says_is_on_record_and_shown_as_its_word() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let mut agent = Agent::running(&firmware("lamp-0.1")).device(4);
    let silent = agent.ask(&site).body;
    let cause = Some(Cause::SelfTest);
    agent.report = Some(Report { release: 3, payload: None, outcome: Outcome::RolledBack, cause, tries: 2 });
    for _ in 0..3 {
        assert_eq!(agent.ask(&site).body, silent, "it changes no answer");
    }
    let device = site.device(&agent.mac()).unwrap();
    let words = device.last.unwrap().agent.unwrap();
    assert_eq!((words.hardware.as_str(), words.release, words.root, words.trust_set), ("v1", 1, 1, 1));
    assert_eq!(device.reported.len(), 1);
    let reported = device.reported[0].clone();
    assert_eq!((reported.report.ending, reported.proof), (Ending::RolledBack, Proof::None));
    assert_eq!(reported.report.to_string(), "rolled back (release number 3) at try 2: the self-test failed");

    let query = EventQuery { device: agent.mac().parse().ok(), limit: 99, ..EventQuery::default() };
    let events = site.store.events(&query).unwrap();
    let reports = events.iter().filter(|event| matches!(event.kind, EventKind::Reported { .. }));
    assert_eq!(reports.count(), 1, "said three times, and one event");
}

#[test]
fn a_poll_that_repeats_the_last_one_with_another_nonce_writes_nothing() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let mut agent = Agent::running(&firmware("lamp-0.3")).device(5);
    agent.ask(&site);
    let query = EventQuery { device: agent.mac().parse().ok(), limit: 99, ..EventQuery::default() };
    let (events, first) = (site.store.events(&query).unwrap(), site.device(&agent.mac()).unwrap());
    for number in 1..20 {
        agent.nonce[0] = number;
        agent.assert_waits(&keys.record(1), &agent.ask(&site));
    }
    let last = site.device(&agent.mac()).unwrap();
    assert_eq!(site.store.events(&query).unwrap(), events);
    assert_eq!((last.polls, last.builds.len(), last.last), (20, 1, first.last));
}

#[test]
fn a_stranger_who_repeats_its_address_changes_neither_its_answers_nor_its_brakes() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let agent = Agent::running(&firmware("lamp-0.1")).device(6);
    let offered = agent.ask(&site).body;
    let mut stranger = Agent { from: "127.0.15.66", ..Agent::running(&firmware("lamp-0.3")).device(6) };
    for tries in 0..=20 {
        let report = Report { release: 3, payload: None, outcome: Outcome::Installed, cause: None, tries };
        stranger.report = Some(report);
        stranger.assert_waits(&keys.record(1), &stranger.ask(&site));
        assert!(agent.ask(&site).body == offered);
    }
    let device = site.device(&agent.mac()).unwrap();
    assert!(device.installed.is_none() && !device.is_known());
    assert!(device.attempts.iter().all(|attempt| attempt.holds == 0));
}

#[test]
fn an_anchor_is_had_by_its_digest_from_either_listener() {
    let site = Site::start();
    let der = site.authority.root().der().to_vec();
    let path = format!("/anchor/{}", Sha256::of(&der));
    for answer in [ask(&site, HOME, &get(&path)), ask_plain(&site, HOME, &get(&path))] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/x-x509-ca-cert"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert!(answer.body == der && der.len() <= 2048);
    }
    let head = ask(&site, HOME, &request("HEAD", &path, ""));
    assert_eq!(head.header("content-length"), Some(der.len().to_string().as_str()));
    assert!(head.body.is_empty());
    assert_eq!(ask(&site, HOME, &request("POST", &path, "")).status, 405);
    for nothing in ["x".to_owned(), String::new(), "0".repeat(64), format!("{path}/x")] {
        assert_eq!(ask(&site, HOME, &get(&format!("/anchor/{nothing}"))).status, 404, "{nothing}");
    }
}

#[test]
fn every_anchor_of_the_pem_file_is_there() {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let site = Site::start();
    let pem = site.authority.anchors_pem();
    let anchors: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect();
    assert!(anchors.len() >= 2, "this root and the next");
    for der in anchors {
        let path = format!("/anchor/{}", Sha256::of(&der));
        assert_eq!(ask(&site, HOME, &get(&path)).body, der.as_ref());
    }
}

#[test]
fn over_plain_http_it_is_served_where_its_product_allows_that() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let mut agent = Agent::running(&firmware("lamp-0.1")).device(7);
    assert_eq!(agent.ask_plain(&site).status, 403);
    site.product("lamp", |product| product.allow_plain_http = true);
    let answer = agent.ask_plain(&site);
    assert!(matches!(agent.judge(&keys.record(1), &answer), Ok(Verdict::Install { .. })));
    agent.product = "nonexistent";
    assert_eq!(agent.ask_plain(&site).status, 403);
}

#[test]
fn its_device_is_the_address_in_its_check_in() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let mut agent = Agent::running(&firmware("lamp-0.1"));
    // What other clients say beside it does not count.
    agent.lines = "x-ESP32-STA-MAC: 24:6F:28:0F:00:99\r\nx-ESP32-mode: sketch\r\n".into();
    let root = keys.record(1);
    assert!(matches!(agent.judge(&root, &agent.ask(&site)), Ok(Verdict::Install { .. })));
    assert!(site.device(MAC).is_some() && site.device("24:6F:28:0F:00:99").is_none());
    assert!(Root::compiled_in(&root).is_ok());
}
