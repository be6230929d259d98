//! What lies inside an image besides its code: certificates, names, addresses of servers, private keys.

use serde::{Deserialize, Serialize};

use crate::Anchor;

/// What was found inside an image, in the order of the offsets. Of each kind at most [`Self::MAX_EACH`] are kept.
///
/// Offsets into a gzip file are those of what is inside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Embedded {
    /// Certificates, PEM or DER. A device that runs the image may trust any of them.
    #[serde(default)]
    pub certificates: Vec<FoundCertificate>,
    /// Host names and addresses that stand alone or in a URL, in lower case, each once.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// URLs (`http://`, `https://`), each once and without user, query and fragment; at most 256 bytes are kept of one.
    #[serde(default)]
    pub urls: Vec<String>,
    /// Complete private keys. The markers alone, which every TLS library contains, are none.
    #[serde(default)]
    pub private_keys: Vec<FoundKey>,
}

/// A certificate inside an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FoundCertificate {
    /// Where it begins, in bytes from the image's start.
    pub offset: u64,
    /// Whether it stands there as PEM text.
    pub pem: bool,
    /// What it is.
    #[serde(flatten)]
    pub anchor: Anchor,
}

/// A private key inside an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FoundKey {
    /// Where it begins, in bytes from the image's start.
    pub offset: u64,
    /// Its kind for people: `RSA-2048`, `P-256`.
    pub kind: String,
}

impl Embedded {
    /// How many of each kind are kept.
    pub const MAX_EACH: usize = 64;
}
