//! What a file is: everything that can be said of it, for people and as JSON.
//!
//! What is said has been checked: an image that is shown is whole. Of a damaged file the page says what can be read before
//! the damage, marked as unchecked, and [`Inspection::error`] says part, offset, what was expected and what was found.

mod csv;
mod damage;
mod defect;
mod description;
mod esp8266;
mod filesystem;
mod gzip;
mod image;
mod inside;
mod memory;
mod merged;
mod otadata;
mod page;
mod push;
mod signature;
mod tables;
mod walk;

#[cfg(test)]
mod tests;

use std::fmt::Display;

use otary_fleet::{Embedded, Md5, Sha256};
use otary_image::{Chip, Foreign, Image, Text, detect};
use serde::Serialize;

use crate::table;
use damage::DamagedFacts;
pub use defect::Defect;
use esp8266::Esp8266Facts;
use filesystem::{FatFacts, LittleFsFacts, SpiffsFacts};
use gzip::GzipFacts;
use image::ImageFacts;
use merged::MergedFacts;
use otadata::OtadataFacts;
pub use page::Page;
use push::PushFacts;
use tables::TableFacts;

/// Everything that is known of a file. Its JSON form is one object whose `kind` says which keys it has.
#[derive(Debug, Serialize)]
pub struct Inspection {
    pub file: String,
    pub size: u64,
    pub md5: Md5,
    pub sha256: Sha256,
    #[serde(flatten)]
    pub content: Content,
    /// What lies inside an image besides its code.
    pub embedded: Embedded,
    pub push: PushFacts,
    /// What is wrong with the file; nothing if it is a whole file of a kind that we know.
    pub error: Option<Defect>,
}

/// What a file holds.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Content {
    App(ImageFacts),
    Bootloader(ImageFacts),
    Merged(Box<MergedFacts>),
    Esp8266(Esp8266Facts),
    Gzip(GzipFacts),
    PartitionTable(TableFacts),
    Otadata(OtadataFacts),
    Littlefs(LittleFsFacts),
    Spiffs(SpiffsFacts),
    Fat(FatFacts),
    /// It begins as one of them.
    Damaged(Box<DamagedFacts>),
    /// None of them.
    Foreign {
        /// The kind of file that it is, in a word.
        format: &'static str,
        /// The same for people.
        what: String,
    },
}

impl Inspection {
    /// Reads a file. `name` is what it is called in what is printed.
    pub fn of(name: &str, file: &[u8]) -> Self {
        let (content, error) = Content::of(file);
        Self {
            file: table::plain(name),
            size: file.len() as u64,
            md5: Md5::of(file),
            sha256: Sha256::of(file),
            embedded: inside::search(file, &content),
            push: PushFacts::of(file, name, &content),
            content,
            error,
        }
    }

    /// The page for people; the error is not on it.
    pub fn page(&self) -> String {
        let mut page = Page::default();
        page.heading(&self.file);
        page.row("kind", self.content.title());
        page.row("size", file_size(self.size));
        page.row("MD5", self.md5);
        page.row("SHA-256", self.sha256);
        self.content.show(&mut page);
        inside::show(&self.embedded, &mut page);
        self.push.show(self.error.as_ref(), &mut page);
        page.finish()
    }
}

impl Content {
    /// What the file holds, and what is wrong with it.
    fn of(file: &[u8]) -> (Self, Option<Defect>) {
        match detect(file) {
            Ok(image) => Self::whole(&image),
            Err(error) => match error.foreign() {
                Some(Foreign::Unknown(_)) if csv::looks_like_table(file) => match csv::read(file) {
                    Ok(table) => (Self::PartitionTable(table), None),
                    Err(defect) => {
                        (Self::foreign("csv", "a partition table as CSV, with a mistake"), Some(defect))
                    }
                },
                Some(kind) => (Self::foreign(format(kind), kind), Some(error.into())),
                None => (Self::Damaged(Box::new(DamagedFacts::of(file, &error))), Some(error.into())),
            },
        }
    }

    fn whole(image: &Image<'_>) -> (Self, Option<Defect>) {
        let content = match image {
            Image::App(app) => Self::App(ImageFacts::of(app)),
            Image::Bootloader(app) => Self::Bootloader(ImageFacts::of(app)),
            Image::Merged(merged) => Self::Merged(Box::new(MergedFacts::of(merged))),
            Image::Esp8266(image) => Self::Esp8266(Esp8266Facts::of(image)),
            Image::Gzip(gzip) => Self::Gzip(GzipFacts::of(gzip)),
            Image::PartitionTable(table) => Self::PartitionTable(TableFacts::of_file(table)),
            Image::Otadata(otadata) => Self::Otadata(OtadataFacts::of(otadata, None)),
            Image::LittleFs(found) => Self::Littlefs(LittleFsFacts::of(found)),
            Image::Spiffs(found) => Self::Spiffs(SpiffsFacts::of(found)),
            Image::Fat(found) => Self::Fat(FatFacts::of(found)),
            _ => Self::foreign("image", "an image of a kind without a description"),
        };
        let defect = match &content {
            Self::App(image) | Self::Bootloader(image) => image.defect(),
            Self::Merged(merged) => merged.defect.clone(),
            Self::Gzip(gzip) => gzip.defect.clone(),
            _ => None,
        };
        (content, defect)
    }

    fn foreign(format: &'static str, what: impl Display) -> Self {
        Self::Foreign { format, what: what.to_string() }
    }

    /// The chip that it is for, where it is for one.
    fn chip(&self) -> Option<Chip> {
        match self {
            Self::App(image) | Self::Bootloader(image) => Some(image.chip),
            Self::Merged(merged) => merged.chip,
            Self::Esp8266(image) => Some(image.chip),
            Self::Gzip(gzip) => gzip.chip,
            Self::Damaged(damaged) => damaged.chip,
            _ => None,
        }
    }

    /// What it is, in a line.
    fn title(&self) -> String {
        match self {
            Self::App(image) if image.role == "simple-boot" => {
                format!("app for {}, started in the bootloader's place", image.chip.family())
            }
            Self::App(image) => format!("app for {}", image.chip.family()),
            Self::Bootloader(image) => format!("bootloader for {}", image.chip.family()),
            Self::Merged(merged) => match merged.chip {
                Some(chip) => format!("merged (factory) image for {}", chip.family()),
                None => "merged (factory) image".to_owned(),
            },
            Self::Esp8266(image) => image.title().to_owned(),
            Self::Gzip(_) => "gzip file".to_owned(),
            Self::PartitionTable(table) if table.format == "csv" => "partition table, as CSV".to_owned(),
            Self::PartitionTable(_) => "partition table".to_owned(),
            Self::Otadata(_) => "otadata: which slot starts next".to_owned(),
            Self::Littlefs(_) => "file system: LittleFS".to_owned(),
            Self::Spiffs(_) => "file system: SPIFFS".to_owned(),
            Self::Fat(_) => "file system: FAT".to_owned(),
            Self::Damaged(damaged) => damaged.title(),
            Self::Foreign { what, .. } => what.clone(),
        }
    }

    fn show(&self, page: &mut Page) {
        match self {
            Self::App(image) | Self::Bootloader(image) => image.show("Image", "Segments", page),
            Self::Merged(merged) => merged.show(page),
            Self::Esp8266(image) => image.show(page),
            Self::Gzip(gzip) => gzip.show(page),
            Self::PartitionTable(table) => table.show(page),
            Self::Otadata(otadata) => otadata.show(page),
            Self::Littlefs(found) => found.show(page),
            Self::Spiffs(found) => found.show(page),
            Self::Fat(found) => found.show(page),
            Self::Damaged(damaged) => damaged.show("Image", page),
            Self::Foreign { .. } => {}
        }
    }
}

/// A foreign kind in a word.
fn format(kind: Foreign) -> &'static str {
    match kind {
        Foreign::Empty => "empty",
        Foreign::Erased => "erased",
        Foreign::Elf => "elf",
        Foreign::Uf2 => "uf2",
        Foreign::IntelHex => "intel-hex",
        Foreign::Zip => "zip",
        Foreign::SevenZip => "7-zip",
        Foreign::VendorContainer => "vendor-container",
        Foreign::Html => "html",
        Foreign::Encrypted => "encrypted",
        Foreign::DeltaPatch => "delta-patch",
        _ => "unknown",
    }
}

/// A text of the file, fit for a terminal.
fn text(text: Text<'_>) -> String {
    table::plain(&text.to_string())
}

/// A number of bytes, exactly.
fn bytes(number: impl Into<u64>) -> String {
    table::count(number.into(), "byte")
}

/// A number of bytes, exactly and roughly.
fn file_size(number: u64) -> String {
    if number < 1024 { bytes(number) } else { format!("{} ({})", bytes(number), table::size(number)) }
}

/// The size of something that is measured in KiB or MiB.
fn size(number: impl Into<u64>) -> String {
    let number = number.into();
    let whole = |unit: u64| number >= unit && number.is_multiple_of(unit);
    match number {
        _ if whole(1 << 20) => format!("{} MiB", number >> 20),
        _ if whole(1 << 10) => format!("{} KiB", number >> 10),
        _ => bytes(number),
    }
}
