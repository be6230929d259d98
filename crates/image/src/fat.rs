//! Images of FAT, told by their boot sector and the parameters in it.
//!
//! On flash, ESP-IDF puts a wear-levelling layer under FAT; its images begin with one spare sector, so the boot sector is
//! also looked for behind that. Source: Microsoft's FAT specification 1.03, section 3; ESP-IDF `wl_fatfsgen.py`.

use crate::bytes::{array, from, len32, u16_at, u32_at};
use crate::{Error, Fault, Part};

const SIGNATURE_AT: usize = 510;
const SIGNATURE: u16 = 0xAA55;
/// The spare sector of a wear-levelled image.
const SPARE: u32 = 0x1000;

/// A FAT image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fat {
    /// Where the boot sector is: 0, or 0x1000 in a wear-levelled image.
    pub offset: u32,
    /// Bytes in a sector.
    pub sector_size: u32,
    /// Number of sectors.
    pub sector_count: u32,
    /// Sectors in a cluster.
    pub cluster_sectors: u32,
    /// 12, 16 or 32: the width of an entry of the allocation table.
    pub bits: u8,
}

impl Fat {
    /// Whether a boot sector's signature and jump stand where they can be.
    pub fn recognise(file: &[u8]) -> bool {
        place(file).is_some()
    }

    /// Reads the boot sector of `file`.
    pub fn parse(file: &[u8]) -> Result<Self, Error> {
        let Some(offset) = place(file) else {
            return Err(Error::new(Part::Superblock, 0, Fault::Missing("the boot sector of FAT")));
        };
        let sector = from(file, offset);
        let byte = |at| array(sector, at).map_or(0, |[byte]: [u8; 1]| u32::from(byte));
        let half = |at| u16_at(sector, at).map_or(0, u32::from);
        let word = |at| u32_at(sector, at).unwrap_or(0);
        let either = |short: u32, long: u32| if short == 0 { long } else { short };
        let sector_size = half(11);
        let cluster_sectors = byte(13);
        let sector_count = either(half(19), word(32));
        let tables = byte(16).saturating_mul(either(half(22), word(36)));
        let root_bytes = half(17).saturating_mul(32).saturating_add(sector_size).saturating_sub(1);
        let roots = root_bytes.checked_div(sector_size).unwrap_or(0);
        let spent = half(14).saturating_add(tables).saturating_add(roots);
        let clusters = sector_count.saturating_sub(spent).checked_div(cluster_sectors).unwrap_or(0);
        let bits = match clusters {
            0..4085 => 12,
            4085..65525 => 16,
            _ => 32,
        };
        let fat = Self { offset, sector_size, sector_count, cluster_sectors, bits };
        fat.check(len32(sector))
    }

    fn check(self, left: u32) -> Result<Self, Error> {
        let fail = |at: u32, fault| Err(Error::new(Part::Superblock, self.offset.saturating_add(at), fault));
        let power = |value: u32, range: core::ops::RangeInclusive<u32>| {
            value.is_power_of_two() && range.contains(&value)
        };
        if !power(self.sector_size, 512..=4096) {
            let expected = (512, 4096);
            return fail(11, Fault::Range { field: "sector size", expected, found: self.sector_size });
        }
        if !power(self.cluster_sectors, 1..=128) {
            let expected = (1, 128);
            return fail(
                13,
                Fault::Range { field: "sectors in a cluster", expected, found: self.cluster_sectors },
            );
        }
        let fitting = left.checked_div(self.sector_size).unwrap_or(0);
        if self.sector_count == 0 || self.sector_count > fitting {
            let expected = (1, fitting);
            return fail(19, Fault::Range { field: "sector count", expected, found: self.sector_count });
        }
        Ok(self)
    }
}

fn place(file: &[u8]) -> Option<u32> {
    [0, SPARE].into_iter().find(|&at| {
        let sector = from(file, at);
        let jump = matches!(array(sector, 0), Some([0xEB, _, 0x90] | [0xE9, _, _]));
        jump && u16_at(sector, SIGNATURE_AT) == Some(SIGNATURE)
    })
}
