//! Partition tables: the rows, what is wrong with them, and what they mean for updates.

use otary_fleet::Md5;
use otary_image::{Partition, TABLE_OFFSET, Table, Text, Usage};
use serde::Serialize;

use super::image::flash_size;
use super::page::Page;
use super::{size, text};
use crate::table;

/// Bit 0 of a row's flags.
const ENCRYPTED: u32 = 1;
/// Bit 1.
const READ_ONLY: u32 = 2;

/// A partition table.
#[derive(Debug, Serialize)]
pub struct TableFacts {
    /// `binary` or `csv`.
    pub format: &'static str,
    /// The digest of the MD5 row, which is right; tables of old tools have none.
    pub md5_row: Option<Md5>,
    pub partitions: Vec<RowFacts>,
    /// Bytes of flash up to the end of the last partition.
    pub end: u64,
    /// Number of app slots that updates alternate between.
    pub slots: usize,
    /// Bytes of the smallest of them.
    pub slot_size: Option<u32>,
    /// The first thing that the vendor's generator would refuse.
    pub problem: Option<String>,
}

/// A row.
#[derive(Debug, Serialize)]
pub struct RowFacts {
    pub name: String,
    /// Type and subtype.
    pub usage: String,
    pub offset: u32,
    pub size: u32,
    pub encrypted: bool,
    pub read_only: bool,
    /// What a merged image holds there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

impl TableFacts {
    /// The facts of a table that lies at `at` in flash.
    pub fn of(table: &Table<'_>, format: &'static str, at: u32) -> Self {
        let slots: Vec<_> = table.ota_slots().collect();
        Self {
            format,
            md5_row: table.md5().map(Md5),
            partitions: table.iter().map(|partition| RowFacts::of(&partition)).collect(),
            end: table.iter().map(|partition| partition.end()).max().unwrap_or(0),
            slots: slots.len(),
            slot_size: slots.iter().map(|slot| slot.size).min(),
            problem: table.check(at, u32::MAX).err().map(|error| error.to_string()),
        }
    }

    /// The facts of a table file, of which nobody says where in flash it belongs.
    pub fn of_file(table: &Table<'_>) -> Self {
        Self::of(table, "binary", TABLE_OFFSET)
    }

    pub fn show(&self, page: &mut Page) {
        page.heading("Partitions");
        show_rows(&self.partitions, page);
        page.heading("Table");
        if self.format == "binary" {
            page.row("MD5 row", self.md5_row.map_or("none", |_| "right"));
        }
        page.row("flash needed", self.flash_needed());
        page.row("updates", self.updates());
        page.row_if("problem", self.problem.as_ref());
    }

    fn flash_needed(&self) -> String {
        let chip = self.end.checked_next_power_of_two().and_then(|bytes| u32::try_from(bytes).ok());
        match chip {
            Some(bytes) => format!("{} (up to {:#x})", flash_size(bytes.max(1 << 18)), self.end),
            None => format!("more than any chip has (up to {:#x})", self.end),
        }
    }

    /// What the table means for updates over the air.
    pub fn updates(&self) -> String {
        match (self.slots, self.slot_size) {
            (0, _) => "none over the air: there is no app slot".to_owned(),
            (1, _) => "one app slot: only an app outside of it can write it".to_owned(),
            (slots, slot_size) => {
                format!("{slots} app slots, for images of up to {}", size(slot_size.unwrap_or(0)))
            }
        }
    }
}

impl RowFacts {
    pub fn of(partition: &Partition) -> Self {
        Self {
            name: text(Text::new(&partition.label)),
            usage: partition.usage.to_string(),
            offset: partition.offset,
            size: partition.size,
            encrypted: partition.flags & ENCRYPTED != 0,
            read_only: partition.flags & READ_ONLY != 0,
            content: None,
        }
    }

    fn flags(&self) -> &'static str {
        match (self.encrypted, self.read_only) {
            (true, true) => "encrypted, read-only",
            (true, false) => "encrypted",
            (false, true) => "read-only",
            (false, false) => "",
        }
    }
}

/// The rows as a table.
pub fn show_rows(rows: &[RowFacts], page: &mut Page) {
    let held = rows.iter().any(|row| row.content.is_some());
    let mut table =
        table::Table::new(["name", "type", "offset", "size", if held { "in this file" } else { "" }]);
    for row in rows {
        table.row([
            row.name.clone(),
            row.usage.clone(),
            format!("{:#08x}", row.offset),
            size(row.size),
            [row.content.as_deref().unwrap_or_default(), row.flags()].join(" ").trim().to_owned(),
        ]);
    }
    page.table(&table);
}

/// How many app partitions a table has, as the bootloader counts them.
pub fn slots(table: &Table<'_>) -> otary_image::Slots {
    otary_image::Slots {
        count: u8::try_from(table.ota_slots().count()).unwrap_or(u8::MAX),
        factory: table.find(Usage::Factory).is_some(),
    }
}
