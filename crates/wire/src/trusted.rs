//! Objects whose signatures were checked. There is no other way to make one, so whoever holds one may believe it.

use core::ops::Deref;

use crate::cose::{Envelope, Object};
use crate::digest::sha256;
use crate::{Digest, List, Manifest, Order, PublicKey, Refusal, RootRecord, UnixSeconds};

/// What a signed object says, and the bytes that were signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trusted<'a, T> {
    contents: T,
    signed: &'a [u8],
}

/// A root record that the device trusts.
pub type Root<'a> = Trusted<'a, RootRecord<'a>>;

impl<'a, T> Trusted<'a, T> {
    /// The object as it was sent, with its signatures.
    pub const fn signed(&self) -> &'a [u8] {
        self.signed
    }

    /// The SHA-256 of the object as it was sent, by which an order names a manifest.
    pub fn digest(&self) -> Digest {
        sha256(self.signed)
    }
}

impl<T> Deref for Trusted<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.contents
    }
}

impl<'a> Root<'a> {
    /// The record that is built into a firmware, or that a device has kept: trusted because it is there. It has to be
    /// signed by enough of its own root keys; signatures by keys of the record before it cannot be judged and do not count.
    pub fn compiled_in(signed: &'a [u8]) -> Result<Self, Refusal> {
        let (envelope, record) = open(signed)?;
        ensure_enough(&record, &signatures_of(&record, &envelope))?;
        Ok(Self { contents: record, signed })
    }

    /// The record after this one: its version is one higher, and enough root keys of this record *and* of its own have
    /// signed it (as TUF rotates its root, specification section 5.3.4). A signature that is not by one of them is refused.
    // Not inlined: a chip's code would copy each field of the result by itself.
    #[inline(never)]
    pub fn successor<'b>(&self, signed: &'b [u8]) -> Result<Root<'b>, Refusal> {
        let (envelope, record) = open(signed)?;
        let expected = self.version.saturating_add(1);
        if record.version != expected || record.version == self.version {
            return Err(Refusal::RootVersion { expected, found: record.version });
        }
        let [old, own] = [&self.contents, &record].map(|record| signatures_of(record, &envelope));
        ensure_enough(self, &old)?;
        ensure_enough(&record, &own)?;
        let is_by_one = |index| old.iter().chain(own.iter()).any(|known| known == index);
        if (0..envelope.signatures.len()).all(is_by_one) {
            Ok(Root { contents: record, signed })
        } else {
            Err(Refusal::RootSignature)
        }
    }

    /// A manifest that a release key of this record has signed, for a number that the key may sign. Whether it is for this
    /// device is not asked: a server keeps it for others.
    // Not inlined: a chip's code would copy each field of the result by itself.
    #[inline(never)]
    pub fn manifest<'b>(&self, signed: &'b [u8]) -> Result<Trusted<'b, Manifest<'b>>, Refusal> {
        let envelope =
            Envelope::open(Object::Manifest, signed, Manifest::MAX_LEN).map_err(Refusal::Manifest)?;
        let signature = envelope.signatures.iter().next().ok_or(Refusal::Signature)?;
        let named = || self.release_keys.iter().filter(|key| key.key.id() == *signature.key);
        if named().next().is_none() {
            return Err(Refusal::KeyUnknown);
        }
        let key = named().find(|key| envelope.is_signed_by(key.key, signature)).ok_or(Refusal::Signature)?;
        let manifest = Manifest::decode(envelope.payload).map_err(Refusal::Manifest)?;
        let mut entries = self.release_keys.iter().filter(|entry| entry.key == key.key);
        if !entries.any(|entry| entry.covers(manifest.release)) {
            return Err(Refusal::KeyOutOfRange { found: manifest.release });
        }
        Ok(Trusted { contents: manifest, signed })
    }

    /// An order that an order key of this record has signed. Whether it is for this device and check-in is not asked.
    pub fn order<'b>(&self, signed: &'b [u8]) -> Result<Trusted<'b, Order<'b>>, Refusal> {
        let envelope = Envelope::open(Object::Order, signed, Order::MAX_LEN).map_err(Refusal::Order)?;
        let signature = envelope.signatures.iter().next().ok_or(Refusal::OrderSignature)?;
        if !self.order_keys.iter().any(|key| envelope.is_signed_by(key, signature)) {
            return Err(Refusal::OrderSignature);
        }
        let contents = Order::decode(envelope.payload).map_err(Refusal::Order)?;
        Ok(Trusted { contents, signed })
    }

    /// The lower bound of the time, once this record has taken the place of `former` on a device that knew `bound`.
    ///
    /// A record is signed, so its own time is a bound. Where the order keys have changed, it is the only one: the old keys
    /// may have been stolen, and a time in the far future that they signed would let every manifest expire.
    pub fn time_after(&self, former: &Root<'_>, bound: Option<UnixSeconds>) -> UnixSeconds {
        let keys_stay = self.order_keys.len() == former.order_keys.len()
            && self.order_keys.iter().all(|key| former.order_keys.iter().any(|old| old == key));
        match bound {
            Some(bound) if keys_stay => bound.max(self.issued),
            _ => self.issued,
        }
    }
}

impl Trusted<'_, Manifest<'_>> {
    /// The name of the release key that signed it, as [`PublicKey::id`] gives it.
    pub fn key_id(&self) -> Option<[u8; 8]> {
        let envelope = Envelope::open(Object::Manifest, self.signed, Manifest::MAX_LEN).ok()?;
        envelope.signatures.iter().next().map(|signature| *signature.key)
    }
}

fn open(signed: &[u8]) -> Result<(Envelope<'_>, RootRecord<'_>), Refusal> {
    let envelope = Envelope::open(Object::Root, signed, RootRecord::MAX_LEN).map_err(Refusal::Root)?;
    let record = RootRecord::decode(envelope.payload).map_err(Refusal::Root)?;
    Ok((envelope, record))
}

/// Which signatures are by root keys of `record`, one a key.
fn signatures_of(record: &RootRecord<'_>, envelope: &Envelope<'_>) -> List<usize, 3> {
    let by = |key: PublicKey<'_>| {
        envelope.signatures.iter().position(|signature| envelope.is_signed_by(key, signature))
    };
    let mut found = List::EMPTY;
    for index in record.root_keys.iter().filter_map(by) {
        // There are as many places as root keys.
        let _ = found.push(index);
    }
    found
}

fn ensure_enough(record: &RootRecord<'_>, signatures: &List<usize, 3>) -> Result<(), Refusal> {
    let found = u8::try_from(signatures.len()).unwrap_or(u8::MAX);
    let expected = record.threshold;
    if found >= expected { Ok(()) } else { Err(Refusal::RootSignatures { expected, found }) }
}
