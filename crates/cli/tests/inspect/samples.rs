//! Files that have every part that a real one has, and are small.

use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use otary_image::{Chip, Entry, Partition, Revision, State, TABLE_SIZE, Usage, emit_table};

/// The Arduino core's default scheme for 4 MB, with one partition moved into another.
pub const CSV: &str = "\
# Name,   Type, SubType,  Offset,   Size,     Flags
nvs,      data, nvs,      0x9000,   0x5000,
otadata,  data, ota,      0xe000,   0x2000,
app0,     app,  ota_0,    0x10000,  0x140000,
app1,     app,  ota_1,    0x150000, 0x140000,
spiffs,   data, spiffs,   0x280000, 0x160000, readonly
keys,     data, nvs_keys, ,         4K,       encrypted
";

const DESCRIPTOR: AppDescriptor<'static> = AppDescriptor {
    secure_version: 3,
    version: "1.2.3",
    project: "lamp",
    time: "12:34:56",
    date: "Nov 23 2026",
    idf_version: "v5.5.1",
    elf_sha256: [0x5A; 32],
};

pub fn app(chip: Chip) -> Vec<u8> {
    described(chip, DESCRIPTOR)
}

/// An Arduino sketch: its descriptor is that of the core's library build.
pub fn sketch() -> Vec<u8> {
    let version = "esp-idf: v4.4.7 38eeba213a";
    described(Chip::Esp32, AppDescriptor { project: "arduino-lib-builder", version, ..DESCRIPTOR })
}

pub fn app_called(project: &str) -> Vec<u8> {
    described(Chip::Esp32, AppDescriptor { project, ..DESCRIPTOR })
}

/// An ESP32-C3 app with these pieces in its read-only data, as a compiler lays out texts and tables.
pub fn app_with(pieces: &[&[u8]]) -> Vec<u8> {
    described_with(Chip::Esp32C3, DESCRIPTOR, &pieces.join(&0))
}

fn described(chip: Chip, descriptor: AppDescriptor<'_>) -> Vec<u8> {
    described_with(chip, descriptor, b"read-only data")
}

/// Data, RAM and code; the code lies in the second page, so the image has 64 KiB.
fn described_with(chip: Chip, descriptor: AppDescriptor<'_>, constants: &[u8]) -> Vec<u8> {
    let [data, ram, code] = match chip {
        Chip::Esp32 => [0x3F40_0020, 0x3FFB_0000, 0x400D_0020],
        _ => [0x3C00_0020, 0x3FC9_0000, 0x4200_0020],
    };
    let segments = [
        AppSegment { address: data, data: constants },
        AppSegment { address: ram, data: &[7; 300] },
        AppSegment { address: code, data: &[0x13; 500] },
    ];
    let min_revision = Revision(3);
    emitted(&AppImage {
        entry: code,
        min_revision,
        descriptor: Some(descriptor),
        segments: &segments,
        ..AppImage::new(chip)
    })
}

fn bootloader() -> Vec<u8> {
    let segments = [
        AppSegment { address: 0x3FCD_5820, data: &[1; 600] },
        AppSegment { address: 0x403C_C710, data: &[2; 300] },
    ];
    emitted(&AppImage { entry: 0x403C_C710, segments: &segments, ..AppImage::new(Chip::Esp32C3) })
}

fn emitted(image: &AppImage<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.emit(|piece| bytes.extend_from_slice(piece)).unwrap();
    bytes
}

pub fn table() -> [u8; TABLE_SIZE] {
    let partitions = [
        Partition::new(Usage::Nvs, "nvs", 0x9000, 0x5000),
        Partition::new(Usage::Otadata, "otadata", 0xE000, 0x2000),
        Partition::new(Usage::Slot(0), "app0", 0x1_0000, 0x4_0000),
        Partition::new(Usage::Slot(1), "app1", 0x5_0000, 0x4_0000),
        Partition::new(Usage::Spiffs, "spiffs", 0x9_0000, 0x1_0000),
    ];
    let mut bytes = [0; TABLE_SIZE];
    emit_table(&partitions, &mut bytes).unwrap();
    bytes
}

/// As the Arduino tools flash it: the second sector begins with a zero and is erased otherwise.
pub fn boot_app0() -> Vec<u8> {
    flash(&[(0, &Entry::new(1, State::Undefined).to_bytes()), (0x1000, &[0; 4]), (0x1FFF, &[0xFF])])
}

/// Both slots written, the second one last and in this state.
pub fn otadata(state: State) -> Vec<u8> {
    let [first, second] = [Entry::new(1, State::Valid).to_bytes(), Entry::new(2, state).to_bytes()];
    flash(&[(0, &first), (0x1000, &second), (0x1FFF, &[0xFF])])
}

/// otadata that names the second slot, and `app` in it.
pub fn merged(app: &[u8]) -> Vec<u8> {
    let otadata = otadata(State::New);
    flash(&[(0, &bootloader()), (0x8000, &table()), (0xE000, &otadata), (0x5_0000, app)])
}

/// Erased flash with these pieces in it.
fn flash(pieces: &[(usize, &[u8])]) -> Vec<u8> {
    let mut flash = Vec::new();
    for (at, piece) in pieces {
        flash.resize(flash.len().max(at + piece.len()), 0xFF);
        flash[*at..at + piece.len()].copy_from_slice(piece);
    }
    flash
}

/// eboot, filling, and an application without the words for length and CRC, as older cores built it.
pub fn esp8266() -> Vec<u8> {
    let mut file = rom_image(0x4010_F480, &[(0x4010_F000, &[1; 64])]);
    file.resize(0x1000, 0xAA);
    file.extend(rom_image(
        0x4010_00C0,
        &[(0x4020_1010, &[2; 500]), (0x4010_0000, &[3; 100]), (0x3FFE_8000, &[4; 40])],
    ));
    file
}

/// What the boot ROM of the ESP8266 loads.
fn rom_image(entry: u32, segments: &[(u32, &[u8])]) -> Vec<u8> {
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

/// A boot sector with the parameters of a small FAT12, and nothing behind it.
pub fn fat() -> Vec<u8> {
    let mut file = vec![0; 64 * 512];
    let fields: [(usize, &[u8]); 9] = [
        (0, &[0xEB, 0x3C, 0x90]),
        (11, &512_u16.to_le_bytes()),
        (13, &[1]),
        (14, &[1, 0]),
        (16, &[1]),
        (17, &16_u16.to_le_bytes()),
        (19, &64_u16.to_le_bytes()),
        (22, &[1, 0]),
        (510, &[0x55, 0xAA]),
    ];
    for (at, bytes) in fields {
        file[at..at + bytes.len()].copy_from_slice(bytes);
    }
    file
}

/// Four empty blocks with their marks.
pub fn spiffs() -> Vec<u8> {
    let mut file = vec![0xFF; 4 * 4096];
    for (block, left) in (0..4).zip([4, 3, 2, 1]) {
        let mark = 0x0529_u16 ^ 256 ^ left;
        file[block * 4096 + 252..][..2].copy_from_slice(&mark.to_le_bytes());
    }
    file
}
