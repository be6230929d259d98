//! What kind of file is this? One question, one order of answers.
//!
//! The order matters, because the same bytes pass several checks: a merged image of an S3 begins with a valid image, an
//! Arduino image of the ESP8266 with one that says nothing of the application, and a boot image of the ESP8266 reads as
//! one for an ESP32-S31 if nobody looks at its addresses.

use crate::bytes::{erased, len32};
use crate::header::IMAGE_MAGIC;
use crate::{
    App, Error, Esp8266, Fat, Fault, Foreign, Gzip, LittleFs, Merged, Otadata, Part, Role, Sector, Spiffs,
    TABLE_OFFSET, Table, Tail, gzip,
};

/// A file of a kind that we know, checked as far as its kind allows.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Image<'a> {
    /// An application of the ESP32 family.
    App(App<'a>),
    /// A second-stage bootloader of the ESP32 family.
    Bootloader(App<'a>),
    /// The content of a flash chip: bootloader, partition table and more.
    Merged(Merged<'a>),
    /// An image of the ESP8266.
    Esp8266(Esp8266<'a>),
    /// Something compressed; unpack it and ask again.
    Gzip(Gzip<'a>),
    /// A partition table.
    PartitionTable(Table<'a>),
    /// An otadata partition, such as Arduino's `boot_app0.bin`.
    Otadata(Otadata),
    /// A LittleFS image.
    LittleFs(LittleFs),
    /// A SPIFFS image.
    Spiffs(Spiffs),
    /// A FAT image.
    Fat(Fat),
}

/// Tells what `file` is and checks it.
///
/// An error of a [`Foreign`] kind means that it is no image of ours; any other, that it begins as one but is damaged or
/// cut off.
pub fn detect(file: &[u8]) -> Result<Image<'_>, Error> {
    if file.starts_with(&gzip::MAGIC) {
        return Gzip::parse(file).map(Image::Gzip);
    }
    if let Some(kind) = Foreign::recognise(file) {
        return Err(Error::new(Part::File, 0, Fault::Foreign(kind)));
    }
    if Esp8266::recognise(file) {
        return Esp8266::parse(file).map(Image::Esp8266);
    }
    if let Some(merged) = Merged::recognise(file) {
        return Ok(Image::Merged(merged));
    }
    if file.first() == Some(&IMAGE_MAGIC) {
        return App::parse(file).and_then(|app| by_role(&app));
    }
    detect_data(file)
}

/// An image of the ESP32 family that is not followed by a partition table.
fn by_role<'a>(app: &App<'a>) -> Result<Image<'a>, Error> {
    let base = app.chip().bootloader_offset();
    let reaches_table = len32(app.file()).saturating_add(base) > TABLE_OFFSET;
    match (app.role(), app.tail()) {
        (Role::Application | Role::RamApplication, _) => Ok(Image::App(*app)),
        // A dump whose table is damaged. It must not pass as something that could be put into a slot.
        (Role::Bootloader, Tail::Other(_)) if reaches_table => {
            let fault = Fault::Missing("a partition table behind the bootloader");
            Err(Error::new(Part::PartitionTable, TABLE_OFFSET.saturating_sub(base), fault))
        }
        (Role::Bootloader, _) => Ok(Image::Bootloader(*app)),
    }
}

/// The kinds that hold no program.
fn detect_data(file: &[u8]) -> Result<Image<'_>, Error> {
    if LittleFs::recognise(file) {
        return LittleFs::parse(file).map(Image::LittleFs);
    }
    if file.starts_with(&[0xAA, 0x50]) {
        return Table::parse(file).map(Image::PartitionTable);
    }
    if Fat::recognise(file) {
        return Fat::parse(file).map(Image::Fat);
    }
    if let Some(otadata) = otadata(file) {
        return Ok(Image::Otadata(otadata));
    }
    if let Ok(spiffs) = Spiffs::parse(file) {
        return Ok(Image::Spiffs(spiffs));
    }
    // A bootloader at its offset, or erased flash up to where it belongs: a dump whose table is missing or damaged.
    let dump = file.get(..0x1000).is_some_and(erased) && len32(file) > TABLE_OFFSET && !erased(file);
    if dump {
        return Merged::parse(file).map(Image::Merged);
    }
    Err(Error::new(Part::File, 0, Fault::Foreign(Foreign::unknown(file))))
}

/// Two sectors of which one holds an entry with the right CRC, and nothing else.
fn otadata(file: &[u8]) -> Option<Otadata> {
    let sectors: [_; 2] = [file.get(..0x1000)?, file.get(0x1000..)?];
    let lone =
        sectors.iter().all(|sector| sector.len() == 0x1000 && erased(sector.get(32..).unwrap_or_default()));
    let otadata = Otadata::parse(file).ok()?;
    let written = [Sector::First, Sector::Second].iter().any(|&sector| otadata.entry(sector).is_written());
    (lone && written).then_some(otadata)
}
