//! Blobs: bytes under the name of their SHA-256.

use std::io::Write;

use bytes::Bytes;
use otary_fleet::Sha256;

use crate::StoreError;

/// The bytes of an artifact. Cheap to clone: every download of one artifact shares them.
pub type Blob = Bytes;

/// A blob on its way in. Dropped without [`commit`](Self::commit), it leaves nothing behind.
pub trait BlobWriter: Write + Send {
    /// Makes what was written a blob: synced to disk, then put in place under its digest. Committing bytes that are
    /// there already is no error.
    fn commit(self: Box<Self>) -> Result<Sha256, StoreError>;
}
