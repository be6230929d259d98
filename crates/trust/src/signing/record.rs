//! What a root record says, and how one follows from the one before: pure.
//!
//! Devices take the records one by one, each because the root keys of the one before have signed it. So a key is never
//! replaced in place: the next record says what holds from then on.

use otary_fleet::{Sha256, Time};
use serde::{Deserialize, Serialize};

use super::key::{KeyId, PublicKey};

/// A root record, before it is signed or after it was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RootRecord"))]
pub struct Record {
    /// Its place in the chain: the first is 1.
    pub version: u32,
    /// When it was made.
    pub issued: Time,
    /// How many root keys have to sign the next record: 1 or 2.
    pub threshold: u8,
    /// The keys that may sign the next record.
    pub root_keys: Vec<PublicKey>,
    /// The keys that sign manifests, and which release numbers each may sign.
    pub release_keys: Vec<ReleaseKey>,
    /// The keys by which servers sign orders; with none, devices take none.
    pub order_keys: Vec<PublicKey>,
    /// SHA-256 of the certificates (DER) that devices are to trust.
    pub trust_set: Vec<Sha256>,
    /// The lowest release number that is still installed.
    pub minimum: u32,
}

/// A release key with its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReleaseKey {
    /// The key.
    pub key: PublicKey,
    /// The first release number that it may sign.
    pub first: u32,
    /// The last one; [`u32::MAX`] while it is in use.
    pub last: u32,
}

/// What the first record of a chain is made of.
#[derive(Debug, Clone)]
pub struct Founding {
    /// When.
    pub issued: Time,
    /// Root keys that have to sign the next record.
    pub threshold: u8,
    /// The root keys.
    pub root_keys: Vec<PublicKey>,
    /// The first release key.
    pub release_key: PublicKey,
    /// The server's order key.
    pub order_key: PublicKey,
    /// SHA-256 of the certificates that devices are to trust.
    pub trust_set: Vec<Sha256>,
}

/// What the next record is to say otherwise.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// A new release key; the range of the one in use ends with [`Self::last_number`].
    pub new_release_key: Option<PublicKey>,
    /// A release key that was stolen: nothing that it signed is installed any more.
    pub revoked: Option<KeyId>,
    /// The highest release number that was ever signed, as far as the server knows.
    pub last_number: u32,
    /// Root keys that come to the others.
    pub new_root_keys: Vec<PublicKey>,
    /// Root keys that go.
    pub dropped_root_keys: Vec<KeyId>,
    /// Another threshold.
    pub threshold: Option<u8>,
    /// Another order key.
    pub order_key: Option<PublicKey>,
    /// Another trust set.
    pub trust_set: Option<Vec<Sha256>>,
}

/// Why a record cannot say that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Root keys beyond what a record has room for, or none.
    #[error("a root record has 1 to {} root keys, this one would have {found}", Record::MAX_ROOT_KEYS)]
    RootKeys {
        /// How many there would be.
        found: usize,
    },
    /// A threshold that no record has, or that its root keys cannot reach.
    #[error("1 or 2 of the root keys have to sign, and there have to be so many: not {threshold} of {keys}")]
    Threshold {
        /// The threshold.
        threshold: u8,
        /// The root keys.
        keys: usize,
    },
    /// A key stands in the record twice.
    #[error("the key {id} would stand in the record twice")]
    Twice {
        /// The key.
        id: KeyId,
    },
    /// A key that is to go is not in the record.
    #[error("the key {id} is not in the newest root record")]
    NoSuchKey {
        /// The key.
        id: KeyId,
    },
    /// More certificates than a record has room for, or none.
    #[error("a trust set has 1 to {} certificates, this one would have {found}", Record::MAX_TRUST_SET)]
    TrustSet {
        /// How many there would be.
        found: usize,
    },
    /// There is no release number, or no version, after this one.
    #[error("there is no number after {last}")]
    NumbersSpent {
        /// The last one.
        last: u32,
    },
    /// The record would say what the one before says.
    #[error("the record would say nothing new")]
    NothingNew,
}

impl Record {
    /// Most root keys of a record.
    pub const MAX_ROOT_KEYS: usize = 3;
    /// Most release keys of a record.
    pub const MAX_RELEASE_KEYS: usize = 4;
    /// Most certificates of a trust set.
    pub const MAX_TRUST_SET: usize = 4;

    /// The first record of a chain.
    pub fn first(founding: Founding) -> Result<Self, Unfit> {
        let Founding { issued, threshold, root_keys, release_key, order_key, trust_set } = founding;
        let release_keys = vec![ReleaseKey { key: release_key, first: 1, last: u32::MAX }];
        let order_keys = vec![order_key];
        let minimum = 0;
        let record =
            Self { version: 1, issued, threshold, root_keys, release_keys, order_keys, trust_set, minimum };
        record.check().map(|()| record)
    }

    /// The record after this one.
    pub fn next(&self, change: &Change, issued: Time) -> Result<Self, Unfit> {
        let mut next = self.clone();
        if let Some(id) = change.revoked {
            next.revoke(id, change.last_number)?;
        }
        if let Some(key) = change.new_release_key {
            next.take_up(key, change.last_number)?;
        }
        for id in &change.dropped_root_keys {
            next.drop_root(*id)?;
        }
        next.root_keys.extend(&change.new_root_keys);
        next.threshold = change.threshold.unwrap_or(self.threshold);
        next.order_keys = change.order_key.map_or_else(|| self.order_keys.clone(), |key| vec![key]);
        next.trust_set.clone_from(change.trust_set.as_ref().unwrap_or(&self.trust_set));
        if next == *self {
            return Err(Unfit::NothingNew);
        }
        next.version = after(self.version)?;
        // A clock that was set back must not make a device doubt the record.
        next.issued = issued.max(self.issued);
        next.check().map(|()| next)
    }

    /// The release key that signs a release of this number.
    pub fn release_key_for(&self, number: u32) -> Option<&ReleaseKey> {
        self.release_keys.iter().find(|key| (key.first..=key.last).contains(&number))
    }

    /// The release key in use: the one whose range is open.
    pub fn release_key_in_use(&self) -> Option<&ReleaseKey> {
        self.release_keys.iter().find(|key| key.last == u32::MAX)
    }

    /// The lowest release number above `known` that a release key may sign.
    pub fn number_after(&self, known: u32) -> Option<u32> {
        let least = known.checked_add(1)?.max(self.minimum);
        self.release_keys.iter().filter(|key| key.last >= least).map(|key| key.first.max(least)).min()
    }

    fn revoke(&mut self, id: KeyId, last_number: u32) -> Result<(), Unfit> {
        let revoked = self.release_keys.iter().find(|release| release.key.id() == id);
        let revoked = *revoked.ok_or(Unfit::NoSuchKey { id })?;
        self.release_keys.retain(|release| release.key != revoked.key);
        // A closed range ends before the numbers of the keys after it, which stay good.
        let signed = if revoked.last == u32::MAX { last_number } else { revoked.last };
        self.minimum = self.minimum.max(after(signed)?);
        Ok(())
    }

    fn take_up(&mut self, key: PublicKey, last_number: u32) -> Result<(), Unfit> {
        let last = self.release_keys.iter().map(|release| release.first).max().unwrap_or(0).max(last_number);
        for release in self.release_keys.iter_mut().filter(|release| release.last > last) {
            release.last = last;
        }
        if self.release_keys.len() >= Self::MAX_RELEASE_KEYS {
            // What the oldest one signed is long behind what devices are offered now.
            self.release_keys.remove(0);
        }
        let first = after(last)?.max(self.minimum);
        self.release_keys.push(ReleaseKey { key, first, last: u32::MAX });
        Ok(())
    }

    fn drop_root(&mut self, id: KeyId) -> Result<(), Unfit> {
        let before = self.root_keys.len();
        self.root_keys.retain(|key| key.id() != id);
        if self.root_keys.len() == before { Err(Unfit::NoSuchKey { id }) } else { Ok(()) }
    }

    pub(super) fn check(&self) -> Result<(), Unfit> {
        let (keys, found) = (self.root_keys.len(), self.trust_set.len());
        if !(1..=Self::MAX_ROOT_KEYS).contains(&keys) {
            return Err(Unfit::RootKeys { found: keys });
        }
        if !(1..=2).contains(&self.threshold) || usize::from(self.threshold) > keys {
            return Err(Unfit::Threshold { threshold: self.threshold, keys });
        }
        if !(1..=Self::MAX_TRUST_SET).contains(&found) {
            return Err(Unfit::TrustSet { found });
        }
        let release = self.release_keys.iter().map(|release| release.key);
        let mut all: Vec<PublicKey> =
            self.root_keys.iter().chain(&self.order_keys).copied().chain(release).collect();
        all.sort();
        match all.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(pair) => Err(pair.first().map_or(Unfit::NothingNew, |key| Unfit::Twice { id: key.id() })),
            None => Ok(()),
        }
    }
}

fn after(last: u32) -> Result<u32, Unfit> {
    last.checked_add(1).ok_or(Unfit::NumbersSpent { last })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_secs(1_795_392_000);

    fn key(number: u8) -> PublicKey {
        PublicKey([number; 32])
    }

    fn founded() -> Record {
        Record::first(Founding {
            issued: NOW,
            threshold: 1,
            root_keys: vec![key(1), key(2)],
            release_key: key(3),
            order_key: key(4),
            trust_set: vec![Sha256::of(b"root"), Sha256::of(b"next root")],
        })
        .unwrap()
    }

    fn ranges(record: &Record) -> Vec<(u8, u32, u32)> {
        record.release_keys.iter().map(|release| (release.key.0[0], release.first, release.last)).collect()
    }

    #[test]
    fn a_new_release_key_goes_on_where_the_range_of_the_old_one_ends() {
        let change = Change { new_release_key: Some(key(5)), last_number: 7, ..Change::default() };
        let next = founded().next(&change, NOW).unwrap();
        assert_eq!((next.version, ranges(&next)), (2, vec![(3, 1, 7), (5, 8, u32::MAX)]));
        assert_eq!(next.release_key_for(7).unwrap().key, key(3));
        assert_eq!(next.release_key_in_use().unwrap().key, key(5));
        assert_eq!((next.number_after(3), next.number_after(9)), (Some(4), Some(10)));
    }

    #[test]
    fn one_that_signed_nothing_keeps_a_range_and_the_oldest_of_five_goes() {
        let mut record = founded();
        for number in 5..9 {
            let change = Change { new_release_key: Some(key(number)), last_number: 0, ..Change::default() };
            record = record.next(&change, NOW).unwrap();
        }
        assert_eq!(ranges(&record), [(5, 2, 2), (6, 3, 3), (7, 4, 4), (8, 5, u32::MAX)]);
    }

    #[test]
    fn a_revoked_key_takes_what_it_signed_with_it() {
        let id = key(3).id();
        let change = Change { revoked: Some(id), last_number: 7, ..Change::default() };
        let alone = founded().next(&change, NOW).unwrap();
        assert_eq!((ranges(&alone), alone.minimum, alone.number_after(7)), (vec![], 8, None));
        let both = Change { new_release_key: Some(key(5)), ..change };
        let replaced = founded().next(&both, NOW).unwrap();
        assert_eq!((ranges(&replaced), replaced.minimum), (vec![(5, 8, u32::MAX)], 8));
        assert_eq!(alone.next(&both, NOW), Err(Unfit::NoSuchKey { id }));
    }

    #[test]
    fn revoking_a_key_whose_range_has_ended_leaves_the_one_in_use() {
        let rotated = Change { new_release_key: Some(key(5)), last_number: 7, ..Change::default() };
        let revoked = Change { revoked: Some(key(3).id()), last_number: 12, ..Change::default() };
        let record = founded().next(&rotated, NOW).unwrap().next(&revoked, NOW).unwrap();
        assert_eq!((ranges(&record), record.minimum), (vec![(5, 8, u32::MAX)], 8));
    }

    #[test]
    fn root_keys_come_and_go_and_the_threshold_can_be_reached() {
        let lost = Change {
            new_root_keys: vec![key(6), key(7)],
            dropped_root_keys: vec![key(1).id()],
            threshold: Some(2),
            ..Change::default()
        };
        let next = founded().next(&lost, NOW).unwrap();
        assert_eq!((next.root_keys, next.threshold), (vec![key(2), key(6), key(7)], 2));

        let refused = |change: &Change| founded().next(change, NOW).unwrap_err();
        let many = Change { new_root_keys: vec![key(6), key(7)], ..Change::default() };
        assert_eq!(refused(&many), Unfit::RootKeys { found: 4 });
        let none = Change { dropped_root_keys: vec![key(1).id(), key(2).id()], ..Change::default() };
        assert_eq!(refused(&none), Unfit::RootKeys { found: 0 });
        let one = Change { dropped_root_keys: vec![key(1).id()], threshold: Some(2), ..Change::default() };
        assert_eq!(refused(&one), Unfit::Threshold { threshold: 2, keys: 1 });
        let release_as_root = Change { new_root_keys: vec![key(3)], ..Change::default() };
        assert_eq!(refused(&release_as_root), Unfit::Twice { id: key(3).id() });
        let stranger = Change { dropped_root_keys: vec![key(9).id()], ..Change::default() };
        assert_eq!(refused(&stranger), Unfit::NoSuchKey { id: key(9).id() });
    }

    #[test]
    fn a_record_that_says_nothing_new_is_not_made() {
        let same =
            Change { trust_set: Some(founded().trust_set), order_key: Some(key(4)), ..Change::default() };
        assert_eq!(founded().next(&same, NOW), Err(Unfit::NothingNew));
        let none = Change { trust_set: Some(Vec::new()), ..Change::default() };
        assert_eq!(founded().next(&none, NOW), Err(Unfit::TrustSet { found: 0 }));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_date_a_record_before_the_last() {
        let change = Change { new_release_key: Some(key(5)), ..Change::default() };
        assert_eq!(founded().next(&change, Time::default()).unwrap().issued, NOW);
    }
}
