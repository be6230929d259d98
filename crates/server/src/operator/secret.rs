//! Secrets of tokens: 256 random bits as URL-safe text, wiped from memory when dropped and never printed by accident.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::error::Unspecified;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use otary_fleet::Sha256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use zeroize::Zeroizing;

/// What every secret begins with, so that a scanner of repositories can recognise a lost one.
const PREFIX: &str = "otary_";
/// Characters behind the prefix: 32 bytes in base64 without padding.
const TEXT: usize = 43;

/// The text that a client shows to act as an operator.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// Why a text is not a token's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a token is otary_ and 43 letters, digits, '-' or '_'")]
pub struct SecretError;

impl Secret {
    /// A new one, from the system's randomness.
    pub fn generate() -> Result<Self, Unspecified> {
        let mut bits = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(bits.as_mut_slice())?;
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + TEXT));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(bits.as_slice(), &mut text);
        Ok(Self(text))
    }

    /// What is kept of it: the SHA-256 of its text.
    pub fn hash(&self) -> Sha256 {
        Sha256::of(self.0.as_bytes())
    }

    /// The text itself, to be shown once or sent over TLS.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let rest = text.strip_prefix(PREFIX).ok_or(SecretError)?;
        let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        let fits = rest.len() == TEXT && rest.bytes().all(plain);
        fits.then(|| Self(Zeroizing::new(text.to_owned()))).ok_or(SecretError)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl schemars::JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "password" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_never_repeats() {
        let [a, b] = [(); 2].map(|()| Secret::generate().unwrap());
        assert_ne!(a.expose(), b.expose());
        assert_eq!(a.expose().parse::<Secret>().unwrap().hash(), a.hash());
    }

    #[test]
    fn a_secret_is_not_in_its_debug_text() {
        assert_eq!(format!("{:?}", Secret::generate().unwrap()), "Secret(..)");
    }

    #[test]
    fn other_texts_are_no_secrets() {
        let long = format!("otary_{}", "a".repeat(44));
        for text in ["", "otary_", "otary_short", &long, &long.replace("otary", "other")] {
            assert_eq!(text.parse::<Secret>().unwrap_err(), SecretError, "{text}");
        }
    }
}
