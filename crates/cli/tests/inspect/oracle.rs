//! What `otary inspect --json` says of real images beside what the vendor's tool says, the names of memory included.
//!
//! Needs the images (`OTARY_FIRMWARE`) and a Python with the package esptool (`OTARY_PYTHON`, else `python3`). The crate
//! image compares all fields of all files; here it is what this command adds or prints.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{bench, firmware};

/// One file of every chip, bootloader and application.
const FILES: [&str; 9] = [
    "espgeiger-0.12.4-esp32c3.bin",
    "espgeiger-0.12.4-esp32s3-bootloader.bin",
    "espgeiger-0.12.4-esp32s3.bin",
    "esptool-blink-esp32s2.bin",
    "esptool-bootloader-esp32-v5.2.bin",
    "esptool-bootloader-esp32c6.bin",
    "esptool-hello-signed-app.bin",
    "wled-0.15.0-esp32.bin",
    "wled-0.16.0-alpha-20250318-esp32c3.bin",
];

/// What `esptool image-info` prints: its fields, and the rows of its table of segments.
struct Theirs {
    fields: HashMap<String, String>,
    /// Address, offset, length and kinds of memory.
    segments: Vec<([u64; 3], String)>,
}

#[test]
fn what_is_said_of_images_is_what_esptool_says() {
    let Some(folder) = firmware::folder() else { return };
    let python = std::env::var("OTARY_PYTHON").unwrap_or_else(|_| "python3".into());
    for file in FILES {
        let Some(theirs) = image_info(&python, &folder.join(file)) else {
            println!("skipped: OTARY_PYTHON has no package esptool");
            return;
        };
        let ours = bench::inspect(&folder, &[file, "--json"]).json();
        compare(file, &ours, &theirs);
    }
}

fn image_info(python: &str, file: &Path) -> Option<Theirs> {
    let mut command = Command::new(python);
    command.args(["-m", "esptool", "image-info"]).arg(file).env("COLUMNS", "200").env("NO_COLOR", "1");
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).unwrap();
    let field =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    Some(Theirs {
        fields: text.lines().filter_map(field).collect(),
        segments: text.lines().filter_map(segment).collect(),
    })
}

/// A row: number, length, address, offset, kinds of memory.
fn segment(line: &str) -> Option<([u64; 3], String)> {
    let mut words = line.split_whitespace();
    words.next()?.parse::<u8>().ok()?;
    let mut hex = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
    let (length, address, offset) = (hex()?, hex()?, hex()?);
    Some(([address, offset, length], words.collect::<Vec<_>>().join(" ")))
}

fn compare(file: &str, ours: &Value, theirs: &Theirs) {
    let field = |name: &str| theirs.fields.get(name).map(String::as_str).unwrap_or_default();
    let entry = format!("{:#x}", ours["header"]["entry"].as_u64().unwrap());
    assert_eq!(entry, field("Entry point"), "{file}");
    assert_eq!(ours["header"]["flash"]["mode"], field("Flash mode"), "{file}");
    let checksum = format!("{:#04x} (valid)", ours["checksum"].as_u64().unwrap());
    assert_eq!(checksum, field("Checksum"), "{file}");
    if ours["digest_appended"] == true {
        assert_eq!(
            format!("{} (valid)", ours["digest"].as_str().unwrap()),
            field("Validation hash"),
            "{file}"
        );
    }
    if let Some(project) = ours["descriptor"]["project"].as_str() {
        assert_eq!(project, field("Project name"), "{file}");
        assert_eq!(ours["descriptor"]["version"], field("App version"), "{file}");
    }
    let segments = ours["segments"].as_array().unwrap();
    assert_eq!(segments.len(), theirs.segments.len(), "{file}");
    for (ours, (place, memory)) in segments.iter().zip(&theirs.segments) {
        assert_eq!(
            ["address", "offset", "length"].map(|name| ours[name].as_u64().unwrap()),
            *place,
            "{file}"
        );
        let name = ours["memory"].as_str().unwrap();
        assert!(same_memory(name, memory), "{file}: {place:x?} is {name} to us and {memory:?} to them");
    }
}

/// Whether our name is among theirs, which has others for the caches of the ESP32 and for memory that sleeps.
fn same_memory(ours: &str, theirs: &str) -> bool {
    let among = |names: &[&str]| theirs.split(", ").any(|name| names.contains(&name));
    match ours {
        "IRAM" => among(&["IRAM", "CACHE_APP", "CACHE_PRO", "DIRAM_IRAM"]),
        "RAM" => among(&["DRAM", "IRAM"]),
        "RTC" | "RTC slow" | "LP RAM" => among(&["RTC_DATA", "RTC_DRAM", "RTC_IRAM"]),
        "RTC fast" => among(&["RTC_DRAM", "RTC_IRAM"]),
        "padding" => among(&["PADDING"]),
        name => among(&[name]),
    }
}
