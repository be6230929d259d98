//! The chain of root records, from the first: each is kept as it was signed, and only if devices will accept it after the
//! one before.
//!
//! A device is led along the chain one record at a time, so none is ever left out or replaced.

use std::path::PathBuf;

use otary_wire::{Refusal, Root};

use super::manifest::{Manifest, Unsound};
use super::record::Record;
use crate::defect::Defect;
use crate::disk;
use crate::error::Error;
use crate::folder::Folder;

/// The folder with the records, inside that of the authority.
const RECORDS: &str = "records";

/// A root record as it was signed, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What it says.
    pub record: Record,
    /// The signed object (`COSE_Sign`), byte for byte.
    pub bytes: Vec<u8>,
}

/// Every root record, each the successor of the one before.
#[derive(Debug, Clone, Default)]
pub struct Chain(Vec<Signed>);

/// Why a root record does not join the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Devices would refuse it.
    #[error("a device would refuse this root record: {0}")]
    ByDevices(Refusal),
    /// The chain begins with another record.
    #[error("the first root record of a chain has version 1, this one has {found}")]
    NotFirst {
        /// The version that it has.
        found: u32,
    },
    /// It names no keys or certificates that otary could use.
    #[error("the root record names no certificate that devices could trust")]
    EmptyTrustSet,
    /// It is not written as it is handed around.
    #[error("the root record is not written in base64")]
    NotBase64,
}

impl Signed {
    /// Reads a record that is trusted because of where it is: it has to be signed by enough of its own root keys.
    pub fn by_itself(bytes: &[u8]) -> Result<Self, Refused> {
        let root = Root::compiled_in(bytes).map_err(Refused::ByDevices)?;
        Ok(Self { record: Record::of(&root), bytes: bytes.to_vec() })
    }

    /// Opens a manifest: it has to be signed by a release key of this record that may sign its number.
    pub fn open_manifest(&self, bytes: &[u8]) -> Result<Manifest, Unsound> {
        let root = Root::compiled_in(&self.bytes).map_err(Unsound::Root)?;
        Manifest::open(&root, bytes)
    }

    pub(super) fn successor(&self, bytes: &[u8]) -> Result<Self, Refused> {
        let root = Root::compiled_in(&self.bytes).map_err(Refused::ByDevices)?;
        let next = root.successor(bytes).map_err(Refused::ByDevices)?;
        Ok(Self { record: Record::of(&next), bytes: bytes.to_vec() })
    }
}

impl From<Signed> for Chain {
    /// A chain that is known from this record on.
    fn from(signed: Signed) -> Self {
        Self(vec![signed])
    }
}

impl Chain {
    /// The records, in their order.
    pub fn signed(&self) -> impl DoubleEndedIterator<Item = &Signed> {
        self.0.iter()
    }

    /// The record that holds now.
    pub fn newest(&self) -> Option<&Signed> {
        self.0.last()
    }

    /// The newest record by which a manifest is sound, and what the manifest says.
    pub fn open_manifest(&self, bytes: &[u8]) -> Result<(&Signed, Manifest), Unsound> {
        let mut fault = Unsound::NoRecord;
        for signed in self.0.iter().rev() {
            match signed.open_manifest(bytes) {
                Ok(manifest) => return Ok((signed, manifest)),
                // What the newest record says against it is what counts.
                Err(found) if fault == Unsound::NoRecord => fault = found,
                Err(_) => {}
            }
        }
        Err(fault)
    }

    /// What would join the chain as its next record; none if these are the bytes of the newest one.
    pub fn check(&self, bytes: &[u8]) -> Result<Option<Signed>, Refused> {
        let signed = match self.newest() {
            Some(newest) if newest.bytes == bytes => return Ok(None),
            Some(newest) => newest.successor(bytes)?,
            None => Signed::by_itself(bytes)?,
        };
        match signed.record.version {
            found if self.0.is_empty() && found != 1 => Err(Refused::NotFirst { found }),
            _ if signed.record.trust_set.is_empty() => Err(Refused::EmptyTrustSet),
            _ => Ok(Some(signed)),
        }
    }

    /// Adds a record to the chain in memory.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.0.extend(self.check(bytes)?);
        Ok(())
    }

    /// Writes a record that was checked, and adds it.
    pub(crate) fn keep(&mut self, signed: Signed, folder: &Folder) -> Result<(), Error> {
        let inner = records(folder)?;
        inner.put(&file_name(signed.record.version), &signed.bytes)?;
        self.0.push(signed);
        Ok(())
    }

    /// Reads the chain, and checks every step of it.
    pub(crate) fn read(folder: &Folder) -> Result<Self, Error> {
        let (inner, mut chain) = (folder.inner(RECORDS), Self::default());
        for version in 1..=u32::MAX {
            let file = file_name(version);
            let Some(bytes) = inner.text(&file)? else { break };
            let path = inner.path().join(file);
            let unusable = |refused| Error::Unusable { path, defect: Defect::Record(refused) };
            chain.push(&bytes).map_err(unusable)?;
        }
        Ok(chain)
    }

    /// Writes all of it into a folder where none of it is.
    pub(crate) fn add_to(&self, folder: &Folder) -> Result<(), Error> {
        self.0
            .iter()
            .try_for_each(|signed| records(folder)?.put(&file_name(signed.record.version), &signed.bytes))
    }

    /// Forgets a record that was being written when the power went.
    pub(crate) fn settle(folder: &Folder) -> Result<(), Error> {
        let inner = folder.inner(RECORDS);
        let cut_off = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "new");
        disk::list(inner.path())?
            .iter()
            .filter(|path| cut_off(path))
            .try_for_each(|path| disk::remove_file(path))
    }
}

fn file_name(version: u32) -> String {
    format!("{version}.cbor")
}

/// The folder with the records, which is made if there is none.
fn records(folder: &Folder) -> Result<Folder, Error> {
    let inner = folder.inner(RECORDS);
    if !inner.path().exists() {
        disk::create_folder(inner.path())?;
        disk::sync_folder(folder.path())?;
    }
    Ok(inner)
}
