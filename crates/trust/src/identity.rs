//! A private key with the certificate that belongs to it.

use crate::certificate::Certificate;
use crate::defect::Defect;
use crate::key::PrivateKey;

/// A certificate and the private key that belongs to it.
#[derive(Debug)]
pub struct Identity {
    certificate: Certificate,
    key: PrivateKey,
}

impl Identity {
    /// Joins a key and its certificate; an error if they are not a pair.
    pub fn new(certificate: Certificate, key: PrivateKey) -> Result<Self, Defect> {
        if certificate.public_key() != key.public_key() {
            return Err(Defect::KeyMismatch { subject: certificate.common_name().to_owned() });
        }
        Ok(Self { certificate, key })
    }

    /// The certificate.
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The private key.
    pub const fn key(&self) -> &PrivateKey {
        &self.key
    }
}
