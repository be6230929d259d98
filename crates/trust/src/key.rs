//! Private keys: made, read and written. They are wiped from memory when they are dropped, and are never printed.
//!
//! What otary makes is PKCS#8. What comes from elsewhere may also be what OpenSSL used to write: SEC1 (`EC PRIVATE
//! KEY`, RFC 5915) or PKCS#1 (`RSA PRIVATE KEY`, RFC 8017); it is PKCS#8 from then on.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
};
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize,
    SignatureAlgorithm,
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::oid_registry::{OID_EC_P256, OID_NIST_EC_P384};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};
use x509_parser::public_key::PublicKey;
use zeroize::Zeroizing;

use crate::defect::Defect;
use crate::error::Error;
use crate::passphrase::Passphrase;
use crate::pem::{self, KeyForm};
use crate::sealed;

/// A private key of one of the [`KeyKind`]s.
pub struct PrivateKey {
    pair: Zeroizing<KeyPair>,
    kind: KeyKind,
}

/// The kinds of key that otary can hold. Every device's TLS stack can check their signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// ECDSA on P-256: small on the wire and cheap for the server. All that the authority signs with.
    P256,
    /// ECDSA on P-384, as some public authorities give it out.
    P384,
    /// RSA with 2048 bits, for clients that check no ECDSA signature.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits.
    Rsa4096,
}

/// A text that names no [`KeyKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected P-256, P-384, RSA-2048, RSA-3072 or RSA-4096")]
pub struct UnknownKeyKind;

impl PrivateKey {
    /// Makes a new key from the system's randomness. RSA with 4096 bits can take some seconds.
    pub fn generate(kind: KeyKind) -> Result<Self, Error> {
        let algorithm = kind.signature_algorithm();
        let pair = match kind {
            KeyKind::P256 | KeyKind::P384 => KeyPair::generate_for(algorithm),
            KeyKind::Rsa2048 => KeyPair::generate_rsa_for(algorithm, RsaKeySize::_2048),
            KeyKind::Rsa3072 => KeyPair::generate_rsa_for(algorithm, RsaKeySize::_3072),
            KeyKind::Rsa4096 => KeyPair::generate_rsa_for(algorithm, RsaKeySize::_4096),
        };
        let pair = Zeroizing::new(pair.map_err(Error::Crypto)?);
        Ok(Self { pair, kind })
    }

    /// Reads the first private key in PEM text, which a passphrase does not protect. A certificate or `EC PARAMETERS`
    /// may stand beside it.
    pub fn from_pem(text: &[u8]) -> Result<Self, Defect> {
        Self::unlock(text, None)
    }

    /// Reads the first private key in PEM text, with the passphrase if it is under one (PKCS#8, as OpenSSL and otary
    /// write it); [`Defect::Locked`] without.
    pub fn unlock(text: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, Defect> {
        match pem::decode_key(text)? {
            (KeyForm::Sealed, der) => {
                let passphrase = passphrase.ok_or(Defect::Locked)?;
                // The wrong passphrase can, once in 256 times, make something that looks like a text: no key it is.
                Self::from_der(KeyForm::Pkcs8, &sealed::unseal(&der, passphrase)?)
                    .map_err(|_| Defect::WrongPassphrase)
            }
            (form, der) => Self::from_der(form, &der),
        }
    }

    fn from_der(form: KeyForm, der: &[u8]) -> Result<Self, Defect> {
        let pkcs8 = to_pkcs8(form, der).ok_or(Defect::Key)?;
        let pkcs8 = PrivatePkcs8KeyDer::from(pkcs8.as_slice());
        let pair = [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_RSA_SHA256]
            .into_iter()
            .find_map(|algorithm| KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8, algorithm).ok());
        let pair = Zeroizing::new(pair.ok_or(Defect::Key)?);
        let kind = KeyKind::of_public_key(&pair.subject_public_key_info()).ok_or(Defect::Key)?;
        Ok(Self { pair, kind })
    }

    /// What kind of key it is.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The PKCS#8 form as PEM text, in memory that is wiped.
    pub fn pem(&self) -> Result<Zeroizing<String>, Defect> {
        pem::encode(pem::PRIVATE_KEY, self.pair.serialized_der()).map(Zeroizing::new)
    }

    /// The same, encrypted under a passphrase.
    pub fn sealed_pem(&self, passphrase: &Passphrase) -> Result<String, Defect> {
        pem::encode(pem::SEALED_KEY, &sealed::seal(self.pair.serialized_der(), passphrase)?)
    }

    /// A copy in the form that rustls reads; wiped when it is dropped.
    pub fn to_der(&self) -> Zeroizing<PrivateKeyDer<'static>> {
        Zeroizing::new(PrivatePkcs8KeyDer::from(self.pair.serialize_der()).into())
    }

    /// The public half (DER of `SubjectPublicKeyInfo`).
    pub fn public_key(&self) -> Vec<u8> {
        self.pair.subject_public_key_info()
    }

    /// The pair that rcgen signs with.
    pub(crate) fn pair(&self) -> &KeyPair {
        &self.pair
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::P256, Self::P384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// The kind for people: `P-256`, `RSA-2048`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::Rsa2048 => "RSA-2048",
            Self::Rsa3072 => "RSA-3072",
            Self::Rsa4096 => "RSA-4096",
        }
    }

    /// Whether it signs by RSA; else by ECDSA.
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// The kind of a public key (DER of `SubjectPublicKeyInfo`), if it is one of these.
    pub fn of_public_key(der: &[u8]) -> Option<Self> {
        let (_, info) = SubjectPublicKeyInfo::from_der(der).ok()?;
        match info.parsed().ok()? {
            PublicKey::RSA(key) => match key.key_size() {
                2048 => Some(Self::Rsa2048),
                3072 => Some(Self::Rsa3072),
                4096 => Some(Self::Rsa4096),
                _ => None,
            },
            PublicKey::EC(_) => {
                let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
                let curves = [(OID_EC_P256, Self::P256), (OID_NIST_EC_P384, Self::P384)];
                curves.into_iter().find_map(|(oid, kind)| (curve == oid).then_some(kind))
            }
            _ => None,
        }
    }

    fn signature_algorithm(self) -> &'static SignatureAlgorithm {
        match self {
            Self::P256 => &PKCS_ECDSA_P256_SHA256,
            Self::P384 => &PKCS_ECDSA_P384_SHA384,
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &PKCS_RSA_SHA256,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for KeyKind {
    type Err = UnknownKeyKind;

    /// Reads the name in either case, with or without its hyphen.
    fn from_str(text: &str) -> Result<Self, UnknownKeyKind> {
        let same = |kind: &Self| kind.name().replace('-', "").eq_ignore_ascii_case(&text.replace('-', ""));
        Self::ALL.into_iter().find(same).ok_or(UnknownKeyKind)
    }
}

fn to_pkcs8(form: KeyForm, der: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let sec1 = |algorithm: &'static EcdsaSigningAlgorithm| {
        EcdsaKeyPair::from_private_key_der(algorithm, der).ok()?.to_pkcs8v1().ok()
    };
    let bytes = match form {
        KeyForm::Pkcs8 => der.to_vec(),
        KeyForm::Sealed => return None,
        KeyForm::Pkcs1 => rsa::KeyPair::from_der(der).ok()?.as_der().ok()?.as_ref().to_vec(),
        KeyForm::Sec1 => {
            let document =
                sec1(&ECDSA_P256_SHA256_ASN1_SIGNING).or_else(|| sec1(&ECDSA_P384_SHA384_ASN1_SIGNING))?;
            document.as_ref().to_vec()
        }
    };
    Some(Zeroizing::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_as_it_is_printed_and_as_options_spell_it() {
        for kind in KeyKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!("p256".parse(), Ok(KeyKind::P256));
        assert_eq!("rsa2048".parse(), Ok(KeyKind::Rsa2048));
        assert_eq!("ed25519".parse::<KeyKind>(), Err(UnknownKeyKind));
    }

    #[test]
    fn a_key_is_the_same_after_a_trip_through_its_text() {
        for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Rsa2048] {
            let key = PrivateKey::generate(kind).unwrap();
            let again = PrivateKey::from_pem(key.pem().unwrap().as_bytes()).unwrap();
            assert_eq!((again.kind(), again.public_key()), (kind, key.public_key()));
        }
    }
}
