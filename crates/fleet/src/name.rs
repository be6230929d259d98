//! What a client calls itself where that is not an address.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Mac, Sha256};

/// A device's name, by its client's word: 1 to 128 bytes of text without white space, control characters or `/`, so that it
/// is one segment of a URL's path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct DeviceName(Box<str>);

/// Why a text cannot name a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a device's name has 1 to {} bytes, without white space, control characters and '/'",
    DeviceName::MAX
)]
pub struct DeviceNameError;

impl DeviceName {
    /// The longest name, in bytes.
    pub const MAX: usize = 128;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address by which a device of this name is known.
    ///
    /// An address in any of its forms is itself. Any other name stands for an address that no board comes with: the
    /// beginning of its SHA-256, marked as locally administered and of one device (IEEE 802, clause 8.2). 46 bits tell
    /// a million names apart but for one chance in a hundred.
    pub fn mac(&self) -> Mac {
        self.as_str().parse().unwrap_or_else(|_| Mac::named(self.as_str()))
    }
}

impl Mac {
    /// The address that a name stands for, which is none itself; see [`DeviceName::mac`].
    pub fn named(name: &str) -> Self {
        let digest = Sha256::of(name.as_bytes()).0;
        // Locally administered, so never all zero.
        Self::locally_administered(digest.first_chunk().copied().unwrap_or_default())
    }
}

impl FromStr for DeviceName {
    type Err = DeviceNameError;

    fn from_str(text: &str) -> Result<Self, DeviceNameError> {
        let breaks = |c: char| c.is_whitespace() || c.is_control() || c == '/';
        if (1..=Self::MAX).contains(&text.len()) && !text.contains(breaks) {
            Ok(Self(text.into()))
        } else {
            Err(DeviceNameError)
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for DeviceName {
    type Error = DeviceNameError;

    fn try_from(text: String) -> Result<Self, DeviceNameError> {
        text.parse()
    }
}

impl From<DeviceName> for String {
    fn from(name: DeviceName) -> Self {
        name.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(name: &str) -> Mac {
        name.parse::<DeviceName>().unwrap().mac()
    }

    #[test]
    fn an_address_names_its_device_and_any_other_name_one_that_no_board_comes_with() {
        assert_eq!(mac("24:6f:28:aa:bb:cc"), "24:6F:28:AA:BB:CC".parse().unwrap());
        assert_eq!(mac("246F28AABBCC"), mac("24-6f-28-aa-bb-cc"));
        for name in ["gateway-7", "device1", "ä", "0"] {
            assert_eq!(mac(name).bytes()[0] & 0b11, 0b10, "{name}");
            assert_eq!(mac(name), mac(name));
        }
        assert_ne!(mac("gateway-7"), mac("gateway-8"));
        assert_ne!(mac("gateway-7"), mac("Gateway-7"), "hawkBit's names are told apart by case");
    }

    #[test]
    fn a_name_is_one_segment_of_a_path() {
        for wrong in ["", "a b", "a/b", "a\n", "\u{85}", &"a".repeat(DeviceName::MAX + 1)] {
            assert_eq!(wrong.parse::<DeviceName>(), Err(DeviceNameError), "{wrong:?}");
        }
        assert!("a".repeat(DeviceName::MAX).parse::<DeviceName>().is_ok());
    }
}
