//! A merged (factory) image, taken apart: bootloader, partition table, otadata, and the app that a device starts.

use otary_image::{App, Chip, Image, Merged, Partition, Usage, detect};
use serde::Serialize;

use super::bytes;
use super::damage::DamagedFacts;
use super::defect::Defect;
use super::image::ImageFacts;
use super::otadata::OtadataFacts;
use super::page::Page;
use super::tables::{self, TableFacts};

/// A merged image.
#[derive(Debug, Serialize)]
pub struct MergedFacts {
    /// The app's chip, else the bootloader's.
    pub chip: Option<Chip>,
    /// The flash offset of the file's first byte.
    pub base: u32,
    pub bootloader_offset: Option<u32>,
    /// None where there is no bootloader, or a damaged one.
    pub bootloader: Option<ImageFacts>,
    pub table_offset: u32,
    pub table: TableFacts,
    /// None where it is erased or not in the file.
    pub otadata: Option<OtadataFacts>,
    /// The name of the partition that a device with this flash starts.
    pub app_partition: Option<String>,
    pub app_offset: Option<u32>,
    /// None where there is no app, or a damaged one.
    pub app: Option<ImageFacts>,
    pub damaged_app: Option<DamagedFacts>,
    #[serde(skip)]
    pub defect: Option<Defect>,
}

impl MergedFacts {
    pub fn of(merged: &Merged<'_>) -> Self {
        let bootloader = merged.bootloader_offset().map(|_| merged.bootloader());
        let app = merged.app();
        let app_partition = merged.app_partition().ok();
        let broken_bootloader = bootloader.as_ref().and_then(|read| read.as_ref().err());
        let defect = app.as_ref().err().or(broken_bootloader).map(|error| Defect::from(*error));
        let damaged_app = app.as_ref().err().and_then(|error| damaged_app(merged, error));
        let bootloader = bootloader.and_then(Result::ok).map(|app| ImageFacts::of(&app));
        let app = app.ok().map(|app| ImageFacts::of(&app));
        Self {
            chip: app.as_ref().or(bootloader.as_ref()).map(|image| image.chip),
            base: merged.base(),
            bootloader_offset: merged.bootloader_offset(),
            table_offset: merged.table_offset(),
            table: table(merged),
            otadata: merged
                .otadata()
                .map(|otadata| OtadataFacts::of(&otadata, Some(tables::slots(&merged.table())))),
            app_partition: app_partition.map(|partition| partition.name().escape_default().to_string()),
            app_offset: app_partition.map(|partition| partition.offset),
            defect: defect.or_else(|| app.as_ref().and_then(ImageFacts::defect)),
            bootloader,
            app,
            damaged_app,
        }
    }

    pub fn show(&self, page: &mut Page) {
        page.heading("Flash");
        if self.base > 0 {
            page.row("begins at", format_args!("{:#x} of the flash", self.base));
        }
        let bootloader = match (self.bootloader_offset, &self.bootloader) {
            (Some(at), Some(image)) => format!("at {at:#x}, {}", bytes(image.length)),
            (Some(at), None) => format!("at {at:#x}, damaged"),
            (None, _) => "none".to_owned(),
        };
        page.row("bootloader", bootloader);
        let md5 = if self.table.md5_row.is_some() { "MD5 right" } else { "no MD5 row" };
        page.row("table", format_args!("at {:#x}, {md5}", self.table_offset));
        if let (Some(name), Some(at)) = (&self.app_partition, self.app_offset) {
            page.row("app", format_args!("{name} at {at:#x} is the one that a device starts"));
        }
        page.row("updates", self.table.updates());
        page.row_if("problem", self.table.problem.as_ref());
        page.heading("Partitions");
        tables::show_rows(&self.table.partitions, page);
        if let Some(otadata) = &self.otadata {
            otadata.show(page);
        }
        show_image("App", self.app_offset, self.app.as_ref(), page);
        if let (Some(app), Some(at)) = (&self.damaged_app, self.app_offset) {
            app.show(&format!("App at {at:#x}"), page);
        }
        show_image("Bootloader", self.bootloader_offset, self.bootloader.as_ref(), page);
    }
}

fn show_image(name: &str, at: Option<u32>, image: Option<&ImageFacts>, page: &mut Page) {
    if let (Some(at), Some(image)) = (at, image) {
        image.show(&format!("{name} at {at:#x}"), &format!("Segments, offsets from {at:#x} on"), page);
    }
}

/// What can be read of the app that a device with this flash would start, although it is damaged.
fn damaged_app(merged: &Merged<'_>, error: &otary_image::Error) -> Option<DamagedFacts> {
    let partition = merged.app_partition().ok()?;
    let begin = partition.offset.checked_sub(merged.base())?;
    let error = otary_image::Error { offset: error.offset.checked_sub(begin)?, ..*error };
    Some(DamagedFacts::of(merged.content(&partition), &error))
}

/// The table, with what the file holds in each partition.
fn table(merged: &Merged<'_>) -> TableFacts {
    let mut facts = TableFacts::of(&merged.table(), "binary", merged.table_offset());
    for (row, partition) in facts.partitions.iter_mut().zip(merged.table().iter()) {
        row.content = Some(content(merged, &partition));
    }
    facts
}

/// What a partition holds.
fn content(merged: &Merged<'_>, partition: &Partition) -> String {
    let content = merged.content(partition);
    if content.is_empty() {
        return "nothing".to_owned();
    }
    if content.iter().all(|&byte| byte == 0xFF) {
        return "erased".to_owned();
    }
    if partition.usage.is_app() {
        let app = App::parse(content);
        return app.map_or_else(|_| "damaged".to_owned(), |app| format!("app, {}", bytes(app.image_len())));
    }
    let name = match detect(content) {
        Ok(Image::LittleFs(_)) => "LittleFS",
        Ok(Image::Spiffs(_)) => "SPIFFS",
        Ok(Image::Fat(_)) => "FAT",
        _ if partition.usage == Usage::Otadata => "entries",
        _ => "data",
    };
    name.to_owned()
}
