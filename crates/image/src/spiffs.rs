//! Images of SPIFFS, which has no superblock: told by a mark in the lookup page of every block.
//!
//! The mark is `0x0529 ^ page size`, in most builds also `^ blocks left`, as a u16 before the last u16 of the block's lookup
//! pages (spiffs `spiffs_nucleus.h`, `SPIFFS_MAGIC`). As the driver does, one block without it is allowed: a power
//! cut may have left it erased. A file of one or two blocks is not taken for SPIFFS.

use crate::bytes::{from, len32, u16_at};
use crate::{Error, Fault, Part};

const SEED: u16 = 0x0529;
const PAGE_SIZES: [u32; 4] = [256, 512, 1024, 2048];
const BLOCK_SIZES: [u32; 5] = [0x1000, 0x2000, 0x4000, 0x8000, 0x1_0000];
const BLOCKS_MIN: u32 = 3;

/// A SPIFFS image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spiffs {
    /// Bytes in a page.
    pub page_size: u32,
    /// Bytes in a block.
    pub block_size: u32,
    /// Number of blocks.
    pub block_count: u32,
    /// Whether the marks also say how many blocks are left.
    pub length_marked: bool,
}

impl Spiffs {
    /// Finds page and block size by the marks of all blocks.
    pub fn parse(file: &[u8]) -> Result<Self, Error> {
        let sizes = BLOCK_SIZES.into_iter().flat_map(|block| PAGE_SIZES.map(|page| (block, page)));
        for (block_size, page_size) in sizes {
            let Some(block_count) = block_count(file, block_size) else { continue };
            for length_marked in [true, false] {
                let spiffs = Self { page_size, block_size, block_count, length_marked };
                if spiffs.marks_match(file) {
                    return Ok(spiffs);
                }
            }
        }
        Err(Error::new(Part::Superblock, 0, Fault::Missing("the marks of SPIFFS in every block")))
    }

    fn marks_match(&self, file: &[u8]) -> bool {
        let pages = self.block_size.checked_div(self.page_size).unwrap_or(0);
        let lookup_pages = pages.saturating_mul(2).checked_div(self.page_size).unwrap_or(0).max(1);
        let mark_at = lookup_pages.saturating_mul(self.page_size).saturating_sub(4);
        let wrong = (0..self.block_count).filter(|&block| {
            let at = block.saturating_mul(self.block_size).saturating_add(mark_at);
            let left = if self.length_marked { self.block_count.saturating_sub(block) } else { 0 };
            let [low, high, ..] = (self.page_size ^ left).to_le_bytes();
            u16_at(from(file, at), 0) != Some(SEED ^ u16::from_le_bytes([low, high]))
        });
        wrong.take(2).count() < 2
    }
}

/// How many blocks of this size fill the file exactly.
fn block_count(file: &[u8], block_size: u32) -> Option<u32> {
    let len = len32(file);
    let count = len.checked_div(block_size)?;
    (count >= BLOCKS_MIN && len.is_multiple_of(block_size)).then_some(count)
}
