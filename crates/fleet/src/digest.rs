//! Digests as values: fixed length, compared as bytes, written as lower-case hex.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DigestError {
    /// The text has another length than the digest's hex form.
    #[error("expected {expected} hex digits, found {found} characters")]
    Length {
        /// Hex digits that this digest has.
        expected: usize,
        /// Characters found.
        found: usize,
    },
    /// A character is not a hex digit.
    #[error("character {offset} is not a hex digit")]
    NotHex {
        /// Offset of the character in the text.
        offset: usize,
    },
}

fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], DigestError> {
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return Err(DigestError::Length { expected: 2 * N, found: text.len() });
    }
    let nibble = |offset: usize, digit: u8| {
        (digit as char).to_digit(16).and_then(|n| u8::try_from(n).ok()).ok_or(DigestError::NotHex { offset })
    };
    let mut bytes = [0; N];
    for (i, (byte, pair)) in bytes.iter_mut().zip(text.chunks_exact(2)).enumerate() {
        let [high, low] = [pair.first(), pair.last()].map(|digit| digit.copied().unwrap_or_default());
        *byte = nibble(2 * i, high)? << 4 | nibble(2 * i + 1, low)?;
    }
    Ok(bytes)
}

/// The lower-case digits of `bytes`, written into `digits`. One call of the formatter for all: every check-in is logged.
fn hex<'a>(bytes: &[u8], digits: &'a mut [u8]) -> &'a str {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xF)]);
    }
    std::str::from_utf8(digits).unwrap_or_default()
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $len:literal, $hasher:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(
            feature = "schema",
            derive(schemars::JsonSchema),
            schemars(extend("pattern" = crate::schema::hex($len)))
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The digest of `bytes`.
            pub fn of(bytes: &[u8]) -> Self {
                use sha2::Digest as _;
                Self(<$hasher>::digest(bytes).into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; 2 * $len];
                f.pad(hex(&self.0, &mut digits))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = DigestError;

            /// Reads hex digits of either case.
            fn from_str(text: &str) -> Result<Self, DigestError> {
                parse_hex(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = DigestError;

            fn try_from(text: String) -> Result<Self, DigestError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(digest: $name) -> Self {
                digest.to_string()
            }
        }
    };
}

digest! {
    /// A SHA-256 digest (FIPS 180-4). An artifact's name; also the digest that ESP images carry at their end.
    Sha256, 32, sha2::Sha256
}

digest! {
    /// An MD5 digest (RFC 1321): what the Arduino clients report and check. Never a proof of anything.
    Md5, 16, md5::Md5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_either_case_and_writes_lower() {
        let text = "D41D8CD98F00B204E9800998ECF8427E";
        assert_eq!(text.parse::<Md5>().unwrap(), Md5::of(b""));
        assert_eq!(Md5::of(b"").to_string(), text.to_lowercase());
        assert_eq!(format!("{:.12}", Md5::of(b"")), "d41d8cd98f00");
    }

    #[test]
    fn names_what_is_wrong() {
        assert_eq!("abc".parse::<Md5>(), Err(DigestError::Length { expected: 32, found: 3 }));
        let text = format!("{}g", "a".repeat(63));
        assert_eq!(text.parse::<Sha256>(), Err(DigestError::NotHex { offset: 63 }));
    }
}
