//! An owner with keys, a server with an online key, and one lamp.

use otary_image::Chip;
use otary_wire::sign::{self, SigningKey};
use otary_wire::{
    Action, Clock, Digest, Encoding, Identity, Kind, List, Manifest, Offer, Order, Payload, PublicKey,
    Refusal, ReleaseKey, Root, RootRecord, Stored, UnixSeconds, Verdict, verify,
};
use sha2::{Digest as _, Sha256};

/// When root record 1 was signed: 2026-01-01.
pub const ISSUED: UnixSeconds = UnixSeconds(1_767_225_600);
pub const DAY: u64 = 86_400;
/// The present.
pub const NOW: UnixSeconds = UnixSeconds(ISSUED.0 + 100 * DAY);
pub const NONCE: [u8; 16] = *b"this very moment";
pub const DEVICE: [u8; 6] = [0x24, 0x6F, 0x28, 0xAA, 0xBB, 0xCC];
/// The digest of release 7's image.
pub const IMAGE: Digest = [0xBB; 32];

/// The owner's root keys.
pub const ROOT: [u8; 3] = [1, 2, 3];
/// The owner's release key.
pub const RELEASE: u8 = 4;
/// The server's order key.
pub const ONLINE: u8 = 5;
/// Somebody else's.
pub const STRANGER: u8 = 9;

/// The key whose seed is this byte, 32 times.
pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// Its public key.
pub fn public(seed: u8) -> PublicKey<'static> {
    PublicKey(Box::leak(Box::new(key(seed).verifying_key().to_bytes())))
}

/// A release key for every number.
pub fn release_key(seed: u8) -> ReleaseKey<'static> {
    ReleaseKey { key: public(seed), first: 0, last: u32::MAX }
}

/// Root record 1: one of three root keys has to sign; a release key for every number; an order key.
pub fn record() -> RootRecord<'static> {
    RootRecord {
        version: 1,
        issued: ISSUED,
        threshold: 1,
        root_keys: List::of(&ROOT.map(public)).unwrap(),
        release_keys: List::of(&[release_key(RELEASE)]).unwrap(),
        order_keys: List::of(&[public(ONLINE)]).unwrap(),
        trust_set: List::of(&[&[0xC1; 32]]).unwrap(),
        minimum: 0,
    }
}

pub fn sign_root(record: &RootRecord, seeds: &[u8]) -> Vec<u8> {
    let keys: Vec<SigningKey> = seeds.iter().map(|seed| key(*seed)).collect();
    let keys: Vec<&SigningKey> = keys.iter().collect();
    sign::root(record, &keys, &mut [0; RootRecord::MAX_LEN]).unwrap().to_vec()
}

pub fn app() -> Payload<'static> {
    Payload {
        kind: Kind::App,
        label: None,
        encoding: Encoding::Raw,
        base: None,
        coded_length: 1_000_000,
        final_length: 1_000_000,
        final_digest: &IMAGE,
        coded_digest: None,
    }
}

/// Release 7 of the lamp, good for a year.
pub fn manifest() -> Manifest<'static> {
    Manifest {
        product: "lamp",
        hardware: List::of(&["v1", "v2"]).unwrap(),
        chip: Chip::Esp32C3,
        release: 7,
        version: "0.7.0",
        floor: 0,
        downgrade: false,
        not_after: Some(UnixSeconds(ISSUED.0 + 365 * DAY)),
        payloads: List::of(&[app()]).unwrap(),
    }
}

pub fn sign_manifest(manifest: &Manifest, seed: u8) -> Vec<u8> {
    sign::manifest(manifest, &key(seed), &mut [0; Manifest::MAX_LEN]).unwrap().to_vec()
}

/// An order to this device, in answer to this check-in.
pub fn order(action: Action<'_>) -> Order<'_> {
    Order { nonce: NONCE, time: NOW, device: DEVICE, action, poll_after: 3600 }
}

pub fn sign_order(order: &Order, seed: u8) -> Vec<u8> {
    sign::order(order, &key(seed), &mut [0; Order::MAX_LEN]).unwrap().to_vec()
}

/// The order of the server to install this manifest.
pub fn install(manifest: &[u8]) -> Vec<u8> {
    let digest = Sha256::digest(manifest).into();
    sign_order(&order(Action::Install(&digest)), ONLINE)
}

/// A lamp v1 that runs release 6 and trusts a root record.
pub struct Lamp {
    pub root: Vec<u8>,
    pub release: u32,
    pub installed: Option<Digest>,
    pub floor: u32,
    pub time: Option<UnixSeconds>,
    pub clock: Clock,
}

impl Lamp {
    pub fn new() -> Self {
        Self::trusting(sign_root(&record(), &ROOT[..1]))
    }

    pub fn trusting(root: Vec<u8>) -> Self {
        Self { root, release: 6, installed: None, floor: 0, time: None, clock: Clock::Set(NOW) }
    }

    pub fn stored(&self) -> Stored<'_> {
        Stored {
            root: Root::compiled_in(&self.root).unwrap(),
            release: self.release,
            installed: self.installed,
            floor: self.floor,
            time: self.time,
            slot: 0x1E_0000,
        }
    }

    pub fn hears<'a>(&self, offer: &Offer<'a>) -> Result<Verdict<'a>, Refusal> {
        verify(&self.stored(), &identity(), self.clock, &NONCE, offer)
    }

    /// The verdict on a manifest that the server orders to install.
    pub fn offered<'a>(&self, manifest: &'a [u8]) -> Result<Verdict<'a>, Refusal> {
        let order = install(manifest).leak();
        self.hears(&Offer { manifest: Some(manifest), order: Some(order), ..Offer::default() })
    }

    /// The verdict on a manifest that the release key has signed.
    pub fn judges(&self, manifest: &Manifest) -> Result<u32, Refusal> {
        self.offered(&sign_manifest(manifest, RELEASE)).map(|verdict| installs(&verdict).release)
    }

    /// The verdict on a root record.
    pub fn shown<'a>(&self, root: &'a [u8]) -> Result<Verdict<'a>, Refusal> {
        self.hears(&Offer { root: Some(root), ..Offer::default() })
    }
}

pub fn identity() -> Identity<'static> {
    Identity { product: "lamp", hardware: "v1", chip: Chip::Esp32C3, device: DEVICE }
}

/// The manifest that is to be installed.
pub fn installs<'v>(verdict: &'v Verdict) -> &'v Manifest<'v> {
    match verdict {
        Verdict::Install { manifest, .. } => manifest,
        other => panic!("not to be installed: {other:?}"),
    }
}

/// The root record that is to be kept.
pub fn keeps<'v>(verdict: &'v Verdict) -> &'v RootRecord<'v> {
    match verdict {
        Verdict::NewRoot(root) => root,
        other => panic!("no new root record: {other:?}"),
    }
}
