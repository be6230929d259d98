//! Why bytes were refused: which part, at which offset, what was expected and what was found.
//!
//! An [`Error`] is `Copy`, needs no allocator and prints a sentence for a person:
//! `segment 3 at offset 0x4f20: length 0x90000 runs past the end of the file (expected at most 0x1f00 more bytes)`.

use core::fmt;

use crate::foreign::Foreign;

/// Why a file was refused. Offsets and lengths are bytes from the start of the slice that was parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// The part of the file that is at fault.
    pub part: Part,
    /// Where that part (or its faulty field) begins.
    pub offset: u32,
    /// What is wrong with it.
    pub fault: Fault,
}

/// A part of a file, as errors name it. Counts start at 0, as the vendor's tools count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The file as a whole.
    File,
    /// The header of an image.
    Header,
    /// A segment of an image.
    Segment(u8),
    /// The checksum byte behind the last segment.
    Checksum,
    /// The appended SHA-256.
    Digest,
    /// A Secure Boot signature block.
    Signature(u8),
    /// The application that follows eboot in an Arduino image of the ESP8266.
    Application,
    /// The words for length and CRC in an Arduino image of the ESP8266.
    LengthAndCrc,
    /// The CRC-32 that ends a version 2 image of the ESP8266.
    Crc,
    /// The bootloader of a merged image.
    Bootloader,
    /// A partition table.
    PartitionTable,
    /// A row of a partition table.
    Partition(u8),
    /// An entry of the otadata partition.
    OtaEntry(u8),
    /// A gzip wrapper.
    Gzip,
    /// The superblock of a file system.
    Superblock,
    /// The buffer that an emitter writes to.
    Output,
}

/// What is wrong with a [`Part`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The file ends inside the part: bytes that it needs, bytes that are there.
    Truncated {
        /// Bytes that the part needs.
        expected: u32,
        /// Bytes that are left of the file.
        found: u32,
    },
    /// A length names more bytes than are left.
    PastEnd {
        /// Bytes that are left.
        expected: u32,
        /// The length that was read.
        found: u32,
    },
    /// The bytes that mark the part are others, as the little-endian number that they spell.
    Magic {
        /// The mark of this part.
        expected: u32,
        /// What stands there.
        found: u32,
    },
    /// A field is outside its range.
    Range {
        /// The field, in words.
        field: &'static str,
        /// The smallest and the largest legal value.
        expected: (u32, u32),
        /// What was read.
        found: u32,
    },
    /// A field has a value that we do not know.
    Unknown {
        /// The field, in words.
        field: &'static str,
        /// What was read.
        found: u32,
    },
    /// A field is not a multiple of what it must be.
    Unaligned {
        /// The field, in words.
        field: &'static str,
        /// The number that must divide it.
        expected: u32,
        /// What was read.
        found: u32,
    },
    /// A segment that runs in place from flash does not lie where the flash cache can show it: within its page.
    Misplaced {
        /// Bytes of a page.
        page: u32,
        /// The offset of the data in its page of the file.
        expected: u32,
        /// The offset of the address in its page.
        found: u32,
    },
    /// A check value is not the one computed over the bytes that it protects.
    Sum {
        /// Computed over the bytes.
        expected: u32,
        /// Stored in the file.
        found: u32,
    },
    /// A digest is not the one computed over the bytes that it protects; its first four bytes, for display.
    Digest {
        /// Computed over the bytes.
        expected: [u8; 4],
        /// Stored in the file.
        found: [u8; 4],
    },
    /// Two parts that must not share a byte do.
    Overlap {
        /// The first offset that is free.
        expected: u32,
        /// Where the part begins.
        found: u32,
    },
    /// The part should be here and is not; says what was looked for.
    Missing(&'static str),
    /// A file of another kind, recognised so that the refusal can help.
    Foreign(Foreign),
}

impl Error {
    /// An error of `part` at `offset`.
    pub const fn new(part: Part, offset: u32, fault: Fault) -> Self {
        Self { part, offset, fault }
    }

    /// The same error, seen from a file in which the parsed slice begins at `base`.
    #[must_use]
    pub const fn within(self, base: u32) -> Self {
        Self { offset: self.offset.saturating_add(base), ..self }
    }

    /// The other kind of file that this is, if it was recognised as one.
    pub const fn foreign(&self) -> Option<Foreign> {
        match self.fault {
            Fault::Foreign(kind) => Some(kind),
            _ => None,
        }
    }
}

impl core::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            Fault::Foreign(kind) => write!(f, "{kind}"),
            fault => write!(f, "{} at offset {:#x}: {fault}", self.part, self.offset),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Segment(n) => return write!(f, "segment {n}"),
            Self::Signature(n) => return write!(f, "signature block {n}"),
            Self::Partition(n) => return write!(f, "partition table row {n}"),
            Self::OtaEntry(n) => return write!(f, "otadata entry {n}"),
            Self::File => "file",
            Self::Header => "image header",
            Self::Checksum => "checksum",
            Self::Digest => "appended SHA-256",
            Self::Application => "application behind eboot",
            Self::LengthAndCrc => "length and CRC of the application",
            Self::Crc => "CRC-32 of the image",
            Self::Bootloader => "bootloader",
            Self::PartitionTable => "partition table",
            Self::Gzip => "gzip wrapper",
            Self::Superblock => "file system superblock",
            Self::Output => "output buffer",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { expected, found } => {
                write!(f, "the file ends here (expected {expected:#x} bytes, found {found:#x})")
            }
            Self::PastEnd { expected, found } => {
                write!(f, "length {found:#x} runs past the end of the file ")?;
                write!(f, "(expected at most {expected:#x} more bytes)")
            }
            Self::Magic { expected, found } => write!(f, "expected magic {expected:#x}, found {found:#x}"),
            Self::Range { field, expected: (low, high), found } => {
                write!(f, "{field} is {found:#x} (expected {low:#x} to {high:#x})")
            }
            Self::Unknown { field, found } => write!(f, "{field} {found:#x} is not known"),
            Self::Unaligned { field, expected, found } => {
                write!(f, "{field} is {found:#x} (expected a multiple of {expected:#x})")
            }
            Self::Misplaced { page, expected, found } => {
                write!(
                    f,
                    "its address lies {found:#x} into a page of {page:#x} bytes (expected {expected:#x})"
                )
            }
            Self::Sum { expected, found } => {
                write!(f, "expected {expected:#x} by its content, found {found:#x}")
            }
            Self::Digest { expected, found } => {
                let [expected, found] = [expected, found].map(u32::from_be_bytes);
                write!(f, "expected {expected:08x}... by its content, found {found:08x}...")
            }
            Self::Overlap { expected, found } => {
                write!(f, "begins at {found:#x}, inside another (expected {expected:#x} or later)")
            }
            Self::Missing(what) => write!(f, "expected {what}, found none"),
            Self::Foreign(kind) => write!(f, "{kind}"),
        }
    }
}
