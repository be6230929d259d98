//! A file that begins as one that we know and then breaks off or is damaged: what can be read of it all the same.
//!
//! None of it has passed a check, and the page says so.

use otary_image::{
    Chip, DESCRIPTOR_LEN, Descriptor, Error, Esp8266, Fat, Fault, HEADER_LEN, Header, LittleFs, Table,
};
use serde::Serialize;

use super::description::DescriptorFacts;
use super::image::{HeaderFacts, SegmentFacts, show_segments};
use super::page::Page;
use super::tables::{RowFacts, TableFacts};
use super::walk::{self, ROM_HEADER, RomHeaderFacts};

/// Where the application of an Arduino image begins.
const APPLICATION: u32 = 0x1000;
/// Length of a row of a partition table.
const ROW: usize = 32;

/// A damaged file.
#[derive(Debug, Serialize)]
pub struct DamagedFacts {
    /// What it begins as, in words.
    pub begins_as: String,
    pub chip: Option<Chip>,
    pub header: Option<HeaderFacts>,
    pub esp8266_header: Option<RomHeaderFacts>,
    /// The segments before the damage.
    pub segments: Vec<SegmentFacts>,
    pub descriptor: Option<DescriptorFacts>,
    /// The rows before the damage.
    pub partitions: Vec<RowFacts>,
}

impl DamagedFacts {
    /// What can be said of a file that was refused with `error`.
    pub fn of(file: &[u8], error: &Error) -> Self {
        match file {
            [0x1F, 0x8B, ..] => Self::named("a gzip file"),
            [0xAA, 0x50, ..] => Self::table(file),
            _ if Esp8266::recognise(file) => Self::esp8266(file, error),
            [0xE9, ..] => Self::image(file, error),
            _ if LittleFs::recognise(file) => Self::named("a LittleFS image"),
            _ if Fat::recognise(file) => Self::named("a FAT image"),
            _ => Self::named("the content of a flash chip"),
        }
    }

    fn named(begins_as: impl Into<String>) -> Self {
        Self {
            begins_as: begins_as.into(),
            chip: None,
            header: None,
            esp8266_header: None,
            segments: Vec::new(),
            descriptor: None,
            partitions: Vec::new(),
        }
    }

    fn image(file: &[u8], error: &Error) -> Self {
        let Ok(header) = Header::parse(file) else { return Self::named("an image") };
        let chip = header.chip;
        let descriptor =
            walk::from(file, HEADER_LEN + 8).and_then(<[u8]>::first_chunk::<{ DESCRIPTOR_LEN as usize }>);
        Self {
            chip: Some(chip),
            segments: segments(file, HEADER_LEN, header.segment_count, chip, error),
            descriptor: descriptor.and_then(Descriptor::new).map(DescriptorFacts::of),
            header: Some(HeaderFacts::of(&header)),
            ..Self::named(format!("an image for {}", chip.family()))
        }
    }

    fn esp8266(file: &[u8], error: &Error) -> Self {
        let second = walk::from(file, APPLICATION).is_some_and(|rest| rest.first() == Some(&0xE9));
        // Of an Arduino image the application is what counts, unless eboot is what is damaged.
        let at = if second && error.offset >= APPLICATION { APPLICATION } else { 0 };
        let header = RomHeaderFacts::read(file, at);
        let count = header.as_ref().map_or(0, |header| header.segment_count);
        Self {
            chip: Some(Chip::Esp8266),
            segments: segments(file, at + ROM_HEADER, count, Chip::Esp8266, error),
            esp8266_header: header,
            ..Self::named("an image for ESP8266")
        }
    }

    /// The rows before the first that is none.
    fn table(file: &[u8]) -> Self {
        let rows = file.chunks_exact(ROW).take_while(|row| row.starts_with(&[0xAA, 0x50])).count();
        let whole = file.get(..rows * ROW).and_then(|rows| Table::parse(rows).ok());
        let partitions = whole.map(|table| TableFacts::of_file(&table).partitions).unwrap_or_default();
        Self { partitions, ..Self::named("a partition table") }
    }

    /// What it is, in words.
    pub fn title(&self) -> String {
        format!("damaged; it begins as {}", self.begins_as)
    }

    /// The sections; `name` is what the image is to the file.
    pub fn show(&self, name: &str, page: &mut Page) {
        if self.header.is_some() || self.esp8266_header.is_some() {
            page.heading(format_args!("{name}, unchecked"));
        }
        if let Some(header) = &self.header {
            header.show(page);
            page.row("segments", header.segment_count);
        }
        if let Some(header) = &self.esp8266_header {
            header.show(page);
            page.row("segments", header.segment_count);
        }
        show_segments(&self.segments, "Segments, unchecked", page);
        if let Some(descriptor) = &self.descriptor {
            descriptor.show("Descriptor, unchecked", page);
        }
        if !self.partitions.is_empty() {
            page.heading("Partitions, unchecked");
            super::tables::show_rows(&self.partitions, page);
        }
    }
}

/// The segments from `at` on that end before the damage. A sum says that some byte before it is wrong, not which.
fn segments(file: &[u8], at: u32, count: u8, chip: Chip, error: &Error) -> Vec<SegmentFacts> {
    let sum = matches!(error.fault, Fault::Sum { .. } | Fault::Digest { .. });
    walk::segments(file, at, count.min(otary_image::MAX_SEGMENTS))
        .iter()
        .filter(|segment| sum || segment.end() <= error.offset)
        .map(|segment| SegmentFacts::of(chip, segment))
        .collect()
}
