//! A board's address, as the clients send it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A 48-bit MAC address: who a device says that it is.
///
/// Never all zero: clients send zeros for an interface that was never started, which names nobody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = crate::schema::MAC)))]
#[serde(try_from = "String", into = "String")]
pub struct Mac([u8; 6]);

/// Why a text is not the address of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MacError {
    /// Not twelve hex digits, bare or in pairs separated by `:` or `-`.
    #[error("expected twelve hex digits such as 24:6F:28:AA:BB:CC")]
    Form,
    /// Six zero bytes: the interface was never started.
    #[error("an all-zero address names no device")]
    Zero,
}

impl Mac {
    /// An address from its six bytes.
    pub fn new(bytes: [u8; 6]) -> Result<Self, MacError> {
        if bytes == [0; 6] { Err(MacError::Zero) } else { Ok(Self(bytes)) }
    }

    /// An address that no board comes with, of one device, whose other 46 bits are these.
    pub(crate) const fn locally_administered(mut bytes: [u8; 6]) -> Self {
        let [first, ..] = &mut bytes;
        *first = *first & !0b11 | 0b10;
        Self(bytes)
    }

    /// The six bytes, most significant first.
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }

    /// It as people write it, in ASCII.
    pub(crate) fn text(self) -> [u8; 17] {
        let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 };
        let mut text = [b':'; 17];
        for (place, byte) in text.chunks_mut(3).zip(self.0) {
            place.iter_mut().zip([digit(byte >> 4), digit(byte & 0xF)]).for_each(|(to, from)| *to = from);
        }
        text
    }

    /// The six bytes as a number of 48 bits.
    pub(crate) const fn number(self) -> u64 {
        let [first, second, rest @ ..] = self.0;
        (u16::from_be_bytes([first, second]) as u64) << 32 | u32::from_be_bytes(rest) as u64
    }
}

impl FromStr for Mac {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Self, MacError> {
        if text.len() > 17 {
            return Err(MacError::Form);
        }
        let pair = text.len() == 17;
        let mut digits = String::with_capacity(12);
        for (i, c) in text.chars().enumerate() {
            match (pair && i % 3 == 2, c) {
                (true, ':' | '-') => {}
                (false, c) if c.is_ascii_hexdigit() => digits.push(c),
                _ => return Err(MacError::Form),
            }
        }
        if digits.len() != 12 {
            return Err(MacError::Form);
        }
        let number = u64::from_str_radix(&digits, 16).map_err(|_| MacError::Form)?;
        let [_, _, bytes @ ..] = number.to_be_bytes();
        Self::new(bytes)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Mac {
    type Error = MacError;

    fn try_from(text: String) -> Result<Self, MacError> {
        text.parse()
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_form_is_one_address() {
        let mac: Mac = "24:6F:28:AA:BB:CC".parse().unwrap();
        for text in ["24:6f:28:aa:bb:cc", "24-6F-28-AA-BB-CC", "246f28aabbcc"] {
            assert_eq!(text.parse::<Mac>().unwrap(), mac);
        }
        assert_eq!(mac.to_string(), "24:6F:28:AA:BB:CC");
    }

    #[test]
    fn what_names_no_device_is_refused() {
        assert_eq!("00:00:00:00:00:00".parse::<Mac>(), Err(MacError::Zero));
        for text in [
            "",
            "24:6F:28",
            "24:6F:28:AA:BB:CG",
            "+46f28aabbcc",
            "24:6F:28:AA:BB:CC:DD",
            "2:46:F2:8A:AB:BC:C",
        ] {
            assert_eq!(text.parse::<Mac>(), Err(MacError::Form), "{text}");
        }
    }
}
