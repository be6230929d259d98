//! What can go wrong in a store.

use otary_fleet::{ProductName, ReleaseId, Sha256};
use thiserror::Error;

/// Why a store did not do what it was asked. Nothing is half done then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no product of that name.
    #[error("there is no product {0}")]
    NoProduct(ProductName),
    /// There is a release of that product and version already.
    #[error("release {0} exists already")]
    ReleaseExists(ReleaseId),
    /// There is no such release.
    #[error("there is no release {0}")]
    NoRelease(ReleaseId),
    /// No bytes are stored under that name.
    #[error("there is no artifact {0}")]
    NoBlob(Sha256),
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
        source: std::io::Error,
    },
}
