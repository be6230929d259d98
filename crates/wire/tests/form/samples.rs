//! One of each message, as `golden/` has them.

use otary_image::Chip;
use otary_wire::sign::SigningKey;
use otary_wire::{
    Action, Cause, CheckIn, ClockState, Encoding, Kind, List, Manifest, Offer, Order, Outcome, Payload,
    PublicKey, ReleaseKey, Report, RootRecord, UnixSeconds,
};

pub const DEVICE: [u8; 6] = [0x24, 0x6F, 0x28, 0xAA, 0xBB, 0xCC];
pub const NONCE: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// 2026-01-01.
pub const ISSUED: u64 = 1_767_225_600;

/// The key whose seed is this byte, 32 times.
pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// Its public key.
pub fn public(seed: u8) -> PublicKey<'static> {
    PublicKey(Box::leak(Box::new(key(seed).verifying_key().to_bytes())))
}

pub fn report() -> Report<'static> {
    Report {
        release: 7,
        payload: Some(&[0xBB; 32]),
        outcome: Outcome::RolledBack,
        cause: Some(Cause::BootsSpent),
        tries: 3,
    }
}

pub fn least_report() -> Report<'static> {
    Report { release: 8, payload: None, outcome: Outcome::Installed, cause: None, tries: 1 }
}

pub fn check_in() -> CheckIn<'static> {
    CheckIn {
        device: DEVICE,
        product: "lamp",
        hardware: "v1",
        chip: Chip::Esp32C3,
        release: 6,
        image: Some(&[0xAA; 32]),
        version: Some("0.6.0"),
        root: 2,
        trust_set: 1,
        nonce: NONCE,
        slot: 0x1E_0000,
        clock: ClockState::Set,
        report: Some(report()),
    }
}

pub fn least_check_in() -> CheckIn<'static> {
    CheckIn {
        release: 0,
        image: None,
        version: None,
        root: 1,
        clock: ClockState::Unknown,
        report: None,
        ..check_in()
    }
}

pub fn offer() -> Offer<'static> {
    Offer { root: Some(&[0xD0]), manifest: Some(&[0xD1]), order: Some(&[0xD2]), retry_after: Some(3600) }
}

/// Three root keys (seeds 1 to 3) of which two sign, a release key (4), an order key (5).
pub fn root_record() -> RootRecord<'static> {
    RootRecord {
        version: 1,
        issued: UnixSeconds(ISSUED),
        threshold: 2,
        root_keys: List::of(&[public(1), public(2), public(3)]).unwrap(),
        release_keys: List::of(&[ReleaseKey { key: public(4), first: 1, last: 1000 }]).unwrap(),
        order_keys: List::of(&[public(5)]).unwrap(),
        trust_set: List::of(&[&[0xC1; 32], &[0xC2; 32]]).unwrap(),
        minimum: 4,
    }
}

pub fn app() -> Payload<'static> {
    Payload {
        kind: Kind::App,
        label: None,
        encoding: Encoding::Raw,
        base: None,
        coded_length: 1_000_000,
        final_length: 1_000_000,
        final_digest: &[0xBB; 32],
        coded_digest: None,
    }
}

/// A file system in a form that is only reserved today.
pub fn file_system() -> Payload<'static> {
    Payload {
        kind: Kind::FileSystem,
        label: Some("spiffs"),
        encoding: Encoding::Other(9),
        base: Some(&[0xBD; 32]),
        coded_length: 300,
        final_length: 65536,
        final_digest: &[0xBE; 32],
        coded_digest: Some(&[0xBF; 32]),
    }
}

pub fn manifest() -> Manifest<'static> {
    Manifest {
        product: "lamp",
        hardware: List::of(&["v1", "v2"]).unwrap(),
        chip: Chip::Esp32C3,
        release: 7,
        version: "0.7.0",
        floor: 6,
        downgrade: true,
        not_after: Some(UnixSeconds(ISSUED + 365 * 86_400)),
        payloads: List::of(&[app(), file_system()]).unwrap(),
    }
}

pub fn order(action: Action<'_>) -> Order<'_> {
    Order { nonce: NONCE, time: UnixSeconds(ISSUED + 86_400), device: DEVICE, action, poll_after: 3600 }
}
