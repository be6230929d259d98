//! SHA-1 of artifacts, for clients that know no other digest. It protects nothing: whoever wants that compares the SHA-256
//! beside it.
//!
//! It is computed when it is first asked for, and kept in memory.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use otary_fleet::Sha256;
use otary_store::{Store, StoreError};

use crate::limits::LEGACY_DIGESTS;

/// The digests that are known.
#[derive(Debug, Default)]
pub(crate) struct LegacyDigests(Mutex<HashMap<Sha256, String>>);

impl LegacyDigests {
    /// The SHA-1 of an artifact, as hex digits. It may have to be read from disk.
    pub(crate) fn sha1(&self, artifact: &Sha256, store: &dyn Store) -> Result<String, StoreError> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(digest) = known().get(artifact) {
            return Ok(digest.clone());
        }
        let bytes = store.blob(artifact)?;
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, &bytes);
        let mut text = String::with_capacity(2 * digest.as_ref().len());
        for byte in digest.as_ref() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        let mut known = known();
        if known.len() >= LEGACY_DIGESTS {
            known.clear();
        }
        known.insert(*artifact, text.clone());
        Ok(text)
    }
}
