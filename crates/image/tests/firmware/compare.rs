//! Our facts of a file beside those of an oracle. Every comparison names the file.

use otary_image::{App, BootloaderDescription, Descriptor, Esp8266, Gzip, LittleFs, Scheme, Segments, Table};
use serde_json::Value;

use crate::hex;

/// What `esptool image-info` printed, field by field.
pub fn image_info(file: &str, app: &App, theirs: &Value, flash_mhz_known: bool) {
    let header = app.header();
    let chip = app.chip();
    let field = |name: &str| theirs[name].as_str();
    let same = |name: &str, ours: &str| assert_eq!(field(name), Some(ours), "{file}: {name}");
    same("Detected image type", chip.family());
    same("Image size", &format!("{} bytes", app.file().len()));
    same("Entry point", &format!("{:#x}", header.entry));
    same("Segments", &header.segment_count.to_string());
    same("Flash mode", &header.flash_mode.to_string());
    same("Flash size", &format!("{}MB", header.flash_size.bytes(chip).unwrap() >> 20));
    let mhz = header.flash_frequency.mhz(chip).unwrap();
    assert_eq!(field("Flash freq"), flash_mhz_known.then_some(format!("{mhz}m")).as_deref(), "{file}");
    let wp_pin =
        if header.wp_pin == 0xEE { "0xee (disabled)".into() } else { format!("{:#x}", header.wp_pin) };
    same("WP pin", &wp_pin);
    let [clk_q, d_cs, hd_wp] = header.pin_drive.map(|byte| (byte & 0xF, byte >> 4));
    let drives = format!(
        "clk_drv: {:#x}, q_drv: {:#x}, d_drv: {:#x}, cs0_drv: {:#x}, hd_drv: {:#x}, wp_drv: {:#x}",
        clk_q.0, clk_q.1, d_cs.0, d_cs.1, hd_wp.0, hd_wp.1
    );
    same("Flash pins drive settings", &drives);
    same("Chip ID", &format!("{} ({})", chip.id().unwrap(), chip.family()));
    let old = header.min_revision_old;
    same("Minimal chip revision", &format!("{}, (legacy min_rev = {old})", header.min_revision));
    same("Maximal chip revision", &header.max_revision.to_string());
    same("Checksum", &format!("{:#04x} (valid)", app.checksum()));
    let digest = app.appended_digest().map(|digest| format!("{} (valid)", hex(&digest)));
    assert_eq!(field("Validation hash"), digest.as_deref(), "{file}");
    segments(file, app.segments(), theirs, 8);
    descriptor(file, app.descriptor(), theirs);
    bootloader_description(file, app.bootloader_description(), theirs);
}

/// Segments; the oracle's offsets are `before` bytes before the data.
fn segments(file: &str, ours: &Segments, theirs: &Value, before: u32) {
    let ours: Vec<_> = ours.iter().map(|s| [s.address, s.offset - before, s.len]).collect();
    assert_eq!(serde_json::json!(ours), theirs["segments"], "{file}");
}

fn descriptor(file: &str, ours: Option<Descriptor>, theirs: &Value) {
    let Some(ours) = ours else {
        assert!(theirs["Project name"].is_null(), "{file}: a descriptor that we did not see");
        return;
    };
    let same =
        |name: &str, ours: &str| assert_eq!(theirs[name].as_str(), Some(ours.trim()), "{file}: {name}");
    let revision = |revision: u16| format!("{}.{}", revision / 100, revision % 100);
    same("Project name", &ours.project().to_string());
    same("App version", &ours.version().to_string());
    same("Compile time", &format!("{} {}", ours.date(), ours.time()));
    same("ELF file SHA256", &hex(&ours.elf_sha256().unwrap_or_default()));
    same("ESP-IDF", &ours.idf_version().to_string());
    same("Minimal eFuse block revision", &revision(ours.min_efuse_revision()));
    same("Maximal eFuse block revision", &revision(ours.max_efuse_revision()));
    same("Secure version", &ours.secure_version().to_string());
}

fn bootloader_description(file: &str, ours: Option<BootloaderDescription>, theirs: &Value) {
    let field = |name: &str| theirs[name].as_str().map(str::to_owned);
    assert_eq!(ours.map(|ours| ours.version().to_string()), field("Bootloader version"), "{file}");
    if let Some(ours) = ours {
        assert_eq!(Some(ours.idf_version().to_string()), field("ESP-IDF"), "{file}");
        assert_eq!(Some(ours.date_time().to_string()), field("Compile time"), "{file}");
    }
}

/// The blocks that espsecure calls valid: kind and key digest.
pub fn signature_info(file: &str, app: &App, theirs: &Value) {
    let ours: Vec<_> = app
        .signatures()
        .map(|block| {
            assert_eq!((block.crc_matches(), block.digest_matches()), (Some(true), Some(true)), "{file}");
            let kind = if block.scheme() == Scheme::Rsa3072 { "RSA" } else { "ECDSA" };
            [kind.to_owned(), hex(&block.key_digest().unwrap())]
        })
        .collect();
    assert_eq!(serde_json::json!(ours), theirs["blocks"], "{file}");
    assert!(!ours.is_empty(), "{file}");
}

/// A Secure Boot V1 trailer behind the image.
pub fn trailer_v1(file: &str, app: &App, theirs: &Value) {
    let found: Vec<_> = app.signatures().map(|found| (found.scheme(), found.offset())).collect();
    assert_eq!(found, [(Scheme::EcdsaV1, app.image_len())], "{file}");
    let ours = serde_json::json!({ "offset": app.image_len(), "version": 0, "left": app.facts().tail_len });
    assert_eq!(&ours, theirs, "{file}");
}

/// The ESP8266's rules, computed by the script.
pub fn esp8266(file: &str, image: &Esp8266, theirs: &Value) {
    assert_eq!(theirs["right"], true, "{file}");
    assert_eq!(theirs["end"], image.image_len(), "{file}");
    segments(file, image.segments(), theirs, 0);
}

/// Name, length and CRC of what is packed, by Python.
pub fn gzip(file: &str, packed: &Gzip, theirs: &Value) {
    assert_eq!(packed.name().unwrap().as_str(), theirs["name"].as_str(), "{file}");
    assert_eq!(theirs["len"], packed.unpacked_len(), "{file}");
    assert_eq!(theirs["crc32"], packed.crc32(), "{file}");
}

/// The superblock, after littlefs mounted the image.
pub fn littlefs(file: &str, ours: &LittleFs, theirs: &Value) {
    let LittleFs { version, block_size, block_count, name_max, file_max, attribute_max } = ours;
    let ours = [version, block_size, block_count, name_max, file_max, attribute_max];
    let names = ["disk_version", "block_size", "block_count", "name_max", "file_max", "attr_max"];
    for (name, ours) in names.iter().zip(ours) {
        assert_eq!(theirs[name], *ours, "{file}: {name}");
    }
    assert!(theirs["files"].as_u64().unwrap() > 0, "{file}");
}

/// The rows, as the script read them.
pub fn rows(file: &str, table: &Table, theirs: &Value) {
    let ours: Vec<_> =
        table.iter().map(|row| serde_json::json!([row.name(), row.offset, row.size])).collect();
    assert_eq!(serde_json::json!(ours), theirs["rows"], "{file}");
}

/// The rows, as esp-idf-part reads them.
pub fn esp_idf_part(file: &str, table: &Table, bytes: &[u8]) {
    let theirs = esp_idf_part::PartitionTable::try_from_bytes(bytes.to_vec()).unwrap();
    let theirs =
        theirs.partitions().iter().map(|row| (row.name(), row.offset(), row.size())).collect::<Vec<_>>();
    let ours: Vec<_> = table.iter().map(|row| (row.name().to_owned(), row.offset, row.size)).collect();
    assert_eq!(ours, theirs, "{file}");
}
