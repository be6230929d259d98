//! A copy of the database as of one moment, made while whoever has the store open works on.
//!
//! `VACUUM INTO` reads in one transaction of its own: it keeps no writer waiting, and of what was deleted nothing is
//! left in the copy. What waits in memory to be written is not in it, as after a `kill -9`.

use std::path::{Path, PathBuf};

use otary_fleet::{Artifact, Sha256};
use rusqlite::Connection;

use super::audit::{self, Mark};
use super::{blobs, catalogue, folder, schema};
use crate::{Head, StoreError};

/// What a copied database says of itself, and which blobs belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its schema's number.
    pub schema: i64,
    /// The last entry of its audit log.
    pub head: Head,
    /// The artifacts on record and their sizes in bytes, by digest.
    pub artifacts: Vec<(Sha256, u64)>,
}

/// The schema that this build writes.
pub(super) fn schema_known() -> i64 {
    schema::known()
}

/// Copies the database of the store in `root` into the file `into`, which is not there yet.
pub(super) fn take(root: &Path, into: &Path) -> Result<Snapshot, StoreError> {
    let name = into.to_str().ok_or_else(|| unnamed(into))?;
    let source = schema::open_copy(&folder::database_in(root))?;
    source.execute("VACUUM INTO ?1", [name])?;
    let copy = schema::open_copy(into)?;
    Ok(Snapshot {
        schema: schema::version(&copy)?,
        head: audit::mark(&copy, Mark::Head)?,
        artifacts: artifacts(&copy)?,
    })
}

/// Where the bytes of an artifact lie in the store's folder `root`.
pub(super) fn blob_file(root: &Path, id: &Sha256) -> PathBuf {
    blobs::path_in(&folder::blobs_in(root), id)
}

fn artifacts(copy: &Connection) -> Result<Vec<(Sha256, u64)>, StoreError> {
    let artifacts: Vec<Artifact> =
        catalogue::records(copy, "artifact", "SELECT record FROM artifact ORDER BY id")?;
    Ok(artifacts.into_iter().map(|artifact| (artifact.id, artifact.size)).collect())
}

fn unnamed(path: &Path) -> StoreError {
    let source = std::io::Error::new(std::io::ErrorKind::InvalidFilename, "its name is not UTF-8");
    StoreError::File { action: "writing", path: path.to_owned(), source }
}
