//! Messages and signed objects: the keys of an owner, the records that they signed, and answers of a server made of them.
//!
//! A fuzzer cannot sign. So whatever it makes of these answers, a device may do only what the owner signed.

use std::sync::LazyLock;

use otary_image::Chip;
use otary_wire::sign::{self, SigningKey};
use otary_wire::{
    Action, Cause, CheckIn, ClockState, Encoding, Identity, Kind, List, Manifest, Offer, Order, Outcome,
    Payload, PublicKey, ReleaseKey, Report, Root, RootRecord, Stored, UnixSeconds,
};
use sha2::{Digest as _, Sha256};

use crate::Seed;

/// What the first byte of an input asks for.
pub const TASKS: [&str; 8] = ["check-in", "text", "report", "offer", "root", "manifest", "order", "verify"];

/// The device.
pub const IDENTITY: Identity<'static> = Identity {
    product: "lamp",
    hardware: "rev-b",
    chip: Chip::Esp32C3,
    device: *b"\x24\x6F\x28\xAA\xBB\xCC",
};
/// The nonce of its check-in.
pub const NONCE: [u8; 16] = [0x4E; 16];
/// The number of the release that it runs.
pub const INSTALLED: u32 = 41;
/// How large an update may be, in bytes.
pub const SLOT: u32 = 0x14_0000;
/// A time that all objects are valid at.
pub const NOW: UnixSeconds = UnixSeconds(1_795_867_200);

/// What an owner signed.
#[derive(Debug)]
pub struct Owner {
    /// The first root record.
    pub root: Vec<u8>,
    /// The one after it, by other keys.
    pub next_root: Vec<u8>,
    /// A manifest that the device may install.
    pub manifest: Vec<u8>,
    /// One that it may not: an older release.
    pub old_manifest: Vec<u8>,
    /// The order to install the first of them.
    pub install: Vec<u8>,
    /// The order to wait.
    pub wait: Vec<u8>,
}

/// The owner of all devices here.
pub static OWNER: LazyLock<Owner> = LazyLock::new(Owner::new);

/// What the device keeps.
///
/// # Panics
///
/// Never: the record was signed by its own keys.
#[must_use]
pub fn stored() -> Stored<'static> {
    let root = Root::compiled_in(&OWNER.root).expect("the owner's record is signed by its own keys");
    Stored { root, release: INSTALLED, installed: None, floor: 40, time: None, slot: SLOT }
}

/// Inputs for each task, its number before them.
#[must_use]
pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add = |task: &str, name: &str, bytes: &[u8]| {
        let number = TASKS.iter().position(|known| *known == task).and_then(|at| u8::try_from(at).ok());
        let number = number.expect("a seed is for one of the tasks");
        seeds.push(Seed::new(format!("{task}-{name}"), [&[number], bytes].concat()));
    };
    let mut text = [0; CheckIn::MAX_TEXT];
    add("text", "full", check_in().to_text(&mut text).expect("a check-in has room").as_bytes());
    add("check-in", "full", &encoded(|out| check_in().encode(out)));
    add("report", "rolled-back", &encoded(|out| report().encode(out)));
    let owner = &*OWNER;
    add("root", "first", &owner.root);
    add("root", "next", &owner.next_root);
    add("root", "record", &encoded(|out| record(1, [1, 2]).encode(out)));
    add("manifest", "payload", &encoded(|out| manifest(42).encode(out)));
    add("order", "payload", &encoded(|out| order(Action::Wait).encode(out)));
    for (name, offer) in offers(owner) {
        let offer = encoded(|out| offer.encode(out));
        add("offer", name, &offer);
        for clock in 0..3 {
            add("verify", &format!("{name}-{clock}"), &[&[clock], &offer[..]].concat());
        }
    }
    seeds
}

fn offers(owner: &Owner) -> [(&'static str, Offer<'_>); 5] {
    let of = |manifest, order| Offer { manifest, order: Some(order), ..Offer::default() };
    [
        ("install", of(Some(&owner.manifest[..]), &owner.install[..])),
        ("wait", of(None, &owner.wait)),
        ("other-manifest", of(Some(&owner.old_manifest), &owner.install)),
        ("next-root", Offer { root: Some(&owner.next_root), retry_after: Some(60), ..Offer::default() }),
        ("nothing", Offer::default()),
    ]
}

impl Owner {
    fn new() -> Self {
        let release = key(10);
        let manifest = encoded(|out| sign::manifest(&manifest(42), &release, out));
        let digest = digest(&manifest);
        Self {
            root: encoded(|out| sign::root(&record(1, [1, 2]), &[&key(1), &key(2)], out)),
            next_root: encoded(|out| sign::root(&record(2, [2, 3]), &[&key(1), &key(2), &key(3)], out)),
            old_manifest: encoded(|out| sign::manifest(&self::manifest(7), &release, out)),
            install: encoded(|out| sign::order(&order(Action::Install(&digest)), &key(20), out)),
            wait: encoded(|out| sign::order(&order(Action::Wait), &key(20), out)),
            manifest,
        }
    }
}

/// The certificate of the owner's authority, as far as a device looks at it before it connects.
pub const ANCHOR: &[u8] = b"\x30\x82 a certificate";
static ANCHOR_DIGEST: LazyLock<[u8; 32]> = LazyLock::new(|| digest(ANCHOR));

/// The public half of every key here.
static PUBLIC: LazyLock<Vec<[u8; 32]>> = LazyLock::new(|| (0..=20).map(public).collect());

fn public(number: u8) -> [u8; 32] {
    key(number).verifying_key().to_bytes()
}

pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn public_key(number: u8) -> PublicKey<'static> {
    PublicKey(&PUBLIC[usize::from(number)])
}

fn list<T: Copy, const N: usize>(items: &[T]) -> List<T, N> {
    List::of(items).expect("a seed has no more items than there is room for")
}

/// The record of this version, with these root keys.
#[must_use]
pub fn record(version: u32, roots: [u8; 2]) -> RootRecord<'static> {
    RootRecord {
        version,
        issued: NOW,
        threshold: 2,
        root_keys: list(&roots.map(public_key)),
        release_keys: list(&[ReleaseKey { key: public_key(10), first: 1, last: 1000 }]),
        order_keys: list(&[public_key(20)]),
        trust_set: list(&[&*ANCHOR_DIGEST]),
        minimum: 1,
    }
}

fn manifest(release: u32) -> Manifest<'static> {
    manifest_of(release, &[0x5A; 32], 4096)
}

/// The manifest of a release whose image has this SHA-256 and this length.
pub(crate) fn manifest_of(release: u32, image: &[u8; 32], length: u32) -> Manifest<'_> {
    let payload = Payload {
        kind: Kind::App,
        label: None,
        encoding: Encoding::Raw,
        base: None,
        coded_length: length,
        final_length: length,
        final_digest: image,
        coded_digest: None,
    };
    Manifest {
        product: IDENTITY.product,
        hardware: list(&["rev-a", "rev-b"]),
        chip: IDENTITY.chip,
        release,
        version: "1.2.3",
        floor: 7,
        downgrade: false,
        not_after: Some(UnixSeconds(NOW.0 + 86_400)),
        payloads: list(&[payload]),
    }
}

pub(crate) fn order(action: Action<'_>) -> Order<'_> {
    Order { nonce: NONCE, time: NOW, device: IDENTITY.device, action, poll_after: 600 }
}

fn report() -> Report<'static> {
    let outcome = Outcome::RolledBack;
    Report { release: 42, payload: Some(&[0x5A; 32]), outcome, cause: Some(Cause::SelfTest), tries: 2 }
}

fn check_in() -> CheckIn<'static> {
    CheckIn {
        device: IDENTITY.device,
        product: IDENTITY.product,
        hardware: IDENTITY.hardware,
        chip: IDENTITY.chip,
        release: INSTALLED,
        image: Some(&[0x11; 32]),
        version: Some("1.2.2"),
        root: 1,
        trust_set: 1,
        nonce: NONCE,
        slot: SLOT,
        clock: ClockState::LowerBound,
        report: Some(report()),
    }
}

/// The SHA-256 of bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn encoded<E: std::fmt::Debug>(write: impl FnOnce(&mut [u8]) -> Result<&[u8], E>) -> Vec<u8> {
    let mut room = vec![0; Offer::MAX_LEN];
    write(&mut room).expect("a seed has no more bytes than there is room for").to_vec()
}
