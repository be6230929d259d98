//! The server's side of a scenario: keys, signed objects, and an answer to each check-in. It keeps what the device said.

use std::collections::VecDeque;

use otary_agent::wire::sign::{self, SigningKey};
use otary_agent::wire::{
    Action, Cause, CheckIn, ClockState, Encoding, Kind, List, Manifest, Offer, Order, Outcome, Payload,
    PublicKey, ReleaseKey, RootRecord, UnixSeconds,
};
use otary_image::Chip;
use sha2::{Digest as _, Sha256};

pub const MAC: [u8; 6] = [0x34, 0x85, 0x18, 0x01, 0x02, 0x03];
/// 2026-11-28.
pub const TODAY: UnixSeconds = UnixSeconds(1_795_824_000);

/// What a device said in a check-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub release: u32,
    pub image: Option<[u8; 32]>,
    pub root: u32,
    pub trust_set: u32,
    pub clock: ClockState,
    /// Release, outcome, cause, tries.
    pub report: Option<(u32, Outcome, Option<Cause>, u8)>,
}

/// Keys of one letter each, so that a scenario reads well.
pub fn key(letter: char) -> SigningKey {
    SigningKey::from_bytes(&[letter as u8; 32])
}

/// A root record to be varied.
#[derive(Clone)]
pub struct RootPlan {
    pub version: u32,
    pub issued: UnixSeconds,
    pub root_keys: &'static str,
    pub signers: &'static str,
    /// Each with its lowest and highest number.
    pub release_keys: Vec<(char, u32, u32)>,
    pub order_keys: &'static str,
    pub anchors: Vec<Vec<u8>>,
    pub minimum: u32,
}

impl RootPlan {
    /// Version 1: root key A, release key R, order key O, no trust set.
    pub fn first() -> Self {
        Self {
            version: 1,
            issued: UnixSeconds(TODAY.0 - 400 * 86_400),
            root_keys: "A",
            signers: "A",
            release_keys: vec![('R', 1, 1000)],
            order_keys: "O",
            anchors: Vec::new(),
            minimum: 0,
        }
    }

    pub fn sign(&self) -> Vec<u8> {
        let public = |letter| *key(letter).verifying_key().as_bytes();
        let roots: Vec<[u8; 32]> = self.root_keys.chars().map(public).collect();
        let orders: Vec<[u8; 32]> = self.order_keys.chars().map(public).collect();
        let releases: Vec<_> =
            self.release_keys.iter().map(|(letter, first, last)| (public(*letter), *first, *last)).collect();
        let releases: Vec<_> = releases
            .iter()
            .map(|(key, first, last)| ReleaseKey { key: PublicKey(key), first: *first, last: *last })
            .collect();
        let anchors: Vec<[u8; 32]> = self.anchors.iter().map(|der| Sha256::digest(der).into()).collect();
        let record = RootRecord {
            version: self.version,
            issued: self.issued,
            threshold: 1,
            root_keys: List::of(&roots.iter().map(PublicKey).collect::<Vec<_>>()).unwrap(),
            release_keys: List::of(&releases).unwrap(),
            order_keys: List::of(&orders.iter().map(PublicKey).collect::<Vec<_>>()).unwrap(),
            trust_set: List::of(&anchors.iter().collect::<Vec<_>>()).unwrap(),
            minimum: self.minimum,
        };
        let signers: Vec<SigningKey> = self.signers.chars().map(key).collect();
        let mut out = [0; RootRecord::MAX_LEN];
        sign::root(&record, &signers.iter().collect::<Vec<_>>(), &mut out).unwrap().to_vec()
    }
}

/// A release to be varied.
#[derive(Clone)]
pub struct Release {
    pub image: Vec<u8>,
    pub number: u32,
    pub floor: u32,
    pub key: char,
    pub product: &'static str,
    pub hardware: &'static str,
    pub chip: Chip,
    pub downgrade: bool,
    pub not_after: Option<UnixSeconds>,
    pub kind: Kind,
    pub encoding: Encoding,
    /// What the manifest says, where it is not the image's length and digest.
    pub length: Option<u32>,
    pub digest: Option<[u8; 32]>,
}

impl Release {
    pub fn new(number: u32, image: Vec<u8>) -> Self {
        Self {
            image,
            number,
            floor: 0,
            key: 'R',
            product: "lamp",
            hardware: "lamp-2",
            chip: Chip::Esp32C3,
            downgrade: false,
            not_after: None,
            kind: Kind::App,
            encoding: Encoding::Raw,
            length: None,
            digest: None,
        }
    }

    pub fn digest(&self) -> [u8; 32] {
        self.digest.unwrap_or_else(|| Sha256::digest(&self.image).into())
    }

    pub fn sign(&self) -> Vec<u8> {
        let length = self.length.unwrap_or_else(|| u32::try_from(self.image.len()).unwrap());
        let digest = self.digest();
        let payload = Payload {
            kind: self.kind,
            label: None,
            encoding: self.encoding,
            base: None,
            coded_length: length,
            final_length: length,
            final_digest: &digest,
            coded_digest: None,
        };
        let manifest = Manifest {
            product: self.product,
            hardware: List::of(&[self.hardware]).unwrap(),
            chip: self.chip,
            release: self.number,
            version: "0.0",
            floor: self.floor,
            downgrade: self.downgrade,
            not_after: self.not_after,
            payloads: List::of(&[payload]).unwrap(),
        };
        let mut out = [0; Manifest::MAX_LEN];
        sign::manifest(&manifest, &key(self.key), &mut out).unwrap().to_vec()
    }
}

/// The server.
pub struct Server {
    /// The device that it knows.
    pub device: [u8; 6],
    pub hardware: &'static str,
    pub time: UnixSeconds,
    /// Signed root records, version 1 first. A device is given the one after its own.
    pub roots: Vec<Vec<u8>>,
    pub release: Option<Release>,
    /// Sent in place of the release's own manifest.
    pub manifest: Option<Vec<u8>>,
    pub order_key: Option<char>,
    pub poll_after: u32,
    pub retry_after: Option<u32>,
    /// Sent in place of the next answers.
    pub replayed: VecDeque<Vec<u8>>,
    pub anchors: Vec<Vec<u8>>,
    /// Sent in place of an anchor that is not there.
    pub misplaced_anchor: Option<Vec<u8>>,
    /// What devices said, and what they were answered.
    pub said: Vec<Said>,
    pub answers: Vec<Vec<u8>>,
}

impl Server {
    pub fn new() -> Self {
        Self {
            device: MAC,
            hardware: "lamp-2",
            time: TODAY,
            roots: vec![RootPlan::first().sign()],
            release: None,
            manifest: None,
            order_key: Some('O'),
            poll_after: 3600,
            retry_after: None,
            replayed: VecDeque::new(),
            anchors: Vec::new(),
            misplaced_anchor: None,
            said: Vec::new(),
            answers: Vec::new(),
        }
    }

    pub fn offering(release: Release) -> Self {
        Self { release: Some(release), ..Self::new() }
    }

    /// The last report that came in.
    pub fn reported(&self) -> Option<(u32, Outcome, Option<Cause>, u8)> {
        self.said.iter().rev().find_map(|said| said.report)
    }

    pub fn last(&self) -> &Said {
        self.said.last().expect("a check-in")
    }

    pub fn answer(&mut self, text: &str) -> Vec<u8> {
        let mut buffer = [0; CheckIn::MAX_LEN];
        let check_in = CheckIn::from_text(text, &mut buffer).unwrap();
        let device = (self.device, "lamp", self.hardware);
        assert_eq!((check_in.device, check_in.product, check_in.hardware), device);
        self.said.push(Said {
            release: check_in.release,
            image: check_in.image.copied(),
            root: check_in.root,
            trust_set: check_in.trust_set,
            clock: check_in.clock,
            report: check_in
                .report
                .map(|report| (report.release, report.outcome, report.cause, report.tries)),
        });
        if let Some(answer) = self.replayed.pop_front() {
            return answer;
        }
        let answer = self.offer(&check_in);
        self.answers.push(answer.clone());
        answer
    }

    /// As the real server: a release is offered to whoever does not run it.
    fn offer(&self, check_in: &CheckIn) -> Vec<u8> {
        let wanted = self.release.as_ref().filter(|release| release.number != check_in.release);
        let manifest = wanted.map(|release| self.manifest.clone().unwrap_or_else(|| release.sign()));
        let digest = manifest.as_ref().map(|manifest| Sha256::digest(manifest).into());
        let order = Order {
            nonce: check_in.nonce,
            time: self.time,
            device: check_in.device,
            action: digest.as_ref().map_or(Action::Wait, Action::Install),
            poll_after: self.poll_after,
        };
        let mut signed = [0; Order::MAX_LEN];
        let order = self.order_key.map(|letter| sign::order(&order, &key(letter), &mut signed).unwrap());
        let offer = Offer {
            root: self.roots.get(check_in.root as usize).map(Vec::as_slice),
            manifest: manifest.as_deref(),
            order,
            retry_after: self.retry_after,
        };
        let mut out = [0; Offer::MAX_LEN];
        offer.encode(&mut out).unwrap().to_vec()
    }

    pub fn payload(&self, digest: &[u8; 32]) -> Option<&[u8]> {
        self.release.as_ref().filter(|release| release.digest() == *digest).map(|release| &*release.image)
    }

    pub fn anchor(&self, digest: &[u8; 32]) -> Option<&[u8]> {
        let there = self.anchors.iter().find(|der| Sha256::digest(der)[..] == digest[..]);
        there.or(self.misplaced_anchor.as_ref()).map(Vec::as_slice)
    }
}
