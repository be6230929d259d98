#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

mod app;
mod bytes;
mod checker;
mod chip;
mod descriptor;
mod detect;
pub mod emit;
mod error;
mod esp8266;
mod fat;
mod flash;
mod foreign;
mod gzip;
mod header;
mod littlefs;
mod merged;
mod otadata;
mod partition;
mod segment;
mod signature;
mod spiffs;
mod text;

pub use app::{App, Role, Tail};
pub use checker::{Checker, Facts};
pub use chip::Chip;
pub use descriptor::{BootloaderDescription, DESCRIPTOR_LEN, Descriptor};
pub use detect::{Image, detect};
pub use error::{Error, Fault, Part};
pub use esp8266::{Esp8266, Esp8266Header, Esp8266Kind};
pub use fat::Fat;
pub use flash::{FlashFrequency, FlashMode, FlashSize};
pub use foreign::Foreign;
pub use gzip::Gzip;
pub use header::{HEADER_LEN, Header, IMAGE_MAGIC, MAX_SEGMENTS, Revision};
pub use littlefs::LittleFs;
pub use merged::Merged;
pub use otadata::{
    Boot, Candidate, Entry, OTADATA_ENTRY, OTADATA_SECTOR, Otadata, Rollback, Sector, Slots, State, Write,
};
pub use partition::{Partition, TABLE_OFFSET, TABLE_SIZE, Table, Usage, emit as emit_table};
pub use segment::{Segment, Segments};
pub use signature::{Scheme, Signature, Signatures};
pub use spiffs::Spiffs;
pub use text::Text;
