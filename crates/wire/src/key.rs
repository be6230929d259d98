//! Ed25519 public keys, and the eight bytes that name one.

use core::fmt;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::cbor::Reader;
use crate::digest::sha256;

/// An Ed25519 public key (RFC 8032 section 5.1.5).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey<'a>(pub &'a [u8; 32]);

impl<'a> PublicKey<'a> {
    /// The name under which signatures ask for the key: the first eight bytes of its SHA-256.
    pub fn id(self) -> [u8; 8] {
        sha256(self.0).first_chunk().copied().unwrap_or_default()
    }

    /// Whether this key signed `message`. Strict: keys and signatures of small order sign nothing.
    pub(crate) fn signed(self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        VerifyingKey::from_bytes(self.0).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }

    pub(crate) fn read(reader: &mut Reader<'a>) -> Self {
        Self(reader.array())
    }
}

impl fmt::Debug for PublicKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
