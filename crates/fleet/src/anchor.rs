//! Anchors: certificates that devices trust.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Sha256, Time};

/// Which anchor: SHA-256 over the DER of its subject, then the DER of its `SubjectPublicKeyInfo`.
///
/// Not the certificate's own digest: every device's TLS stack finds an anchor by its subject and checks with its key
/// (Mbed TLS, BearSSL), so a certificate that was renewed with the same key is the same anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct AnchorId(pub Sha256);

impl fmt::Display for AnchorId {
    /// Enough to tell two anchors apart at a glance: the first 12 digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.12}", self.0)
    }
}

/// A certificate that devices trust, or may trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Anchor {
    /// Which it is.
    pub id: AnchorId,
    /// SHA-256 of the certificate's DER form, by which people compare it.
    pub fingerprint: Sha256,
    /// The subject's common name, else the whole subject as text; at most [`Self::MAX_NAME`] bytes.
    pub name: String,
    /// The first moment of its life.
    pub not_before: Time,
    /// The last moment of its life.
    pub not_after: Time,
    /// Whether others can be verified by it: self-signed, or `CA:TRUE`.
    pub authority: bool,
}

impl Anchor {
    /// The longest name that is kept, in bytes; what is longer is cut.
    pub const MAX_NAME: usize = 64;
}
