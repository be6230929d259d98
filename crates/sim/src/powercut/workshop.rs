//! The owner's workshop: images, keys and signed objects, made once for a case.

use otary_image::{Chip, Error};
use otary_wire::sign::{self, SigningKey};
use otary_wire::{
    Digest, Encoding, Kind, List, Manifest, Payload, PublicKey, ReleaseKey, RootRecord, UnixSeconds,
};
use sha2::{Digest as _, Sha256};

use super::scenario::{Behaviour, FACTORY, Scenario, SecondRoot};
use crate::sample;

pub(super) const CHIP: Chip = Chip::Esp32C3;
pub(super) const PRODUCT: &str = "lamp";
pub(super) const HARDWARE: &str = "rev-b";
/// When the owner's first root record was issued.
pub(super) const ISSUED: UnixSeconds = UnixSeconds(1_790_000_000);

/// A release: its image, and its manifest as it was signed.
#[derive(Debug)]
pub(super) struct Release {
    pub number: u32,
    pub image: Vec<u8>,
    pub digest: Digest,
    pub manifest: Vec<u8>,
}

/// An owner's root, release and order key.
#[derive(Debug)]
struct Keys {
    root: SigningKey,
    release: SigningKey,
    order: SigningKey,
}

impl Keys {
    fn of(generation: u8) -> Self {
        let key = |kind: u8| SigningKey::from_bytes(&[16 * generation + kind; 32]);
        Self { root: key(1), release: key(2), order: key(3) }
    }
}

/// All that the owner has made.
#[derive(Debug)]
pub(super) struct Workshop {
    pub releases: Vec<Release>,
    /// The root records, from version 1 on.
    pub roots: Vec<Vec<u8>>,
    /// The anchor that is built into the firmware, the one that comes next, and one that no server has.
    pub anchors: [Vec<u8>; 3],
    first: Keys,
    second: Keys,
    keys_change: bool,
}

impl Workshop {
    /// Makes everything for a scenario, with images of at most `size` bytes.
    pub fn new(scenario: &Scenario, size: usize) -> Result<Self, Error> {
        let mut workshop = Self {
            releases: Vec::new(),
            roots: Vec::new(),
            anchors: [(1, 500), (2, 450), (3, 400)].map(|(byte, len)| vec![byte; len]),
            first: Keys::of(1),
            second: Keys::of(2),
            keys_change: scenario.root == SecondRoot::Keys,
        };
        workshop.roots = workshop.roots(scenario.root);
        for number in FACTORY..=scenario.last {
            let image = image(number, scenario.behaviour(number), size)?;
            let digest = Sha256::digest(&image).into();
            let manifest = workshop.manifest(number, &image, &digest);
            workshop.releases.push(Release { number, image, digest, manifest });
        }
        Ok(workshop)
    }

    pub fn release(&self, number: u32) -> Option<&Release> {
        self.releases.iter().find(|release| release.number == number)
    }

    /// The key that signs orders for a device with this root version.
    pub fn order_key(&self, root: u32) -> &SigningKey {
        if root >= 2 { &self.newest().order } else { &self.first.order }
    }

    fn newest(&self) -> &Keys {
        if self.keys_change { &self.second } else { &self.first }
    }

    fn roots(&self, second: SecondRoot) -> Vec<Vec<u8>> {
        let [built_in, next, nobodys] = &self.anchors;
        let first = root(1, &self.first, built_in, &[&self.first]);
        let second = match second {
            SecondRoot::None => return vec![first],
            SecondRoot::Keys => root(2, &self.second, built_in, &[&self.first, &self.second]),
            SecondRoot::TrustSet => root(2, &self.first, next, &[&self.first]),
            SecondRoot::WrongTrustSet => root(2, &self.first, nobodys, &[&self.first]),
        };
        vec![first, second]
    }

    fn manifest(&self, number: u32, image: &[u8], digest: &Digest) -> Vec<u8> {
        let length = u32::try_from(image.len()).unwrap_or(u32::MAX);
        let payload = Payload {
            kind: Kind::App,
            label: None,
            encoding: Encoding::Raw,
            base: None,
            coded_length: length,
            final_length: length,
            final_digest: digest,
            coded_digest: None,
        };
        let manifest = Manifest {
            product: PRODUCT,
            hardware: list(&[HARDWARE]),
            chip: CHIP,
            release: number,
            version: "sample",
            floor: 1,
            downgrade: false,
            not_after: None,
            payloads: list(&[payload]),
        };
        made(|out| sign::manifest(&manifest, &self.newest().release, out))
    }
}

fn root(version: u32, keys: &Keys, anchor: &[u8], signers: &[&Keys]) -> Vec<u8> {
    let [own, release, order] =
        [&keys.root, &keys.release, &keys.order].map(|key| key.verifying_key().to_bytes());
    let anchor = Digest::from(Sha256::digest(anchor));
    let record = RootRecord {
        version,
        issued: UnixSeconds(ISSUED.0 + u64::from(version)),
        threshold: 1,
        root_keys: list(&[PublicKey(&own)]),
        release_keys: list(&[ReleaseKey { key: PublicKey(&release), first: 1, last: 1000 }]),
        order_keys: list(&[PublicKey(&order)]),
        trust_set: list(&[&anchor]),
        minimum: 0,
    };
    let signers: Vec<&SigningKey> = signers.iter().map(|keys| &keys.root).collect();
    made(|out| sign::root(&record, &signers, out))
}

fn list<T: Copy, const N: usize>(items: &[T]) -> List<T, N> {
    List::of(items).unwrap_or_default()
}

/// What a signer wrote; nothing, which no device would believe, if it could not.
pub(super) fn made(
    sign: impl for<'w> FnOnce(&'w mut [u8]) -> Result<&'w [u8], otary_wire::Error>,
) -> Vec<u8> {
    sign(&mut [0; 2048]).map(<[u8]>::to_vec).unwrap_or_default()
}

/// An image that is as large as it can be in `size` bytes, within a row of 16.
fn image(number: u32, behaviour: Behaviour, size: usize) -> Result<Vec<u8>, Error> {
    let version = number.to_string();
    let overhead = sample::app(CHIP, &version, size)?.len().saturating_sub(size);
    let mut image = sample::app(CHIP, &version, size.saturating_sub(overhead + 16))?;
    if behaviour == Behaviour::IsRefused
        && let Some(revision) = image.get_mut(15..17)
    {
        revision.copy_from_slice(&999_u16.to_le_bytes());
    }
    Ok(image)
}
