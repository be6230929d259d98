//! SHA-256, by which keys, manifests and payloads are named.

use sha2::{Digest as _, Sha256};

/// A SHA-256, as bytes.
pub type Digest = [u8; 32];

/// Kept out of line: it is asked for in three places, and a chip has room for one.
#[inline(never)]
pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}
