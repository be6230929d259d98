//! Files for the scenarios. All are small: what they must be to have every part that a real one has.

use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use otary_image::{Chip, Partition, TABLE_SIZE, Usage, emit_table};
use sha2::{Digest as _, Sha256};

/// Every chip that has an id in its images.
pub fn family() -> impl Iterator<Item = Chip> {
    Chip::all().filter(|chip| *chip != Chip::Esp8266)
}

/// Where read-only data, code in flash and RAM lie on a chip.
pub fn addresses(chip: Chip) -> (u32, u32, u32) {
    match chip {
        Chip::Esp32 => (0x3F40_0020, 0x400D_0020, 0x3FFB_0000),
        Chip::Esp32S2 => (0x3F00_0020, 0x4008_0020, 0x3FFB_0000),
        Chip::Esp32S3 | Chip::Esp32C2 | Chip::Esp32C3 => (0x3C00_0020, 0x4200_0020, 0x3FCA_0000),
        Chip::Esp32E22 => (0x3C00_0020, 0x3C01_0020, 0x2000_0000),
        Chip::Esp32P4 | Chip::Esp32S31 => (0x4000_0020, 0x4001_0020, 0x2F00_0000),
        _ => (0x4200_0020, 0x4201_0020, 0x4080_0000),
    }
}

pub const DESCRIPTOR: AppDescriptor<'static> = AppDescriptor {
    secure_version: 3,
    version: "1.2.3",
    project: "lamp",
    time: "12:34:56",
    date: "Nov 23 2026",
    idf_version: "v5.5.1",
    elf_sha256: [0x5A; 32],
};

pub fn emitted(image: &AppImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.emit(|piece| bytes.extend_from_slice(piece)).unwrap();
    bytes
}

/// An app with a descriptor, data, RAM and code: 64 KiB, for its code lies in the second page.
pub fn app(chip: Chip) -> Vec<u8> {
    let (data, code, ram) = addresses(chip);
    let segments = [
        AppSegment { address: data, data: b"read-only data" },
        AppSegment { address: ram, data: b"RAM" },
        AppSegment { address: code, data: &[0x13; 100] },
    ];
    let descriptor = Some(DESCRIPTOR);
    emitted(&AppImage { entry: ram, segments: &segments, descriptor, ..AppImage::new(chip) })
}

/// An app of a few hundred bytes: descriptor, data and RAM.
pub fn small_app(chip: Chip) -> Vec<u8> {
    let (data, _, ram) = addresses(chip);
    let segments =
        [AppSegment { address: data, data: b"read-only data" }, AppSegment { address: ram, data: b"RAM" }];
    emitted(&AppImage { segments: &segments, descriptor: Some(DESCRIPTOR), ..AppImage::new(chip) })
}

/// Two RAM segments, as a second-stage bootloader has them.
pub fn bootloader(chip: Chip) -> Vec<u8> {
    let (_, _, ram) = addresses(chip);
    let segments =
        [AppSegment { address: ram, data: &[1; 600] }, AppSegment { address: ram + 0x1000, data: &[2; 300] }];
    emitted(&AppImage { entry: ram, segments: &segments, ..AppImage::new(chip) })
}

/// The table of Arduino's default scheme for 4 MB, without its last rows.
pub fn partitions() -> Vec<Partition> {
    vec![
        Partition::new(Usage::Nvs, "nvs", 0x9000, 0x5000),
        Partition::new(Usage::Otadata, "otadata", 0xE000, 0x2000),
        Partition::new(Usage::Slot(0), "app0", 0x1_0000, 0x4_0000),
        Partition::new(Usage::Slot(1), "app1", 0x5_0000, 0x4_0000),
        Partition::new(Usage::Spiffs, "spiffs", 0x9_0000, 0x1_0000),
    ]
}

pub fn table(partitions: &[Partition]) -> [u8; TABLE_SIZE] {
    let mut bytes = [0; TABLE_SIZE];
    emit_table(partitions, &mut bytes).unwrap();
    bytes
}

/// A flash dump from offset 0: erased but for these pieces.
pub fn dump(pieces: &[(u32, &[u8])]) -> Vec<u8> {
    let mut flash = Vec::new();
    for (at, piece) in pieces {
        let at = usize::try_from(*at).unwrap();
        flash.resize(flash.len().max(at + piece.len()), 0xFF);
        flash[at..at + piece.len()].copy_from_slice(piece);
    }
    flash
}

/// An image of the ESP8266's boot ROM.
pub fn rom_image(entry: u32, segments: &[(u32, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0xE9, u8::try_from(segments.len()).unwrap(), 2, 0x40];
    bytes.extend(entry.to_le_bytes());
    let mut checksum = 0xEF;
    for (address, data) in segments {
        bytes.extend(address.to_le_bytes());
        bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        bytes.extend(*data);
        checksum = data.iter().fold(checksum, |sum, byte| sum ^ byte);
    }
    bytes.resize(bytes.len() / 16 * 16 + 15, 0);
    bytes.push(checksum);
    bytes
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
