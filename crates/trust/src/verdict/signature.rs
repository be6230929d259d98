//! Signatures under certificates: by which scheme and digest, and whether a key made them.

use aws_lc_rs::signature::{self as lc, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry as oids;
use x509_parser::signature_algorithm::SignatureAlgorithm;

use super::rules::{Curve, Digest};

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// RSA, PKCS #1 v1.5.
    Rsa,
    /// RSASSA-PSS; `good` if its salt is as long as its digest and its mask is made by the same one.
    Pss { good: bool },
    /// ECDSA.
    Ecdsa,
}

/// The algorithm of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) scheme: Scheme,
    pub(super) digest: Digest,
}

/// A public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// RSA, by the bits of its modulus.
    Rsa { bits: usize },
    /// On a named curve.
    Ec(Curve),
    /// Of another kind, such as Ed25519.
    Other,
}

impl Algorithm {
    /// The algorithm outside of the signed part, if any stack knows it.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Option<Self> {
        let identifier = &certificate.signature_algorithm;
        if identifier.algorithm == oids::OID_PKCS1_RSASSAPSS {
            return pss(&SignatureAlgorithm::try_from(identifier).ok()?);
        }
        let (_, scheme, digest) = ALGORITHMS.iter().find(|(oid, ..)| *oid == identifier.algorithm)?;
        Some(Self { scheme: *scheme, digest: *digest })
    }

    /// Whether a key of this kind can have made such a signature.
    pub(super) fn is_by(self, key: Key) -> bool {
        match self.scheme {
            Scheme::Rsa | Scheme::Pss { .. } => matches!(key, Key::Rsa { .. }),
            Scheme::Ecdsa => matches!(key, Key::Ec(_)),
        }
    }

    /// Whether `key`, as it stands in a certificate's BIT STRING, has signed `message`.
    pub(super) fn verifies(self, kind: Key, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let algorithm = match kind {
            Key::Rsa { .. } => self.by_rsa(),
            Key::Ec(curve) if self.scheme == Scheme::Ecdsa => self.by_curve(curve),
            Key::Ec(_) | Key::Other => None,
        };
        algorithm.is_some_and(|known| UnparsedPublicKey::new(known, key).verify(message, signature).is_ok())
    }

    fn by_rsa(self) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self.scheme, self.digest) {
            (Scheme::Rsa, Digest::Sha1) => &lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (Scheme::Rsa, Digest::Sha256) => &lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            (Scheme::Rsa, Digest::Sha384) => &lc::RSA_PKCS1_2048_8192_SHA384,
            (Scheme::Rsa, Digest::Sha512) => &lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
            (Scheme::Pss { good: true }, Digest::Sha256) => &lc::RSA_PSS_2048_8192_SHA256,
            (Scheme::Pss { good: true }, Digest::Sha384) => &lc::RSA_PSS_2048_8192_SHA384,
            (Scheme::Pss { good: true }, Digest::Sha512) => &lc::RSA_PSS_2048_8192_SHA512,
            _ => return None,
        })
    }

    fn by_curve(self, curve: Curve) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (curve, self.digest) {
            (Curve::P256, Digest::Sha1) => &lc::ECDSA_P256_SHA1_ASN1,
            (Curve::P256, Digest::Sha256) => &lc::ECDSA_P256_SHA256_ASN1,
            (Curve::P256, Digest::Sha384) => &lc::ECDSA_P256_SHA384_ASN1,
            (Curve::P256, Digest::Sha512) => &lc::ECDSA_P256_SHA512_ASN1,
            (Curve::P384, Digest::Sha256) => &lc::ECDSA_P384_SHA256_ASN1,
            (Curve::P384, Digest::Sha384) => &lc::ECDSA_P384_SHA384_ASN1,
            (Curve::P384, Digest::Sha512) => &lc::ECDSA_P384_SHA512_ASN1,
            (Curve::P521, Digest::Sha1) => &lc::ECDSA_P521_SHA1_ASN1,
            (Curve::P521, Digest::Sha224) => &lc::ECDSA_P521_SHA224_ASN1,
            (Curve::P521, Digest::Sha256) => &lc::ECDSA_P521_SHA256_ASN1,
            (Curve::P521, Digest::Sha384) => &lc::ECDSA_P521_SHA384_ASN1,
            (Curve::P521, Digest::Sha512) => &lc::ECDSA_P521_SHA512_ASN1,
            (Curve::K256, Digest::Sha256) => &lc::ECDSA_P256K1_SHA256_ASN1,
            _ => return None,
        })
    }
}

fn pss(algorithm: &SignatureAlgorithm<'_>) -> Option<Algorithm> {
    let SignatureAlgorithm::RSASSA_PSS(params) = algorithm else { return None };
    let named = DIGESTS.iter().find(|(oid, ..)| oid == params.hash_algorithm_oid());
    let (oid, digest, length) = named?;
    let mask = params.mask_gen_algorithm().ok()?;
    let good = mask.hash == *oid && params.salt_length() == *length;
    Some(Algorithm { scheme: Scheme::Pss { good }, digest: *digest })
}

static DIGESTS: [(oids::Oid<'static>, Digest, u32); 4] = [
    (oids::OID_HASH_SHA1, Digest::Sha1, 20),
    (oids::OID_NIST_HASH_SHA256, Digest::Sha256, 32),
    (oids::OID_NIST_HASH_SHA384, Digest::Sha384, 48),
    (oids::OID_NIST_HASH_SHA512, Digest::Sha512, 64),
];

/// ECDSA with SHA-1 (RFC 3279, 2.2.3).
const ECDSA_WITH_SHA1: oids::Oid<'static> = x509_parser::oid_registry::asn1_rs::oid!(1.2.840.10045.4.1);

static ALGORITHMS: [(oids::Oid<'static>, Scheme, Digest); 10] = [
    (oids::OID_PKCS1_SHA1WITHRSA, Scheme::Rsa, Digest::Sha1),
    (oids::OID_PKCS1_SHA224WITHRSA, Scheme::Rsa, Digest::Sha224),
    (oids::OID_PKCS1_SHA256WITHRSA, Scheme::Rsa, Digest::Sha256),
    (oids::OID_PKCS1_SHA384WITHRSA, Scheme::Rsa, Digest::Sha384),
    (oids::OID_PKCS1_SHA512WITHRSA, Scheme::Rsa, Digest::Sha512),
    (ECDSA_WITH_SHA1, Scheme::Ecdsa, Digest::Sha1),
    (oids::OID_SIG_ECDSA_WITH_SHA224, Scheme::Ecdsa, Digest::Sha224),
    (oids::OID_SIG_ECDSA_WITH_SHA256, Scheme::Ecdsa, Digest::Sha256),
    (oids::OID_SIG_ECDSA_WITH_SHA384, Scheme::Ecdsa, Digest::Sha384),
    (oids::OID_SIG_ECDSA_WITH_SHA512, Scheme::Ecdsa, Digest::Sha512),
];
