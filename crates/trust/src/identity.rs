//! A private key, and a private key with its certificate. Keys are wiped from memory when they are dropped, and are
//! never printed.

use std::fmt;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::defect::Defect;
use crate::error::Error;
use crate::pem;

/// A P-256 private key: the one kind that is small on the wire, cheap for the server and known to every device.
pub struct PrivateKey(Zeroizing<KeyPair>);

/// A certificate and the private key that belongs to it.
#[derive(Debug)]
pub struct Identity {
    certificate: Certificate,
    key: PrivateKey,
}

impl PrivateKey {
    /// Makes a new key from the system's randomness.
    pub(crate) fn generate() -> Result<Self, Error> {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(Error::Crypto)?;
        Ok(Self(Zeroizing::new(pair)))
    }

    /// Reads PEM text that holds this one key in PKCS#8 form.
    pub(crate) fn from_pem(text: &[u8]) -> Result<Self, Defect> {
        let der = pem::decode(pem::PRIVATE_KEY, text)?;
        let der = PrivatePkcs8KeyDer::from(der.as_slice());
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ECDSA_P256_SHA256);
        pair.map(|pair| Self(Zeroizing::new(pair))).map_err(|_| Defect::Key)
    }

    /// The PKCS#8 form as PEM text, in memory that is wiped.
    pub(crate) fn pem(&self) -> Result<Zeroizing<String>, Defect> {
        pem::encode(pem::PRIVATE_KEY, self.0.serialized_der()).map(Zeroizing::new)
    }

    /// A copy in the form that rustls reads; wiped when it is dropped.
    pub fn to_der(&self) -> Zeroizing<PrivateKeyDer<'static>> {
        Zeroizing::new(PrivatePkcs8KeyDer::from(self.0.serialize_der()).into())
    }

    /// The public half (DER of `SubjectPublicKeyInfo`).
    pub(crate) fn public_key(&self) -> Vec<u8> {
        self.0.subject_public_key_info()
    }

    /// The pair that rcgen signs with.
    pub(crate) fn pair(&self) -> &KeyPair {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl Identity {
    /// Joins a key and its certificate; an error if they are not a pair.
    pub(crate) fn new(certificate: Certificate, key: PrivateKey) -> Result<Self, Defect> {
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
