//! Images of LittleFS 2, told by their superblock.
//!
//! The superblock is the first metadata pair: blocks 0 and 1, of which the one with the newer revision counts and whose
//! commit carries a CRC (littlefs `SPEC.md`). That CRC is checked, the files are not: littlefs2 can mount an image but
//! brings a C library and wants the whole image writable.

use crc::{CRC_32_JAMCRC, Crc, Table};

use crate::bytes::{array, from, len32, part, u32_at};
use crate::{Error, Fault, Part};

const NAME: &[u8; 8] = b"littlefs";
/// Where the name stands in a superblock, and where its numbers do.
const NAME_AT: u32 = 8;
const NUMBERS_AT: usize = 20;
/// Block 1 for the block sizes in use: 4 KiB on ESP32, 4 or 8 KiB on ESP8266.
const PLACES: [u32; 3] = [0, 0x1000, 0x2000];
/// Type of a commit's CRC tag, in the tag's upper 12 bits without the lowest 8 bits of its kind.
const TAG_CRC: u32 = 0x500;
/// Most tags that are walked on the way to the first CRC; a superblock's commit has a handful.
const TAGS_MAX: u32 = 1024;
static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_JAMCRC);

/// A LittleFS image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LittleFs {
    /// Version on disk: major in the upper 16 bits, minor in the lower.
    pub version: u32,
    /// Bytes in a block.
    pub block_size: u32,
    /// Number of blocks.
    pub block_count: u32,
    /// Longest file name in bytes.
    pub name_max: u32,
    /// Longest file in bytes.
    pub file_max: u32,
    /// Longest attribute in bytes.
    pub attribute_max: u32,
}

impl LittleFs {
    /// Whether a superblock's name stands where one can be.
    pub fn recognise(file: &[u8]) -> bool {
        PLACES.iter().any(|&at| named(file, at))
    }

    /// Reads the newer of the two superblocks of `file` whose CRC is right.
    pub fn parse(file: &[u8]) -> Result<Self, Error> {
        let mut newest: Option<(u32, Self)> = None;
        let mut first_error = Error::new(Part::Superblock, 0, Fault::Missing("the name littlefs"));
        for at in PLACES.into_iter().filter(|&at| named(file, at)).rev() {
            match Self::read(file, at) {
                // Revisions count up and wrap.
                Ok((revision, found))
                    if newest.is_none_or(|(other, _)| revision.wrapping_sub(other) >> 31 == 0) =>
                {
                    newest = Some((revision, found));
                }
                Ok(_) => {}
                Err(error) => first_error = error,
            }
        }
        newest.map(|(_, found)| found).ok_or(first_error)
    }

    /// Size of the file system in bytes.
    pub fn size(&self) -> u64 {
        u64::from(self.block_size).saturating_mul(self.block_count.into())
    }

    fn read(file: &[u8], at: u32) -> Result<(u32, Self), Error> {
        let block = from(file, at);
        let fail = |fault| Err(Error::new(Part::Superblock, at, fault));
        let Some([revision, version, block_size, block_count, name_max, file_max, attribute_max]) =
            numbers(block)
        else {
            return fail(Fault::Truncated { expected: 44, found: len32(block) });
        };
        let found = Self { version, block_size, block_count, name_max, file_max, attribute_max };
        if version >> 16 != 2 {
            return fail(Fault::Unknown { field: "LittleFS version", found: version });
        }
        if !(128..=0x1_0000).contains(&block_size) {
            return fail(Fault::Range { field: "block size", expected: (128, 0x1_0000), found: block_size });
        }
        if at != 0 && at != block_size {
            return fail(Fault::Range { field: "block size", expected: (at, at), found: block_size });
        }
        if found.size() > u64::from(len32(file)) {
            let blocks = len32(file).checked_div(block_size).unwrap_or(0);
            return fail(Fault::Range { field: "block count", expected: (1, blocks), found: block_count });
        }
        check_commit(part(block, 0, block_size).unwrap_or(block)).map_err(|error| error.within(at))?;
        Ok((revision, found))
    }
}

fn named(file: &[u8], at: u32) -> bool {
    array(from(file, at.saturating_add(NAME_AT)), 0).as_ref() == Some(NAME)
}

/// Revision and the six numbers of a superblock.
fn numbers(block: &[u8]) -> Option<[u32; 7]> {
    let mut numbers = [0; 7];
    let places = [0].into_iter().chain((NUMBERS_AT..).step_by(4));
    for (number, at) in numbers.iter_mut().zip(places) {
        *number = u32_at(block, at)?;
    }
    Some(numbers)
}

/// Walks the tags of the block's first commit, each of them combined with the one before by XOR, to its CRC.
fn check_commit(block: &[u8]) -> Result<(), Error> {
    let mut at: u32 = 4;
    let mut tag = u32::MAX;
    for _ in 0..TAGS_MAX {
        let Some(stored) = array(from(block, at), 0).map(u32::from_be_bytes) else { break };
        tag ^= stored;
        if tag >> 31 == 1 {
            break;
        }
        let data_at = at.saturating_add(4);
        if tag >> 20 & 0x700 == TAG_CRC {
            return check_crc(block, data_at);
        }
        let len = match tag & 0x3FF {
            0x3FF => 0,
            len => len,
        };
        at = data_at.saturating_add(len);
    }
    Err(Error::new(Part::Superblock, at, Fault::Missing("the CRC of a commit")))
}

fn check_crc(block: &[u8], at: u32) -> Result<(), Error> {
    let expected = CRC.checksum(part(block, 0, at).unwrap_or_default());
    match u32_at(from(block, at), 0) {
        Some(found) if found == expected => Ok(()),
        Some(found) => Err(Error::new(Part::Superblock, at, Fault::Sum { expected, found })),
        None => {
            let found = len32(from(block, at));
            Err(Error::new(Part::Superblock, at, Fault::Truncated { expected: 4, found }))
        }
    }
}
