//! What can go wrong in a store.

use std::io;

use otary_fleet::{CampaignId, ProductName, ReleaseId, Sha256};
use rusqlite::ErrorCode;
use thiserror::Error;

/// Why a store did not do what it was asked. Nothing is half done then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no product of that name.
    #[error("there is no product {0}")]
    NoProduct(ProductName),
    /// There is no account of that name.
    #[error("there is no account {0}")]
    NoAccount(String),
    /// There is a release of that product and version already.
    #[error("release {0} exists already")]
    ReleaseExists(ReleaseId),
    /// There is no such release.
    #[error("there is no release {0}")]
    NoRelease(ReleaseId),
    /// A campaign that is under way is for the same devices.
    #[error("campaign {by} is under way for the same devices")]
    TargetTaken {
        /// That campaign.
        by: CampaignId,
    },
    /// A campaign that is under way brings the release.
    #[error("campaign {by} brings release {release}")]
    Brought {
        /// The release.
        release: ReleaseId,
        /// That campaign.
        by: CampaignId,
    },
    /// No bytes are stored under that name.
    #[error("there is no artifact {0}")]
    NoBlob(Sha256),
    /// A release has a manifest of what is none of its artifacts, or two of one.
    #[error("release {release} has a manifest too many, of the artifact {artifact}")]
    StrayManifest {
        /// The release.
        release: ReleaseId,
        /// The artifact that the manifest says.
        artifact: Sha256,
    },
    /// A release still holds the artifact.
    #[error("artifact {0} belongs to a release")]
    InUse(Sha256),
    /// The stored bytes are not those that the name stands for.
    #[error("artifact {name} is damaged: its bytes have the digest {found}")]
    Damaged {
        /// The name.
        name: Sha256,
        /// What the bytes have.
        found: Sha256,
    },
    /// The stored bytes are more or fewer than the record says.
    #[error("artifact {name} is damaged: it has {found} bytes instead of {expected}")]
    WrongSize {
        /// The name.
        name: Sha256,
        /// Bytes that the record says.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// Another process works on the data directory.
    #[error("another otary works on {0}")]
    Locked(std::path::PathBuf),
    /// A newer otary wrote the database.
    #[error(
        "the database has schema {found}, this otary knows up to {known}: use the otary that wrote it, or a newer one"
    )]
    NewerSchema {
        /// What is there.
        found: i64,
        /// What this build knows.
        known: i64,
    },
    /// An older otary wrote the database, and it is only to be read.
    #[error(
        "the database has schema {found}, from before this otary's {known}: let an otary of this version open it once"
    )]
    OlderSchema {
        /// What is there.
        found: i64,
        /// What this build knows.
        known: i64,
    },
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] rusqlite::Error),
    /// A record in the database cannot be read.
    #[error("a record of {table} cannot be read")]
    Record {
        /// The table.
        table: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// The file system failed.
    #[error("{action} {path}")]
    File {
        /// What was tried: `reading`, `writing`.
        action: &'static str,
        /// On what.
        path: std::path::PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl StoreError {
    /// Whether the bytes of the database are not those of one: no second try and no other disk mends that.
    pub fn is_damaged_database(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }

    /// Whether the disk was said to be full. `SQLite` says so of what it writes, but of a file that it makes larger
    /// (`SQLITE_IOERR_SHMSIZE`) it says no more than that it failed: there, look at the disk.
    pub fn is_full_disk(&self) -> bool {
        match self {
            Self::File { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            other => other.code() == Some(ErrorCode::DiskFull),
        }
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Database(error) => error.sqlite_error_code(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_damaged_database() {
        let failed = |code| StoreError::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        let told = |error: StoreError| (error.is_full_disk(), error.is_damaged_database());
        for (code, expected) in [
            (ffi::SQLITE_FULL, (true, false)),
            (ffi::SQLITE_NOTADB, (false, true)),
            (ffi::SQLITE_CORRUPT, (false, true)),
            (ffi::SQLITE_CORRUPT_INDEX, (false, true)),
            (ffi::SQLITE_IOERR_SHMSIZE, (false, false)),
            (ffi::SQLITE_BUSY, (false, false)),
        ] {
            assert_eq!(told(failed(code)), expected, "{code}");
        }
        let file = |kind: io::ErrorKind| StoreError::File {
            action: "writing",
            path: "x".into(),
            source: kind.into(),
        };
        assert_eq!(told(file(io::ErrorKind::StorageFull)), (true, false));
        assert_eq!(told(file(io::ErrorKind::PermissionDenied)), (false, false));
    }
}
