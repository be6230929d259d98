//! Blobs: bytes under the name of their SHA-256.

use std::io::Write;

use bytes::Bytes;
use otary_fleet::{Artifact, Sha256};

use crate::StoreError;

/// The bytes of an artifact. Cheap to clone: every download of one artifact shares them.
pub type Blob = Bytes;

/// A blob on its way in, of at most [`Artifact::MAX_SIZE`](otary_fleet::Artifact::MAX_SIZE) bytes: a write beyond fails
/// with [`FileTooLarge`](std::io::ErrorKind::FileTooLarge). Dropped without [`commit`](Self::commit), it leaves nothing behind.
pub trait BlobWriter: Write + Send {
    /// Makes what was written a blob: synced to disk, then put in place under its digest. Committing bytes that are
    /// there already is no error.
    fn commit(self: Box<Self>) -> Result<Sha256, StoreError>;
}

/// `Ok` while a blob of `length` bytes may grow by `more`.
pub(crate) fn check_growth(length: u64, more: usize) -> std::io::Result<()> {
    let room = Artifact::MAX_SIZE.saturating_sub(length);
    if u64::try_from(more).is_ok_and(|more| more <= room) {
        return Ok(());
    }
    let text = format!("an artifact has at most {} bytes", Artifact::MAX_SIZE);
    Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, text))
}
