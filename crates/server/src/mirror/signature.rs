//! Detached signatures of upstream files: Ed25519, ECDSA with P-256 or P-384, RSA; the last two over SHA-256, as
//! `openssl dgst -sha256 -sign` makes them.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;

use super::Mirror;

/// A key that upstream signs with.
#[derive(Debug, Clone)]
pub struct VerifyingKey(SubjectPublicKeyInfoDer<'static>);

/// Why a key or a signature is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The text is no public key.
    #[error(
        "this is no public key: it begins with -----BEGIN PUBLIC KEY-----, and has at most {} bytes",
        Mirror::MAX_KEY
    )]
    NotAKey,
    /// The signature is not this key's, or of other bytes.
    #[error("the signature is not by this key, or of another file")]
    Wrong,
}

impl VerifyingKey {
    /// A key from its PEM (`SubjectPublicKeyInfo`).
    pub fn from_pem(pem: &str) -> Result<Self, SignatureError> {
        if pem.len() > Mirror::MAX_KEY {
            return Err(SignatureError::NotAKey);
        }
        SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).map(Self).map_err(|_| SignatureError::NotAKey)
    }

    /// Whether `signature` is this key's over `bytes`. It may come as it is, or as text in base64.
    pub fn verify(&self, bytes: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let text: Vec<u8> = signature.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let unpacked = STANDARD.decode(text).ok();
        let forms = [Some(signature), unpacked.as_deref()];
        let right = forms.into_iter().flatten().any(|signature| self.made(bytes, signature));
        if right { Ok(()) } else { Err(SignatureError::Wrong) }
    }

    /// The key says what it is for: of the algorithms, at most one takes it.
    fn made(&self, bytes: &[u8], signature: &[u8]) -> bool {
        const ALGORITHMS: [&dyn VerificationAlgorithm; 4] =
            [&ED25519, &ECDSA_P256_SHA256_ASN1, &ECDSA_P384_SHA256_ASN1, &RSA_PKCS1_2048_8192_SHA256];
        ALGORITHMS.into_iter().any(|algorithm| {
            UnparsedPublicKey::new(algorithm, self.0.as_ref()).verify(bytes, signature).is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    /// OpenSSL is the other side.
    fn openssl(arguments: &[&str]) {
        let done = Command::new("openssl").args(arguments).output().expect("openssl runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    #[test]
    fn what_openssl_signs_is_verified_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let [key, public, file, signature] = ["key.pem", "public.pem", "lamp.bin", "lamp.bin.sig"].map(path);
        fs::write(&file, b"firmware").unwrap();
        for (algorithm, options) in [
            ("ED25519", &[][..]),
            ("EC", &["-pkeyopt", "ec_paramgen_curve:P-256"]),
            ("EC", &["-pkeyopt", "ec_paramgen_curve:P-384"]),
            ("RSA", &["-pkeyopt", "rsa_keygen_bits:2048"]),
        ] {
            openssl(&[&["genpkey", "-algorithm", algorithm, "-out", &key], options].concat());
            openssl(&["pkey", "-in", &key, "-pubout", "-out", &public]);
            if algorithm == "ED25519" {
                openssl(&["pkeyutl", "-sign", "-rawin", "-inkey", &key, "-in", &file, "-out", &signature]);
            } else {
                openssl(&["dgst", "-sha256", "-sign", &key, "-out", &signature, &file]);
            }
            let key = VerifyingKey::from_pem(&fs::read_to_string(&public).unwrap()).unwrap();
            let signed = fs::read(&signature).unwrap();
            assert_eq!(key.verify(b"firmware", &signed), Ok(()), "{algorithm} {options:?}");
            let text = STANDARD.encode(&signed) + "\n";
            assert_eq!(key.verify(b"firmware", text.as_bytes()), Ok(()), "as text");
            assert_eq!(key.verify(b"firmwarf", &signed), Err(SignatureError::Wrong));
            for place in [0, signed.len() / 2, signed.len() - 1] {
                let mut flipped = signed.clone();
                flipped[place] ^= 1;
                assert_eq!(
                    key.verify(b"firmware", &flipped),
                    Err(SignatureError::Wrong),
                    "{algorithm} {place}"
                );
            }
            assert_eq!(key.verify(b"firmware", b""), Err(SignatureError::Wrong));
        }
    }

    #[test]
    fn what_is_no_public_key_says_so() {
        let long = "x".repeat(Mirror::MAX_KEY + 1);
        for text in ["", "key", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &long] {
            assert_eq!(VerifyingKey::from_pem(text).unwrap_err(), SignatureError::NotAKey);
        }
    }
}
