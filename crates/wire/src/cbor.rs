//! The deterministic part of CBOR that our messages are written in (RFC 8949 section 4.2.1): one way to write each value,
//! and a reader that refuses every other way.
//!
//! Maps have small integers as keys, ascending; each number and length takes the fewest bytes; lengths are definite; nothing
//! follows. So a message that was read is, written again, the same bytes.
//!
//! Reader and writer remember their first fault and go on with harmless values; what was read or written is given out by
//! `finish` alone. One test a message instead of one an item halves the code on a chip.

mod reader;
mod writer;

pub(crate) use reader::Reader;
pub(crate) use writer::{Writer, present};

/// The types of items (RFC 8949 section 3.1), as they stand in the upper three bits of a head.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Major {
    Unsigned = 0,
    Bytes = 2,
    Text = 3,
    Array = 4,
    Map = 5,
    Tag = 6,
}

impl Major {
    const fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "an unsigned integer",
            Self::Bytes => "a byte string",
            Self::Text => "a text",
            Self::Array => "an array",
            Self::Map => "a map",
            Self::Tag => "a tag",
        }
    }
}

/// The simple value `true`, head and all.
const TRUE: u8 = 0xF5;

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// A text that can be shown to people as it is.
fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
