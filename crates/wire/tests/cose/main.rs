//! Our signed objects in other people's hands: pycose verifies what we made, and we believe what pycose made.
//!
//! Needs a Python (`OTARY_PYTHON`, else `python3`) that has the packages pycose and cbor2 (5.x); says so
//! and passes where one of them is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use otary_image::Chip;
use otary_wire::sign::{self, SigningKey};
use otary_wire::{
    Action, Encoding, Kind, List, Manifest, Order, Payload, PublicKey, Refusal, ReleaseKey, Root, RootRecord,
    UnixSeconds,
};

/// pycose 1.1 cannot read what cbor2 6 gives it.
const PROBE: &str =
    "import pycose; from importlib.metadata import version; assert int(version('cbor2').split('.')[0]) < 6";
const SIGN1: u8 = 18;
const SIGN: u8 = 98;

fn python() -> Option<Command> {
    let python = std::env::var_os("OTARY_PYTHON").unwrap_or("python3".into());
    let found = Command::new(&python).args(["-c", PROBE]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(Command::new(python));
    }
    eprintln!("skipped: OTARY_PYTHON has no package pycose with a cbor2 below 6");
    None
}

/// The script's answer to one question; `None` for a signature that it does not accept.
fn ask(mut python: Command, question: &str) -> Option<Vec<u8>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cose/cose.py");
    let mut child =
        python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
    child.stdin.take().unwrap().write_all(question.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "pycose failed on {question}");
    let answer = String::from_utf8(output.stdout).unwrap();
    (answer.trim() != "no").then(|| bytes(answer.trim()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> PublicKey<'static> {
    PublicKey(Box::leak(Box::new(key(seed).verifying_key().to_bytes())))
}

fn verified(aad: &str, seeds: &[u8], signed: &[u8]) -> Option<Vec<u8>> {
    let keys: Vec<_> = seeds.iter().map(|seed| hex(public(*seed).0)).collect();
    let question = format!("verify {} {} {}\n", hex(aad.as_bytes()), keys.join(","), hex(signed));
    ask(python()?, &question)
}

fn made(aad: &str, tag: u8, seeds: &[u8], payload: &[u8]) -> Vec<u8> {
    let seeds: Vec<_> = seeds.iter().map(|seed| hex(&[*seed; 32])).collect();
    let question = format!("make {} {tag} {} {}\n", hex(aad.as_bytes()), seeds.join(","), hex(payload));
    ask(python().unwrap(), &question).unwrap()
}

/// Root keys 1 to 3 of which two sign, release key 4, order key 5.
fn record(version: u32) -> RootRecord<'static> {
    RootRecord {
        version,
        issued: UnixSeconds(1_767_225_600),
        threshold: 2,
        root_keys: List::of(&[1, 2, 3].map(public)).unwrap(),
        release_keys: List::of(&[ReleaseKey { key: public(4), first: 1, last: 1000 }]).unwrap(),
        order_keys: List::of(&[public(5)]).unwrap(),
        trust_set: List::of(&[&[0xC1; 32]]).unwrap(),
        minimum: 0,
    }
}

fn signed_record() -> Vec<u8> {
    sign::root(&record(1), &[&key(1), &key(3)], &mut [0; RootRecord::MAX_LEN]).unwrap().to_vec()
}

fn manifest() -> Manifest<'static> {
    let payload = Payload {
        kind: Kind::App,
        label: None,
        encoding: Encoding::Raw,
        base: None,
        coded_length: 1000,
        final_length: 1000,
        final_digest: &[0xBB; 32],
        coded_digest: None,
    };
    Manifest {
        product: "lamp",
        hardware: List::of(&["v1"]).unwrap(),
        chip: Chip::Esp32C3,
        release: 7,
        version: "0.7.0",
        floor: 6,
        downgrade: true,
        not_after: Some(UnixSeconds(1_798_761_600)),
        payloads: List::of(&[payload]).unwrap(),
    }
}

fn order() -> Order<'static> {
    Order {
        nonce: [7; 16],
        time: UnixSeconds(1_767_225_600),
        device: [1, 2, 3, 4, 5, 6],
        action: Action::Wait,
        poll_after: 60,
    }
}

#[test]
fn pycose_verifies_a_manifest_and_an_order_of_ours() {
    if python().is_none() {
        return;
    }
    let mut out = [0; Manifest::MAX_LEN];
    let payload = manifest().encode(&mut out).unwrap().to_vec();
    let signed = sign::manifest(&manifest(), &key(4), &mut out).unwrap();
    assert_eq!(verified("otary manifest 1", &[4], signed), Some(payload));
    assert_eq!(verified("otary order 1", &[4], signed), None, "other external data");
    let payload = order().encode(&mut out).unwrap().to_vec();
    let signed = sign::order(&order(), &key(5), &mut out).unwrap();
    assert_eq!(verified("otary order 1", &[5], signed), Some(payload));
}

#[test]
fn pycose_verifies_each_signature_of_a_root_record_of_ours() {
    if python().is_none() {
        return;
    }
    let mut out = [0; RootRecord::MAX_LEN];
    let payload = record(1).encode(&mut out).unwrap().to_vec();
    let signed = signed_record();
    assert_eq!(verified("otary root 1", &[1, 3], &signed), Some(payload));
    let mut damaged = signed;
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(verified("otary root 1", &[1, 3], &damaged), None, "the last signature counts too");
}

#[test]
fn a_manifest_and_an_order_that_pycose_signed_are_believed_and_the_same_to_the_byte() {
    if python().is_none() {
        return;
    }
    let record = signed_record();
    let root = Root::compiled_in(&record).unwrap();
    let mut out = [0; Manifest::MAX_LEN];
    let payload = manifest().encode(&mut out).unwrap().to_vec();
    let signed = made("otary manifest 1", SIGN1, &[4], &payload);
    assert_eq!(*root.manifest(&signed).unwrap(), manifest());
    assert_eq!(signed, sign::manifest(&manifest(), &key(4), &mut out).unwrap());
    let elsewhere = made("otary manifest 2", SIGN1, &[4], &payload);
    assert_eq!(root.manifest(&elsewhere), Err(Refusal::Signature), "other external data");
    let payload = order().encode(&mut out).unwrap().to_vec();
    let signed = made("otary order 1", SIGN1, &[5], &payload);
    assert_eq!(*root.order(&signed).unwrap(), order());
}

#[test]
fn a_root_record_that_pycose_signed_with_two_keys_is_believed_and_the_same_to_the_byte() {
    if python().is_none() {
        return;
    }
    let first = signed_record();
    let root = Root::compiled_in(&first).unwrap();
    let mut out = [0; RootRecord::MAX_LEN];
    let payload = record(2).encode(&mut out).unwrap().to_vec();
    let signed = made("otary root 1", SIGN, &[2, 3], &payload);
    assert_eq!(*root.successor(&signed).unwrap(), record(2));
    assert_eq!(signed, sign::root(&record(2), &[&key(2), &key(3)], &mut out).unwrap());
    let by_one = made("otary root 1", SIGN, &[2], &payload);
    assert_eq!(root.successor(&by_one), Err(Refusal::RootSignatures { expected: 2, found: 1 }));
}
