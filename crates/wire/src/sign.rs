//! The owner's side: makes the signed objects that a device believes. Needs the feature `sign`.

pub use ed25519_dalek::SigningKey;
use ed25519_dalek::{SIGNATURE_LENGTH, Signer as _};

use crate::cose::{self, Envelope, MAX_SIGNATURES, Object, Signature};
use crate::{Error, Fault, List, Manifest, Order, PublicKey, RootRecord};

/// Writes the manifest, signed by a release key, to `out`; gives what was written.
pub fn manifest<'w>(manifest: &Manifest<'_>, key: &SigningKey, out: &'w mut [u8]) -> Result<&'w [u8], Error> {
    let mut payload = [0; Manifest::MAX_LEN];
    let payload = manifest.encode(&mut payload)?;
    seal(Object::Manifest, payload, &[key], out)
}

/// Writes the order, signed by an order key, to `out`; gives what was written.
pub fn order<'w>(order: &Order<'_>, key: &SigningKey, out: &'w mut [u8]) -> Result<&'w [u8], Error> {
    let mut payload = [0; Order::MAX_LEN];
    let payload = order.encode(&mut payload)?;
    seal(Object::Order, payload, &[key], out)
}

/// Writes the root record, signed by each of these root keys (1 to 4), to `out`; gives what was written.
///
/// Whether they are enough is not asked: [`cosign`] adds those that are kept elsewhere.
pub fn root<'w>(record: &RootRecord<'_>, keys: &[&SigningKey], out: &'w mut [u8]) -> Result<&'w [u8], Error> {
    let mut payload = [0; RootRecord::MAX_LEN];
    let payload = record.encode(&mut payload)?;
    seal(Object::Root, payload, keys, out)
}

/// Writes a signed root record with one signature more to `out`; gives what was written. A key that has signed already
/// signs anew in the same place.
pub fn cosign<'w>(signed: &[u8], key: &SigningKey, out: &'w mut [u8]) -> Result<&'w [u8], Error> {
    let envelope = Envelope::open(Object::Root, signed, RootRecord::MAX_LEN)?;
    RootRecord::decode(envelope.payload)?;
    let added = Made::by(key, Object::Root, envelope.payload)?;
    let mut signatures = List::EMPTY;
    let others = envelope.signatures.iter().filter(|signature| *signature.key != added.key);
    for signature in others.chain([added.signature()]) {
        signatures.push(signature).map_err(|_| TOO_MANY)?;
    }
    cose::seal(Object::Root, envelope.payload, &signatures, out)
}

/// What a root record says that is not signed by enough keys yet, to be shown before it is signed. Nobody may trust it.
pub fn draft(signed: &[u8]) -> Result<RootRecord<'_>, Error> {
    let envelope = Envelope::open(Object::Root, signed, RootRecord::MAX_LEN)?;
    RootRecord::decode(envelope.payload)
}

/// Whether a root record has a signature by this key. It says nothing about what the key is worth.
pub fn is_signed_by(signed: &[u8], key: PublicKey<'_>) -> Result<bool, Error> {
    let envelope = Envelope::open(Object::Root, signed, RootRecord::MAX_LEN)?;
    Ok(envelope.signatures.iter().any(|signature| envelope.is_signed_by(key, signature)))
}

/// How many signatures a root record has, sound or not.
pub fn signatures(signed: &[u8]) -> Result<usize, Error> {
    Envelope::open(Object::Root, signed, RootRecord::MAX_LEN).map(|envelope| envelope.signatures.len())
}

/// More signatures than an object may have.
const TOO_MANY: Error = Error { offset: 0, fault: Fault::Full };

/// A signature that was made here.
#[derive(Clone, Copy)]
struct Made {
    key: [u8; 8],
    bytes: [u8; SIGNATURE_LENGTH],
}

impl Made {
    fn by(key: &SigningKey, object: Object, payload: &[u8]) -> Result<Self, Error> {
        let mut buffer = [0; cose::SIGNED];
        let message = cose::message(object, payload, &mut buffer)?;
        let id = PublicKey(key.verifying_key().as_bytes()).id();
        Ok(Self { key: id, bytes: key.sign(message).to_bytes() })
    }

    const fn signature(&self) -> Signature<'_> {
        Signature { key: &self.key, bytes: &self.bytes }
    }
}

fn seal<'w>(
    object: Object,
    payload: &[u8],
    keys: &[&SigningKey],
    out: &'w mut [u8],
) -> Result<&'w [u8], Error> {
    let mut made: List<Made, MAX_SIGNATURES> = List::EMPTY;
    for key in keys {
        made.push(Made::by(key, object, payload)?).map_err(|_| TOO_MANY)?;
    }
    let mut signatures = List::EMPTY;
    for made in made.items() {
        signatures.push(made.signature()).map_err(|_| TOO_MANY)?;
    }
    cose::seal(object, payload, &signatures, out)
}
