//! Ed25519 keys: made, read and written. A private one is wiped from memory when it is dropped, and is never printed.
//!
//! A key file is PEM text with PKCS#8 inside (RFC 8410, section 7), in the clear or under a passphrase as the authority's
//! keys are, so `openssl genpkey -algorithm ed25519` makes one too, and `openssl pkey` opens ours.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use pkcs8::{ObjectIdentifier, PrivateKeyInfo};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::defect::Defect;
use crate::passphrase::Passphrase;
use crate::pem::{self, KeyForm};
use crate::sealed;

/// `id-Ed25519` (RFC 8410, section 3).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// All of a PKCS#8 Ed25519 key before its 32 bytes (RFC 8410, section 7; the example in section 10.3).
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// The head of the `OCTET STRING` inside the key's own (RFC 8410, section 7: `CurvePrivateKey`).
const INNER_HEAD: [u8; 2] = [0x04, 0x20];

/// A key that signs root records, manifests or orders.
pub struct SigningKey(ed25519_dalek::SigningKey);

/// The public half of a [`SigningKey`]: what a root record names. In JSON it is 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = r"^[0-9A-Fa-f]{64}$")))]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(pub [u8; 32]);

/// How a key is called: the first 8 bytes of the SHA-256 of its public half. It stands in signatures as `kid`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = r"^[0-9A-Fa-f]{16}$")))]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(pub [u8; 8]);

/// A text that is no key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} hex digits")]
pub struct NotHex {
    digits: usize,
}

impl SigningKey {
    /// Makes a new key from the system's randomness.
    pub fn generate() -> Result<Self, Defect> {
        let mut seed = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(&mut *seed).map_err(|_| Defect::SigningKey)?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// Reads the first private key in PEM text, with the passphrase if it is under one; [`Defect::Locked`] without.
    pub fn unlock(text: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, Defect> {
        match pem::decode_key(text)? {
            (KeyForm::Sealed, der) => {
                let passphrase = passphrase.ok_or(Defect::Locked)?;
                let opened = sealed::unseal(&der, passphrase)?;
                // A key of another kind under the right passphrase is a PKCS#8 key all the same.
                match PrivateKeyInfo::try_from(opened.as_slice()) {
                    Ok(_) => Self::from_pkcs8(&opened),
                    Err(_) => Err(Defect::WrongPassphrase),
                }
            }
            (KeyForm::Pkcs8, der) => Self::from_pkcs8(&der),
            (KeyForm::Pkcs1 | KeyForm::Sec1, _) => Err(Defect::SigningKey),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, Defect> {
        let info = PrivateKeyInfo::try_from(der).map_err(|_| Defect::SigningKey)?;
        let seed =
            info.private_key.strip_prefix(&INNER_HEAD).and_then(|seed| <&[u8; 32]>::try_from(seed).ok());
        match seed {
            Some(seed) if info.algorithm.oid == ED25519 => {
                Ok(Self(ed25519_dalek::SigningKey::from_bytes(seed)))
            }
            _ => Err(Defect::SigningKey),
        }
    }

    /// The PKCS#8 form as PEM text, under a passphrase if one is given, in memory that is wiped.
    pub fn pem(&self, passphrase: Option<&Passphrase>) -> Result<Zeroizing<String>, Defect> {
        let mut pkcs8 = Zeroizing::new([0; 48]);
        let (head, seed) = pkcs8.split_at_mut(PKCS8_HEAD.len());
        head.copy_from_slice(&PKCS8_HEAD);
        seed.copy_from_slice(self.0.as_bytes());
        let text = match passphrase {
            Some(passphrase) => pem::encode(pem::SEALED_KEY, &sealed::seal(&*pkcs8, passphrase)?),
            None => pem::encode(pem::PRIVATE_KEY, &*pkcs8),
        };
        text.map(Zeroizing::new)
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// The same key for whoever signs with `otary-wire`; wiped when it is dropped.
    pub fn to_wire(&self) -> otary_wire::sign::SigningKey {
        self.0.clone()
    }

    /// What signs.
    pub(crate) const fn inner(&self) -> &ed25519_dalek::SigningKey {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ..)", self.public().id())
    }
}

impl PublicKey {
    /// How it is called.
    pub fn id(&self) -> KeyId {
        let digest = digest(&SHA256, &self.0);
        KeyId(digest.as_ref().first_chunk().copied().unwrap_or_default())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl FromStr for KeyId {
    type Err = NotHex;

    /// Reads it as it is printed, in either case.
    fn from_str(text: &str) -> Result<Self, NotHex> {
        from_hex(text).map(Self)
    }
}

impl FromStr for PublicKey {
    type Err = NotHex;

    /// Reads it as it is printed, in either case.
    fn from_str(text: &str) -> Result<Self, NotHex> {
        from_hex(text).map(Self)
    }
}

impl TryFrom<String> for KeyId {
    type Error = NotHex;

    fn try_from(text: String) -> Result<Self, NotHex> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for PublicKey {
    type Error = NotHex;

    fn try_from(text: String) -> Result<Self, NotHex> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

fn from_hex<const BYTES: usize>(text: &str) -> Result<[u8; BYTES], NotHex> {
    let wrong = NotHex { digits: 2 * BYTES };
    if text.len() != wrong.digits || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Err(wrong);
    }
    let mut bytes = [0; BYTES];
    for (place, byte) in bytes.iter_mut().enumerate() {
        let digits = text.get(2 * place..2 * place + 2).ok_or(wrong)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong)?;
    }
    Ok(bytes)
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410, section 10.3: the first example key, and the public half that its second example has.
    const RFC_8410: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    const RFC_8410_PUBLIC: &str = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

    #[test]
    fn the_key_of_the_rfc_is_read_and_written_to_the_letter() {
        let key = SigningKey::unlock(RFC_8410.as_bytes(), None).unwrap();
        assert_eq!(key.public().to_string(), RFC_8410_PUBLIC);
        assert_eq!(*key.pem(None).unwrap(), RFC_8410);
    }

    #[test]
    fn one_under_a_passphrase_is_opened_by_that_alone() {
        let key = SigningKey::generate().unwrap();
        let words = |text: &str| Passphrase::new(text.to_owned());
        let sealed = key.pem(Some(&words("seal on the ice"))).unwrap();
        let open = |passphrase: Option<&Passphrase>| SigningKey::unlock(sealed.as_bytes(), passphrase);
        assert_eq!(open(Some(&words("seal on the ice"))).unwrap().public(), key.public());
        assert!(matches!(open(None), Err(Defect::Locked)));
        assert!(matches!(open(Some(&words("seal on the sand"))), Err(Defect::WrongPassphrase)));
    }

    #[test]
    fn keys_of_other_kinds_are_called_that() {
        let other = crate::PrivateKey::generate(crate::KeyKind::P256).unwrap().pem().unwrap();
        assert!(matches!(SigningKey::unlock(other.as_bytes(), None), Err(Defect::SigningKey)));
        let words = Passphrase::new("seal on the ice".to_owned());
        let other = crate::PrivateKey::generate(crate::KeyKind::P256).unwrap().sealed_pem(&words).unwrap();
        assert!(matches!(SigningKey::unlock(other.as_bytes(), Some(&words)), Err(Defect::SigningKey)));
    }

    #[test]
    fn a_private_key_is_not_printed_and_an_id_is_read_as_it_is_printed() {
        let key = SigningKey::unlock(RFC_8410.as_bytes(), None).unwrap();
        let id = key.public().id();
        assert_eq!(format!("{key:?}"), format!("SigningKey({id}, ..)"));
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        for wrong in ["", "12", "+123456789abcdef", "0123456789abcdeg", "0123456789abcdef0"] {
            assert_eq!(wrong.parse::<KeyId>(), Err(NotHex { digits: 16 }), "{wrong}");
        }
    }
}
