//! Signed manifests: what a device that verifies releases needs beside an image, as its signer made it.
//!
//! Nothing here is verified or made: otary keeps a manifest's bytes and hands them on. Whoever holds the bytes of a
//! manifest holds the same bytes that were signed, or the device refuses them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Sha256;

/// The manifest of one artifact of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedManifest {
    /// The artifact that is its payload.
    pub artifact: Sha256,
    /// The release number that it says; a device goes to a higher one only.
    pub number: u32,
    /// The signed object (`COSE_Sign1`), byte for byte.
    pub bytes: ManifestBytes,
}

/// The bytes of a signed manifest: at least one, at most [`Self::MAX`]. In records and JSON they are base64.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("format" = "byte", "minLength" = 4, "maxLength" = 4 * Self::MAX.div_ceil(3))))]
#[serde(try_from = "String", into = "String")]
pub struct ManifestBytes(Box<[u8]>);

/// Why bytes or a text are no signed manifest's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// There are none, or too many.
    #[error("a signed manifest has 1 to {} bytes, found {found}", ManifestBytes::MAX)]
    Length {
        /// Bytes found.
        found: usize,
    },
    /// The text is not base64 (RFC 4648, section 4), or longer than the longest manifest's.
    #[error("a signed manifest is written in base64")]
    NotBase64,
}

impl ManifestBytes {
    /// The longest signed manifest, in bytes.
    pub const MAX: usize = otary_wire::Manifest::MAX_LEN;

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&[u8]> for ManifestBytes {
    type Error = ManifestError;

    fn try_from(bytes: &[u8]) -> Result<Self, ManifestError> {
        match bytes.len() {
            1..=Self::MAX => Ok(Self(bytes.into())),
            found => Err(ManifestError::Length { found }),
        }
    }
}

impl TryFrom<String> for ManifestBytes {
    type Error = ManifestError;

    fn try_from(text: String) -> Result<Self, ManifestError> {
        // Four characters carry three bytes.
        if text.len() > Self::MAX.div_ceil(3) * 4 {
            return Err(ManifestError::NotBase64);
        }
        let bytes = STANDARD.decode(text).map_err(|_| ManifestError::NotBase64)?;
        bytes.as_slice().try_into()
    }
}

impl From<ManifestBytes> for String {
    fn from(bytes: ManifestBytes) -> Self {
        STANDARD.encode(bytes.0)
    }
}

impl fmt::Debug for ManifestBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_survives_its_record() {
        let bytes = ManifestBytes::try_from(&[0xD2, 0x84, 0x43][..]).unwrap();
        let manifest = SignedManifest { artifact: Sha256::of(b"image"), number: 7, bytes };
        let record = serde_json::to_string(&manifest).unwrap();
        assert!(record.ends_with(r#""number":7,"bytes":"0oRD"}"#), "{record}");
        assert_eq!(serde_json::from_str::<SignedManifest>(&record).unwrap(), manifest);
    }

    #[test]
    fn one_is_bounded_whichever_way_it_comes() {
        for length in [0, ManifestBytes::MAX + 1] {
            let found = ManifestBytes::try_from(&*vec![0; length]);
            assert_eq!(found, Err(ManifestError::Length { found: length }));
        }
        let longest = ManifestBytes::try_from(&[7; ManifestBytes::MAX][..]).unwrap();
        let text = String::from(longest.clone());
        assert_eq!(ManifestBytes::try_from(text.clone()), Ok(longest));
        for wrong in [String::new(), "%%%%".into(), "0oR".into(), format!("{text}AAAA")] {
            assert!(ManifestBytes::try_from(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
