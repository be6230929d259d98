//! Products: kinds of device that share firmware.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use otary_image::Chip;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Device, Proof, Sha256, Time};

/// A product's name: 1 to 64 of `a-z`, `0-9`, `-`, `_` and `.`, beginning with a letter or digit.
///
/// It stands in URLs and on command lines, so nothing in it ever needs quoting. Shared: a clone copies no text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = crate::schema::NAME)))]
#[serde(try_from = "String", into = "String")]
pub struct ProductName(Arc<str>);

/// Why a text cannot name a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a name has 1 to 64 of a-z, 0-9, '-', '_' and '.', and begins with a letter or digit")]
pub struct NameError;

impl ProductName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProductName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let plain = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        let begins = text.bytes().next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if begins && text.len() <= 64 && text.bytes().all(plain) {
            Ok(Self(text.into()))
        } else {
            Err(NameError)
        }
    }
}

impl fmt::Display for ProductName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for ProductName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<ProductName> for String {
    fn from(name: ProductName) -> Self {
        name.as_str().into()
    }
}

/// A kind of device that shares firmware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Product {
    /// Its name.
    pub name: ProductName,
    /// The chips that it is built with. Empty: whatever its releases are for.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeSet<crate::ChipSchema>"))]
    pub chips: BTreeSet<Chip>,
    /// Whether devices may be updated over plain HTTP, where anybody on the way can read and change the image.
    pub allow_plain_http: bool,
    /// Whether opaque files (encrypted images, other makers' containers) may be released.
    pub allow_raw: bool,
    /// SHA-256 of the secret that its devices share, if it has one.
    #[serde(default)]
    pub secret: Option<Sha256>,
    /// Whether its images are for those alone who show a proof.
    #[serde(default)]
    pub private: bool,
    /// Whether devices that speak hawkBit's protocol are asked to agree before they are given anything to install.
    #[serde(default)]
    pub asks_first: bool,
    /// When it was made.
    pub created: Time,
}

impl Product {
    /// A product as `otary push` makes it: any chip, no plain HTTP, no raw files, open to everybody.
    pub const fn new(name: ProductName, created: Time) -> Self {
        Self {
            name,
            chips: BTreeSet::new(),
            allow_plain_http: false,
            allow_raw: false,
            secret: None,
            private: false,
            asks_first: false,
            created,
        }
    }

    /// The least that a device has to show to be given an image: of a private product its secret, or a credential of
    /// the device's own where there is no secret.
    pub const fn required_proof(&self) -> Proof {
        match (self.private, &self.secret) {
            (false, _) => Proof::None,
            (true, Some(_)) => Proof::ProductSecret,
            (true, None) => Proof::DeviceCredential,
        }
    }

    /// Whether its images are for one who showed `proof` under the address of `device`.
    ///
    /// A device's credential opens no private product but the one that the operator assigned the device to: an owner of
    /// a lamp is no owner of everything else, and who was assigned nothing owns nothing.
    pub fn opens_to(&self, proof: Proof, device: Option<&Device>) -> bool {
        let assigned = device.and_then(|device| device.product.as_ref());
        let by_right = proof != Proof::DeviceCredential || assigned == Some(&self.name);
        proof >= self.required_proof() && (by_right || !self.private)
    }

    /// Whether devices may be updated over plain HTTP. Never of a private product, whatever else was set: what goes
    /// over plain HTTP is everybody's.
    pub const fn goes_over_plain_http(&self) -> bool {
        self.allow_plain_http && !self.private
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_need_quoting() {
        for good in ["lamp", "esp-cam.v2", "0_x", &"a".repeat(64)] {
            assert!(good.parse::<ProductName>().is_ok(), "{good}");
        }
        for bad in ["", "Lamp", "-x", "../x", "a/b", "a b", "ä", &"a".repeat(65)] {
            assert_eq!(bad.parse::<ProductName>(), Err(NameError), "{bad}");
        }
    }
}
