//! What an authority's folder has for signed releases: the key that signs orders, the chain of root records, and, if its
//! owner wants that, a release key.
//!
//! Root keys are never here, and a release key only if it was handed in: who takes over the server cannot sign a release
//! then. The order key is made at first need, and says no more than what this server said to whom and when.

use std::path::PathBuf;

use super::chain::Chain;
use super::key::{KeyId, PublicKey, SigningKey};
use crate::authority::Authority;
use crate::disk;
use crate::error::Error;
use crate::folder::{Folder, new_name};
use crate::identity::Kept;

const ORDER: &str = "order.key";
const RELEASE: &str = "release.key";
/// The files with keys, which go under the folder's passphrase with the others.
pub(crate) const KEYS: [&str; 2] = [ORDER, RELEASE];

/// What there is for signed releases.
#[derive(Debug, Default)]
pub struct Holding {
    pub(crate) order: Kept<SigningKey>,
    pub(crate) release: Kept<SigningKey>,
    pub(crate) chain: Chain,
}

/// Why devices that go by the newest root record take no order of this server, and so no release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderFault {
    /// The record names other keys.
    #[error("the order key {id} of this server is not in root record {version}: devices refuse its orders")]
    NotNamed {
        /// The key that is here.
        id: KeyId,
        /// The newest record.
        version: u32,
    },
    /// The record names a key, and there is none here.
    #[error("root record {version} names an order key, and this server has none: devices refuse its answers")]
    NoKey {
        /// The newest record.
        version: u32,
    },
}

impl OrderFault {
    /// What to do about it.
    pub const fn help(self) -> &'static str {
        "put the order key back from a backup, or name the one that is here: otary key rotate --order-key"
    }
}

impl Holding {
    /// The root records, in their order.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The key that signs orders; none before the first need, or while it is under a passphrase that was not given.
    pub const fn order_key(&self) -> Option<&SigningKey> {
        self.order.open()
    }

    /// The release key that this server holds; likewise.
    pub const fn release_key(&self) -> Option<&SigningKey> {
        self.release.open()
    }

    /// What keeps devices from taking orders of this server; nothing is known of a key whose passphrase was not given.
    pub fn order_fault(&self) -> Option<OrderFault> {
        let record = &self.chain.newest()?.record;
        let (version, named) = (record.version, &record.order_keys);
        match &self.order {
            _ if named.is_empty() => None,
            Kept::Locked => None,
            Kept::Absent => Some(OrderFault::NoKey { version }),
            Kept::Open(key) if named.contains(&key.public()) => None,
            Kept::Open(key) => Some(OrderFault::NotNamed { id: key.public().id(), version }),
        }
    }

    /// Whether a release key is here, open or not.
    pub const fn holds_release_key(&self) -> bool {
        !matches!(self.release, Kept::Absent)
    }

    pub(crate) fn read(folder: &Folder) -> Result<Self, Error> {
        let key = |file| folder.read_key(&folder.path().join(file));
        Ok(Self { order: key(ORDER)?, release: key(RELEASE)?, chain: Chain::read(folder)? })
    }

    /// The first of its keys whose passphrase was not given.
    pub(crate) fn locked(&self, folder: &Folder) -> Option<PathBuf> {
        let mut keys = [(&self.order, ORDER), (&self.release, RELEASE)].into_iter();
        keys.find(|(key, _)| matches!(key, Kept::Locked)).map(|(_, file)| folder.path().join(file))
    }

    /// Writes all of it into a folder where none of it is.
    pub(crate) fn add_to(&self, folder: &Folder) -> Result<(), Error> {
        for (key, file) in [(&self.order, ORDER), (&self.release, RELEASE)] {
            key.open().map_or(Ok(()), |key| folder.write_key(&folder.path().join(file), key))?;
        }
        self.chain.add_to(folder)
    }
}

/// Forgets what was being written when the power went.
pub(crate) fn settle(folder: &Folder) -> Result<(), Error> {
    KEYS.into_iter().try_for_each(|file| disk::remove_file(&new_name(&folder.path().join(file))))?;
    Chain::settle(folder)
}

impl Authority {
    /// What there is for signed releases.
    pub const fn holding(&self) -> &Holding {
        &self.holding
    }

    /// The public half of the key that signs orders, which is made if there is none.
    pub fn make_order_key(&mut self) -> Result<PublicKey, Error> {
        self.settle()?;
        if let Some(key) = self.holding.order_key() {
            return Ok(key.public());
        }
        let path = self.folder.path().join(ORDER);
        let key = SigningKey::generate();
        let key = key.map_err(|defect| Error::Unusable { path: path.clone(), defect })?;
        self.folder.put_key(&path, &key)?;
        let public = key.public();
        self.holding.order = Kept::Open(key);
        Ok(public)
    }

    /// Adds the next root record to the chain, if it is signed as it has to be. The very bytes of the newest one are fine
    /// as well, and change nothing.
    pub fn add_root_record(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.settle()?;
        let Some(signed) = self.holding.chain.check(bytes)? else { return Ok(()) };
        self.holding.chain.keep(signed, &self.folder)
    }

    /// Holds a release key here, or no longer holds one. What it is good for is for the newest root record to say.
    pub fn hold_release_key(&mut self, key: Option<SigningKey>) -> Result<(), Error> {
        self.settle()?;
        let path = self.folder.path().join(RELEASE);
        if let Some(key) = &key {
            self.folder.put_key(&path, key)?;
        } else {
            disk::remove_file(&path)?;
            disk::sync_folder(self.folder.path())?;
        }
        self.holding.release = key.map_or(Kept::Absent, Kept::Open);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use otary_fleet::{Sha256, Time};

    use super::super::{Founding, Record};
    use super::*;
    use crate::disk::power::{Fault, with_fault};
    use crate::{Clock, Name};

    const TODAY: Time = Time::from_secs(1_795_392_000);

    fn open(dir: &std::path::Path) -> Authority {
        let names: Vec<Name> = vec!["serverota.local".parse().unwrap()];
        Authority::open_or_create(dir, &names, &Clock { now: TODAY, built: TODAY, newest: TODAY }).unwrap()
    }

    /// Does what the first day does: an order key, a record, and a release key that is held.
    fn first_day(authority: &mut Authority, root: &SigningKey) -> Result<(), Error> {
        let order_key = authority.make_order_key()?;
        let founding = Founding {
            issued: TODAY,
            threshold: 1,
            root_keys: vec![root.public()],
            release_key: PublicKey([7; 32]),
            order_key,
            trust_set: vec![Sha256::of(b"root")],
        };
        let signed = Record::first(founding).unwrap().sign(&[root], None).unwrap();
        authority.add_root_record(&signed.bytes)?;
        authority.hold_release_key(Some(SigningKey::generate().unwrap()))
    }

    #[test]
    fn wherever_the_power_goes_on_the_first_day_it_can_be_taken_up_again() {
        let root = SigningKey::generate().unwrap();
        for fault in [Fault::Cut, Fault::Full] {
            for after in 0.. {
                let folder = tempfile::tempdir().unwrap();
                let dir = folder.path().join("trust");
                let mut authority = open(&dir);
                let (done, _) = with_fault(fault, after, || first_day(&mut authority, &root));
                let mut again = open(&dir);
                let order = again.holding().order_key().map(SigningKey::public);
                if let Some(newest) = again.holding().chain().newest() {
                    assert_eq!(newest.record.order_keys, [order.unwrap()], "the record names what is here");
                } else {
                    first_day(&mut again, &root).unwrap();
                    assert!(order.is_none_or(|order| again.make_order_key().unwrap() == order));
                }
                if done.is_ok() {
                    assert!(after > 6 && again.holding().holds_release_key());
                    break;
                }
            }
        }
    }
}
