//! Where a message breaks its form, what was expected there, and what was found.

use core::fmt;

/// A message that is not one of ours, or one that cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// Bytes from the beginning of what was read or written (of a signed object: of its envelope, or of the payload in it) to
    /// the item at fault.
    pub offset: u32,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The bytes end inside the item.
    Truncated,
    /// Bytes follow after the message.
    Trailing {
        /// How many.
        found: u32,
    },
    /// The message is longer than any of its kind.
    TooLong {
        /// The most bytes that it may have.
        expected: u32,
        /// How many it has.
        found: u32,
    },
    /// An item of another type.
    Type {
        /// The type in CBOR's words.
        expected: &'static str,
    },
    /// A number or length in more bytes than it needs, or a length that is left open (RFC 8949 section 4.2.1 forbids both).
    NotShortest,
    /// The map has no such key here, though each message of the kind has it.
    Missing {
        /// The key.
        key: u8,
    },
    /// The map has an entry that no such message has, or a key that is not in ascending order.
    Unexpected,
    /// A value, or the length of a text, byte string or array, is out of bounds.
    Range {
        /// The least and the most.
        expected: (u32, u32),
        /// The value or length, or `u32::MAX` for more.
        found: u32,
    },
    /// A key is named twice.
    Duplicate,
    /// A text that is not UTF-8, or has control characters.
    Text,
    /// A constant of the format has another value.
    Constant,
    /// Not base64url without padding.
    Base64,
    /// The chip has no id in images, so nothing can be said of it (ESP8266).
    ChipWithoutId,
    /// The output buffer ends here.
    Full,
}

impl core::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at offset {:#x}: {}", self.offset, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated => f.write_str("the message ends here"),
            Self::Trailing { found } => write!(f, "expected the end, found {found} more bytes"),
            Self::TooLong { expected, found } => {
                write!(f, "the message has {found} bytes (expected at most {expected})")
            }
            Self::Type { expected } => write!(f, "expected {expected}, found another type"),
            Self::NotShortest => f.write_str("expected the shortest form, found a longer or an open one"),
            Self::Missing { key } => write!(f, "expected key {key}, found none"),
            Self::Unexpected => f.write_str("expected the end of the map, found another entry"),
            Self::Range { expected: (low, high), found } => {
                write!(f, "expected {low} to {high}, found {found}")
            }
            Self::Duplicate => f.write_str("expected keys that differ, found one twice"),
            Self::Text => f.write_str("expected UTF-8 without control characters, found other bytes"),
            Self::Constant => f.write_str("expected the format's constant, found another value"),
            Self::Base64 => f.write_str("expected base64url without padding, found other text"),
            Self::ChipWithoutId => f.write_str("expected a chip with an image id, found the ESP8266"),
            Self::Full => f.write_str("expected room for more bytes, found the end of the buffer"),
        }
    }
}
