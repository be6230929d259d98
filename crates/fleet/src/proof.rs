//! Proof: how far a check-in showed who it comes from.

use serde::{Deserialize, Serialize};

use crate::{Sha256, Time};

/// What a check-in showed of who it comes from, weakest first. A claim without proof is never more than a claim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// Nothing: anybody can say the same.
    #[default]
    None,
    /// The secret that all devices of its product share: it is one of them, and any of them.
    ProductSecret,
    /// A credential that was issued to this device alone.
    DeviceCredential,
}

impl Proof {
    /// The proof's word, as in logs and `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ProductSecret => "product-secret",
            Self::DeviceCredential => "device-credential",
        }
    }
}

/// A credential that was issued to one device, without the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// When it was issued.
    pub issued: Time,
}

/// What a device shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// A token, by the SHA-256 of its text. It has 256 random bits, so no slow hash is called for.
    Token(Sha256),
    /// A client certificate of our authority, by the SHA-256 of its DER form.
    Certificate(Sha256),
}
