//! Files as an operator pushes them and a device reads them: images of every chip, tables, otadata, and a whole flash.

use std::{env, fs, io};

use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use otary_image::{Chip, Entry, Partition, State, TABLE_OFFSET, TABLE_SIZE, Usage, emit_table};

use crate::Seed;

/// The most bytes of a file that are worth to be changed by a fuzzer.
const LONGEST: usize = 0x2_0000;

/// Files of our own.
pub fn seeds() -> Vec<Seed> {
    let family = Chip::all().filter(|chip| chip.id().is_some());
    let mut seeds: Vec<Seed> = family.map(|chip| Seed::new(format!("app-{chip}"), app(chip))).collect();
    seeds.push(Seed::new("bootloader", bootloader()));
    seeds.push(Seed::new("table", table()));
    seeds.push(Seed::new("otadata", otadata()));
    seeds.push(Seed::new("merged", merged()));
    seeds.push(Seed::new("esp8266", esp8266()));
    // The first bytes of what we read and do not write.
    seeds.push(Seed::new("gzip", *b"\x1F\x8B\x08\x08\0\0\0\0\x02\x03lamp.bin\0\x03\0\0\0\0\0\0\0\0\0"));
    seeds
        .push(Seed::new("littlefs", *b"\x01\0\0\0\xF0\x0F\xFF\xF7littlefs/\xE0\0\x10\0\0\x02\0\0\0\x10\0\0"));
    seeds.push(Seed::new("fat", *b"\xEB\xFE\x90MSDOS5.0\0\x10\x01\x01\0\x01\0\x02\x58\x01\xF8\x01\0"));
    seeds
}

/// Real images from the folder that `OTARY_FIRMWARE` names, if there is one; of each the first bytes.
pub fn firmware() -> io::Result<Vec<Seed>> {
    let Some(folder) = env::var_os("OTARY_FIRMWARE") else { return Ok(Vec::new()) };
    let mut seeds = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "bin" || extension == "gz") {
            let mut bytes = fs::read(&path)?;
            bytes.truncate(LONGEST);
            seeds.push(Seed::new(format!("firmware-{}", seeds.len()), bytes));
        }
    }
    Ok(seeds)
}

/// Where read-only data and RAM lie on a chip: the first places that its kind knows.
fn addresses(chip: Chip) -> (u32, u32) {
    let mapped = [0x3F40_0020, 0x3C00_0020, 0x4200_0020, 0x4000_0020];
    let data = mapped.into_iter().find(|&address| chip.maps_flash(address)).unwrap_or(0x4000_0020);
    (data, if chip == Chip::Esp32 { 0x3FFB_0000 } else { 0x4080_0000 })
}

/// An app of a few hundred bytes with a descriptor.
#[must_use]
pub fn app(chip: Chip) -> Vec<u8> {
    let (data, ram) = addresses(chip);
    let segments =
        [AppSegment { address: data, data: b"read-only data" }, AppSegment { address: ram, data: b"RAM" }];
    let descriptor = AppDescriptor { version: "1.2.3", project: "lamp", ..AppDescriptor::default() };
    emitted(&AppImage { segments: &segments, descriptor: Some(descriptor), ..AppImage::new(chip) })
}

fn bootloader() -> Vec<u8> {
    let segments = [AppSegment { address: 0x3FFB_0000, data: &[1; 600] }];
    emitted(&AppImage { entry: 0x3FFB_0000, segments: &segments, ..AppImage::new(Chip::Esp32) })
}

fn emitted(image: &AppImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.emit(|piece| bytes.extend_from_slice(piece)).expect("a seed is an image that can be written");
    bytes
}

fn table() -> [u8; TABLE_SIZE] {
    let partitions = [
        Partition::new(Usage::Nvs, "nvs", 0x9000, 0x5000),
        Partition::new(Usage::Otadata, "otadata", 0xE000, 0x2000),
        Partition::new(Usage::Slot(0), "app0", 0x1_0000, 0x1_0000),
        Partition::new(Usage::Slot(1), "app1", 0x2_0000, 0x1_0000),
        Partition::new(Usage::Spiffs, "spiffs", 0x3_0000, 0x1_0000),
    ];
    let mut bytes = [0; TABLE_SIZE];
    emit_table(&partitions, &mut bytes).expect("a seed is a table that can be written");
    bytes
}

/// Two sectors: the first slot was confirmed, the second is new.
fn otadata() -> Vec<u8> {
    let sectors = [Entry::new(1, State::Valid), Entry::new(2, State::New)].map(|entry| {
        let mut sector = entry.to_bytes().to_vec();
        sector.resize(0x1000, 0xFF);
        sector
    });
    sectors.concat()
}

/// The flash of an ESP32 from its bootloader on, up to the end of a small app.
fn merged() -> Vec<u8> {
    let base = Chip::Esp32.bootloader_offset();
    let app = app(Chip::Esp32);
    let mut flash = bootloader();
    for (offset, piece) in [(TABLE_OFFSET, &table()[..]), (0xE000, &otadata()), (0x1_0000, &app)] {
        flash.resize((offset - base) as usize, 0xFF);
        flash.extend(piece);
    }
    flash
}

/// An image of the ESP8266's boot ROM: one segment, filling, and the checksum at the end of a row.
fn esp8266() -> Vec<u8> {
    let data = *b"code";
    let mut bytes = b"\xE9\x01\x02\x40".to_vec();
    for word in [0x4010_0000_u32, 0x4010_0000, 4] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(16) + 15, 0);
    bytes.push(data.iter().fold(0xEF, |sum, byte| sum ^ byte));
    bytes
}
