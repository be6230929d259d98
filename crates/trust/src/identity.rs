//! A certificate with the private key that belongs to it, as far as that key is here.

use crate::certificate::Certificate;
use crate::defect::Defect;
use crate::key::PrivateKey;

/// A certificate and what is known of its private key.
#[derive(Debug)]
pub struct Identity {
    certificate: Certificate,
    key: Kept,
}

/// A private key as it was found.
#[derive(Debug, Default)]
pub(crate) enum Kept<K = PrivateKey> {
    /// Here, to be used.
    Open(K),
    /// Here, under a passphrase that was not given.
    Locked,
    /// Not here.
    #[default]
    Absent,
}

impl<K> Kept<K> {
    /// The key, if it can be used.
    pub(crate) const fn open(&self) -> Option<&K> {
        match self {
            Self::Open(key) => Some(key),
            Self::Locked | Self::Absent => None,
        }
    }
}

/// A certificate whose key can sign.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signer<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) key: &'a PrivateKey,
}

impl Identity {
    /// Joins a key and its certificate; an error if they are not a pair.
    pub(crate) fn new(certificate: Certificate, key: PrivateKey) -> Result<Self, Defect> {
        Self::kept(certificate, Kept::Open(key))
    }

    /// A certificate without its key.
    pub(crate) const fn keyless(certificate: Certificate) -> Self {
        Self { certificate, key: Kept::Absent }
    }

    /// Joins a certificate and what was found of its key; an error if they are not a pair.
    pub(crate) fn kept(certificate: Certificate, key: Kept) -> Result<Self, Defect> {
        match &key {
            Kept::Open(key) if certificate.public_key() != key.public_key() => {
                Err(Defect::KeyMismatch { subject: certificate.common_name().to_owned() })
            }
            _ => Ok(Self { certificate, key }),
        }
    }

    /// The certificate.
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The private key; none if it is elsewhere, or under a passphrase that was not given.
    pub const fn key(&self) -> Option<&PrivateKey> {
        match &self.key {
            Kept::Open(key) => Some(key),
            Kept::Locked | Kept::Absent => None,
        }
    }

    pub(crate) const fn is_locked(&self) -> bool {
        matches!(self.key, Kept::Locked)
    }

    pub(crate) const fn is_absent(&self) -> bool {
        matches!(self.key, Kept::Absent)
    }

    /// Both, if the key is here.
    pub(crate) fn signer(&self) -> Option<Signer<'_>> {
        self.key().map(|key| Signer { certificate: &self.certificate, key })
    }
}
