//! Between a [`Record`] and the signed object that devices read (`otary_wire::RootRecord` in a `COSE_Sign`).

use otary_fleet::{Sha256, Time};
use otary_wire::{List, RootRecord, sign};

use super::chain::{Refused, Signed};
use super::draft::{Draft, NoDraft};
use super::key::{KeyId, PublicKey, SigningKey};
use super::manifest::seconds;
use super::record::{Record, ReleaseKey};

/// Why a record was not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// The key that was given is no root key of the record or of the one before.
    #[error("the key {id} is no root key: neither of this root record nor of the one before")]
    NoRootKey {
        /// The key.
        id: KeyId,
    },
    /// Fewer root keys were given than have to sign.
    #[error("{expected} root keys of record {version} have to sign, {found} were given")]
    TooFew {
        /// The record whose root keys are meant.
        version: u32,
        /// How many have to.
        expected: u8,
        /// How many there were.
        found: usize,
    },
    /// The key has signed it before.
    #[error("the key {id} has signed it already")]
    Already {
        /// The key.
        id: KeyId,
    },
    /// The key may sign it, and that is of no use: enough others of its record have.
    #[error("the signature of the key {id} is not missing")]
    NotMissing {
        /// The key.
        id: KeyId,
    },
    /// It cannot be written.
    #[error("it cannot be written as a root record: {0}")]
    Form(otary_wire::Error),
    /// What was written does not follow from the record before.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// What was written is no draft of the next record.
    #[error(transparent)]
    NoDraft(#[from] NoDraft),
}

impl Record {
    pub(super) fn of(root: &RootRecord<'_>) -> Self {
        let key = |key: otary_wire::PublicKey<'_>| PublicKey(*key.0);
        let release = |release: otary_wire::ReleaseKey<'_>| ReleaseKey {
            key: key(release.key),
            first: release.first,
            last: release.last,
        };
        Self {
            version: root.version,
            issued: Time::from_secs(root.issued.0),
            threshold: root.threshold,
            root_keys: root.root_keys.iter().map(key).collect(),
            release_keys: root.release_keys.iter().map(release).collect(),
            order_keys: root.order_keys.iter().map(key).collect(),
            trust_set: root.trust_set.iter().map(|anchor| Sha256(*anchor)).collect(),
            minimum: root.minimum,
        }
    }

    /// The record signed by root keys: by enough of its own, and by enough of those of the one `before`, if there is one.
    /// All of `keys` sign that have a say in it; one that has none is an error.
    pub fn sign(&self, keys: &[&SigningKey], before: Option<&Signed>) -> Result<Signed, NotSigned> {
        self.check_named(keys, before)?;
        for record in before.iter().map(|before| &before.record).chain([self]) {
            let found = keys.iter().filter(|key| record.root_keys.contains(&key.public())).count();
            if found < record.threshold.into() {
                let (version, expected) = (record.version, record.threshold);
                return Err(NotSigned::TooFew { version, expected, found });
            }
        }
        let bytes = self.seal(keys).map_err(NotSigned::Form)?;
        match before {
            Some(before) => Ok(before.successor(&bytes)?),
            None => Ok(Signed::by_itself(&bytes)?),
        }
    }

    /// The same signed by these keys, one or more, be they enough or not: others may sign it elsewhere.
    pub fn draft(&self, keys: &[&SigningKey], before: Option<&Signed>) -> Result<Draft, NotSigned> {
        self.check_named(keys, before)?;
        let bytes = self.seal(keys).map_err(NotSigned::Form)?;
        Ok(Draft::read(&bytes, before.cloned())?)
    }

    /// Refuses keys that have no say in this record after `before`.
    fn check_named(&self, keys: &[&SigningKey], before: Option<&Signed>) -> Result<(), NotSigned> {
        let is_named = |key: &PublicKey| {
            let before = before.iter().flat_map(|before| &before.record.root_keys);
            before.chain(&self.root_keys).any(|named| named == key)
        };
        match keys.iter().map(|key| key.public()).find(|key| !is_named(key)) {
            Some(stranger) => Err(NotSigned::NoRootKey { id: stranger.id() }),
            None => Ok(()),
        }
    }

    pub(super) fn seal(&self, keys: &[&SigningKey]) -> Result<Vec<u8>, otary_wire::Error> {
        let key = |key| otary_wire::PublicKey(key);
        let root_keys: Vec<_> = self.root_keys.iter().map(|root| key(&root.0)).collect();
        let order_keys: Vec<_> = self.order_keys.iter().map(|order| key(&order.0)).collect();
        let trust_set: Vec<_> = self.trust_set.iter().map(|anchor| &anchor.0).collect();
        let release_keys = self.release_keys.iter().map(|release| otary_wire::ReleaseKey {
            key: key(&release.key.0),
            first: release.first,
            last: release.last,
        });
        let release_keys: Vec<_> = release_keys.collect();
        let record = RootRecord {
            version: self.version,
            issued: seconds(self.issued),
            threshold: self.threshold,
            // `check` has seen to it that all of them have room.
            root_keys: List::of(&root_keys).unwrap_or_default(),
            release_keys: List::of(&release_keys).unwrap_or_default(),
            order_keys: List::of(&order_keys).unwrap_or_default(),
            trust_set: List::of(&trust_set).unwrap_or_default(),
            minimum: self.minimum,
        };
        let keys: Vec<_> = keys.iter().map(|key| key.inner()).collect();
        let mut room = [0; RootRecord::MAX_LEN];
        sign::root(&record, &keys, &mut room).map(<[u8]>::to_vec)
    }
}
