//! A root record on its way from key to key: root keys that are kept apart sign it one after the other.
//!
//! Nobody trusts a draft, and nothing but a signature is ever added to it. It is read together with the record that it
//! follows, and is refused if it could not become the next one, so that whoever signs knows what it would change.

use otary_wire::{RootRecord, sign};
use serde::Serialize;

use super::chain::{Refused, Signed};
use super::form::NotSigned;
use super::key::{KeyId, PublicKey, SigningKey};
use super::record::{Record, Unfit};

/// A root record that some root keys have signed, perhaps too few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it says.
    pub record: Record,
    /// The signed object (`COSE_Sign`), byte for byte.
    pub bytes: Vec<u8>,
    /// The record that it follows; none for the first.
    before: Option<Signed>,
}

/// Signatures that a draft lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The record that asks for them: the draft's own version, or the one before.
    pub asked_by: u32,
    /// How many.
    pub count: usize,
    /// The root keys that could make them.
    pub by: Vec<KeyId>,
}

/// Why bytes are no draft of the next root record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDraft {
    /// They are no root record.
    #[error("it cannot be read as a root record: {0}")]
    Form(otary_wire::Error),
    /// It is not the one that comes next.
    #[error("it is root record {found}, and the next one is {expected}")]
    Version {
        /// The version that comes next.
        expected: u32,
        /// The version that it has.
        found: u32,
    },
    /// otary makes no such record.
    #[error("it says what no root record may say: {0}")]
    Unfit(Unfit),
    /// A signature is damaged, or of somebody who has no say in it.
    #[error("not every signature in it is by a root key of its own or of the root record before")]
    Signature,
    /// Nobody has signed it whom the record before names.
    #[error("no root key of root record {version} has signed it")]
    NotLedTo {
        /// The record before.
        version: u32,
    },
}

impl Draft {
    /// Reads a draft of the record after `before`, or of the first one. Every signature in it has to be sound, and by a root
    /// key that has a say in it; one at least by a root key of the record before.
    pub fn read(bytes: &[u8], before: Option<Signed>) -> Result<Self, NoDraft> {
        let record = Record::of(&sign::draft(bytes).map_err(NoDraft::Form)?);
        let expected = before.as_ref().map_or(1, |before| before.record.version.saturating_add(1));
        if record.version != expected {
            return Err(NoDraft::Version { expected, found: record.version });
        }
        record.check().map_err(NoDraft::Unfit)?;
        let draft = Self { record, bytes: bytes.to_vec(), before };
        let found = sign::signatures(bytes).map_err(NoDraft::Form)?;
        if draft.signers().len() != found {
            return Err(NoDraft::Signature);
        }
        let is_led_to = |before: &Signed| before.record.root_keys.iter().any(|key| draft.is_signed_by(key));
        match draft.before.as_ref().filter(|before| !is_led_to(before)) {
            Some(before) => Err(NoDraft::NotLedTo { version: before.record.version }),
            None => Ok(draft),
        }
    }

    /// The version that bytes say of themselves, to find the record that they are to be read with.
    pub fn version_of(bytes: &[u8]) -> Result<u32, NoDraft> {
        sign::draft(bytes).map(|record| record.version).map_err(NoDraft::Form)
    }

    /// The record that it follows; none for the first.
    pub const fn before(&self) -> Option<&Signed> {
        self.before.as_ref()
    }

    /// The root keys that have signed it.
    pub fn signers(&self) -> Vec<KeyId> {
        self.named().filter(|key| self.is_signed_by(key)).map(PublicKey::id).collect()
    }

    /// What it lacks, by the record before and by its own; nothing once devices would take it.
    pub fn missing(&self) -> Vec<Missing> {
        let mut all: Vec<Missing> = Vec::new();
        for missing in self.records().filter_map(|record| self.missing_by(record)) {
            // Where the root keys stay the same, one signature is good for both records.
            if !all.iter().any(|known| (known.count, &known.by) == (missing.count, &missing.by)) {
                all.push(missing);
            }
        }
        all
    }

    /// The same with one signature more, by a root key whose signature is missing.
    pub fn cosign(&self, key: &SigningKey) -> Result<Self, NotSigned> {
        let (public, id) = (key.public(), key.public().id());
        if !self.named().any(|named| *named == public) {
            return Err(NotSigned::NoRootKey { id });
        }
        if self.is_signed_by(&public) {
            return Err(NotSigned::Already { id });
        }
        if !self.missing().iter().any(|missing| missing.by.contains(&id)) {
            return Err(NotSigned::NotMissing { id });
        }
        let mut room = [0; RootRecord::MAX_LEN];
        let bytes = sign::cosign(&self.bytes, key.inner(), &mut room).map_err(NotSigned::Form)?;
        Ok(Self { bytes: bytes.to_vec(), ..self.clone() })
    }

    /// The record that devices take, if nothing is missing any more.
    pub fn finish(&self) -> Result<Signed, Refused> {
        match &self.before {
            Some(before) => before.successor(&self.bytes),
            None => Signed::by_itself(&self.bytes),
        }
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.before.iter().map(|before| &before.record).chain([&self.record])
    }

    /// The root keys that have a say in it, each once.
    fn named(&self) -> impl Iterator<Item = &PublicKey> {
        let before = self.before.iter().flat_map(|before| &before.record.root_keys);
        before.filter(|key| !self.record.root_keys.contains(key)).chain(&self.record.root_keys)
    }

    fn is_signed_by(&self, key: &PublicKey) -> bool {
        sign::is_signed_by(&self.bytes, otary_wire::PublicKey(&key.0)).unwrap_or(false)
    }

    fn missing_by(&self, record: &Record) -> Option<Missing> {
        let has = |key: &&PublicKey| self.is_signed_by(key);
        let (signed, others): (Vec<_>, Vec<_>) = record.root_keys.iter().partition(has);
        let count = usize::from(record.threshold).checked_sub(signed.len()).filter(|count| *count > 0)?;
        Some(Missing { asked_by: record.version, count, by: others.into_iter().map(PublicKey::id).collect() })
    }
}

#[cfg(test)]
mod tests {
    use otary_fleet::{Sha256, Time};

    use super::super::{Change, Founding};
    use super::*;

    const NOW: Time = Time::from_secs(1_795_392_000);

    fn keys<const N: usize>() -> [SigningKey; N] {
        std::array::from_fn(|_| SigningKey::generate().unwrap())
    }

    /// The first record, with these root keys.
    fn first(threshold: u8, roots: &[&SigningKey]) -> Signed {
        let founding = Founding {
            issued: NOW,
            threshold,
            root_keys: roots.iter().map(|key| key.public()).collect(),
            release_key: PublicKey([7; 32]),
            order_key: PublicKey([8; 32]),
            trust_set: vec![Sha256::of(b"root")],
        };
        Record::first(founding).unwrap().sign(roots, None).unwrap()
    }

    fn with_release_key(number: u8) -> Change {
        Change { new_release_key: Some(PublicKey([number; 32])), ..Change::default() }
    }

    #[test]
    fn two_keys_that_never_meet_sign_one_after_the_other() {
        let [a, b, c, stranger] = keys();
        let before = first(2, &[&a, &b, &c]);
        let next = before.record.next(&with_release_key(9), NOW).unwrap();
        let draft = next.draft(&[&a], Some(&before)).unwrap();
        let by = vec![b.public().id(), c.public().id()];
        assert_eq!(draft.missing(), [Missing { asked_by: 1, count: 1, by }], "the same for both records");
        assert!(matches!(draft.finish(), Err(Refused::ByDevices(_))));

        let id = a.public().id();
        assert_eq!(draft.cosign(&a), Err(NotSigned::Already { id }));
        let id = stranger.public().id();
        assert_eq!(draft.cosign(&stranger), Err(NotSigned::NoRootKey { id }));

        let travelled = Draft::read(&draft.bytes, Some(before.clone())).unwrap();
        let signed = travelled.cosign(&c).unwrap();
        assert_eq!((signed.missing(), signed.signers()), (vec![], vec![a.public().id(), c.public().id()]));
        assert_eq!(signed.finish().unwrap(), next.sign(&[&a, &c], Some(&before)).unwrap());
        let id = b.public().id();
        assert_eq!(signed.cosign(&b), Err(NotSigned::NotMissing { id }));
    }

    #[test]
    fn a_record_with_other_root_keys_asks_for_theirs_too() {
        let [a, b, c, d] = keys();
        let before = first(2, &[&a, &b]);
        let change = Change {
            dropped_root_keys: vec![a.public().id()],
            new_root_keys: vec![c.public(), d.public()],
            ..Change::default()
        };
        let next = before.record.next(&change, NOW).unwrap();
        let draft = next.draft(&[&a], Some(&before)).unwrap();
        let counts =
            |draft: &Draft| draft.missing().iter().map(|m| (m.asked_by, m.count)).collect::<Vec<_>>();
        assert_eq!(counts(&draft), [(1, 1), (2, 2)]);
        let draft = draft.cosign(&b).unwrap();
        assert_eq!(counts(&draft), [(2, 1)], "the key of both records counts for both");
        assert!(draft.cosign(&d).unwrap().finish().is_ok());
    }

    #[test]
    fn what_could_not_be_the_next_record_is_not_read() {
        let [a, b, thief] = keys();
        let before = first(2, &[&a, &b]);
        let next = before.record.next(&with_release_key(9), NOW).unwrap();
        let draft = next.draft(&[&a], Some(&before)).unwrap();
        let read = |bytes: &[u8]| Draft::read(bytes, Some(before.clone()));
        assert_eq!(Draft::version_of(&draft.bytes), Ok(2));
        for place in 0..draft.bytes.len() {
            let mut bytes = draft.bytes.clone();
            bytes[place] ^= 1;
            assert!(read(&bytes).is_err(), "a flipped bit at {place}");
        }
        let later = next.next(&with_release_key(10), NOW).unwrap().seal(&[&a]).unwrap();
        assert_eq!(read(&later), Err(NoDraft::Version { expected: 2, found: 3 }));
        assert_eq!(read(&next.seal(&[&a, &thief]).unwrap()), Err(NoDraft::Signature));
        let led_by_nobody = Record { root_keys: vec![a.public(), thief.public()], ..next.clone() };
        let led_by_nobody = led_by_nobody.seal(&[&thief]).unwrap();
        assert_eq!(read(&led_by_nobody), Err(NoDraft::NotLedTo { version: 1 }));
        let empty = Record { trust_set: Vec::new(), ..next }.seal(&[&a]).unwrap();
        assert_eq!(read(&empty), Err(NoDraft::Unfit(Unfit::TrustSet { found: 0 })));
    }
}
