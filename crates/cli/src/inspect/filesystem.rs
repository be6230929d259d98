//! Images of file systems, as far as their superblocks tell.

use otary_image::{Fat, LittleFs, Spiffs};
use serde::Serialize;

use super::page::Page;
use super::size;

/// A LittleFS image.
#[derive(Debug, Serialize)]
pub struct LittleFsFacts {
    /// Version on disk: `2.1`.
    pub version: String,
    pub block_size: u32,
    pub block_count: u32,
    /// Longest file name, longest file and longest attribute in bytes.
    pub name_max: u32,
    pub file_max: u32,
    pub attribute_max: u32,
}

/// A SPIFFS image.
#[derive(Debug, Serialize)]
pub struct SpiffsFacts {
    pub page_size: u32,
    pub block_size: u32,
    pub block_count: u32,
}

/// A FAT image.
#[derive(Debug, Serialize)]
pub struct FatFacts {
    /// 12, 16 or 32.
    pub bits: u8,
    /// Whether a sector for wear levelling comes first.
    pub wear_levelled: bool,
    pub sector_size: u32,
    pub sector_count: u32,
    pub cluster_sectors: u32,
}

impl LittleFsFacts {
    pub fn of(found: &LittleFs) -> Self {
        Self {
            version: format!("{}.{}", found.version >> 16, found.version & 0xFFFF),
            block_size: found.block_size,
            block_count: found.block_count,
            name_max: found.name_max,
            file_max: found.file_max,
            attribute_max: found.attribute_max,
        }
    }

    pub fn show(&self, page: &mut Page) {
        page.heading("LittleFS");
        page.row("version", &self.version);
        page.row("blocks", blocks(self.block_count, self.block_size, "blocks"));
        page.row("longest name", format_args!("{} bytes", self.name_max));
        page.row("longest file", format_args!("{} bytes", self.file_max));
        page.row("longest attr.", format_args!("{} bytes", self.attribute_max));
        page.row("superblock", "CRC right; the files are not looked at");
    }
}

impl SpiffsFacts {
    pub fn of(found: &Spiffs) -> Self {
        Self { page_size: found.page_size, block_size: found.block_size, block_count: found.block_count }
    }

    pub fn show(&self, page: &mut Page) {
        page.heading("SPIFFS");
        page.row("blocks", blocks(self.block_count, self.block_size, "blocks"));
        page.row("page", format_args!("{} bytes", self.page_size));
    }
}

impl FatFacts {
    pub fn of(found: &Fat) -> Self {
        Self {
            bits: found.bits,
            wear_levelled: found.offset > 0,
            sector_size: found.sector_size,
            sector_count: found.sector_count,
            cluster_sectors: found.cluster_sectors,
        }
    }

    pub fn show(&self, page: &mut Page) {
        page.heading(format_args!("FAT{}", self.bits));
        page.row("sectors", blocks(self.sector_count, self.sector_size, "sectors"));
        page.row("cluster", size(self.cluster_sectors.saturating_mul(self.sector_size)));
        page.row("wear levelled", if self.wear_levelled { "yes, behind a spare sector" } else { "no" });
    }
}

fn blocks(count: u32, each: u32, unit: &str) -> String {
    let all = u64::from(count) * u64::from(each);
    format!("{count} {unit} of {} ({})", size(each), size(all))
}
