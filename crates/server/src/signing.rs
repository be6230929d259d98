//! What agents trust beyond a connection: the chain of root records, and the key that signs orders.
//!
//! An order is signed for whoever asks and says nothing but the time and which manifest to look at; what may be
//! installed is the manifest's part, whose key need not be here.

use otary_fleet::{Mac, ManifestBytes, Sha256, Time};
use otary_trust::Authority;
use otary_wire::sign::{self, SigningKey};
use otary_wire::{Action, Offer, Order, Refusal, Root, UnixSeconds};
use thiserror::Error;

/// Root records and the order key of a server. Without any, agents are answered by unsigned offers, which those take
/// whose root record names no order key.
#[derive(Default)]
pub struct Signing {
    /// Signed records, each the successor of the one before.
    chain: Vec<Record>,
    order_key: Option<SigningKey>,
}

struct Record {
    version: u32,
    signed: Box<[u8]>,
}

/// Why a chain of root records cannot be served: no device would follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("root record {place} of the chain is refused")]
pub struct BrokenChain {
    /// Which, counted from 1.
    pub place: usize,
    /// Why.
    #[source]
    pub why: Refusal,
}

/// What answers one check-in.
pub(crate) struct Answering<'a> {
    pub(crate) device: Mac,
    pub(crate) nonce: [u8; 16],
    /// The version of the root record that the device trusts.
    pub(crate) root: u32,
    /// What it is to install; nothing if none.
    pub(crate) manifest: Option<&'a ManifestBytes>,
    pub(crate) now: Time,
    /// When it is to ask again.
    pub(crate) poll_after: u32,
}

impl Signing {
    /// Root records as they were signed, oldest first and without gaps, and the key whose public half the newest names.
    /// Each record is verified as a device does that trusts the one before.
    pub fn new(
        chain: impl IntoIterator<Item = Vec<u8>>,
        order_key: Option<SigningKey>,
    ) -> Result<Self, BrokenChain> {
        let mut signing = Self { chain: Vec::new(), order_key };
        for (place, signed) in (1..).zip(chain) {
            let version = signing.version_of(&signed).map_err(|why| BrokenChain { place, why })?;
            signing.chain.push(Record { version, signed: signed.into() });
        }
        Ok(signing)
    }

    /// What an authority's folder has. A key that is under a passphrase that was not given signs nothing.
    pub fn of(authority: &Authority) -> Result<Self, BrokenChain> {
        let holding = authority.holding();
        let chain = holding.chain().signed().map(|signed| signed.bytes.clone());
        Self::new(chain, holding.order_key().map(otary_trust::signing::SigningKey::to_wire))
    }

    /// The version of a record that may come next.
    fn version_of(&self, signed: &[u8]) -> Result<u32, Refusal> {
        let Some(last) = self.chain.last() else { return Ok(Root::compiled_in(signed)?.version) };
        Ok(Root::compiled_in(&last.signed)?.successor(signed)?.version)
    }

    /// The record that a device takes after the one of `version`.
    fn after(&self, version: u32) -> Option<&[u8]> {
        let next = version.checked_add(1)?;
        self.chain.iter().find(|record| record.version == next).map(|record| &*record.signed)
    }

    /// Whether devices that trust the newest record install what this manifest describes, as far as that is for the record to
    /// say: a key that was revoked has signed nothing, and a number below the minimum is none.
    pub(crate) fn lets_install(&self, manifest: &ManifestBytes) -> bool {
        let Some(newest) = self.chain.last() else { return true };
        let Ok(root) = Root::compiled_in(&newest.signed) else { return false };
        root.manifest(manifest.as_slice()).is_ok_and(|manifest| manifest.release >= root.minimum)
    }

    /// Writes the offer that answers a check-in. It costs one signature.
    pub(crate) fn offer(&self, answering: &Answering<'_>) -> Result<Vec<u8>, otary_wire::Error> {
        let manifest = answering.manifest.map(ManifestBytes::as_slice);
        let mut order = [0; Order::MAX_LEN];
        let order =
            self.order_key.as_ref().map(|key| answering.order(key, manifest, &mut order)).transpose()?;
        let root = self.after(answering.root);
        let mut bytes = vec![0; Offer::MAX_LEN];
        let length = Offer { root, manifest, order, retry_after: None }.encode(&mut bytes)?.len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

impl Answering<'_> {
    fn order<'w>(
        &self,
        key: &SigningKey,
        manifest: Option<&[u8]>,
        out: &'w mut [u8],
    ) -> Result<&'w [u8], otary_wire::Error> {
        let digest = manifest.map(|signed| Sha256::of(signed).0);
        let order = Order {
            nonce: self.nonce,
            time: UnixSeconds(self.now.secs()),
            device: self.device.bytes(),
            action: digest.as_ref().map_or(Action::Wait, Action::Install),
            poll_after: self.poll_after,
        };
        sign::order(&order, key, out)
    }
}
