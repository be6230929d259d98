//! Every real file of the firmware folder, beside an independent tool's reading of it.
//!
//! Needs the folder (`OTARY_FIRMWARE`) and a Python (`OTARY_PYTHON`, else `python3`) that has the packages esptool and
//! littlefs-python; says so and passes where one of them is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod compare;
mod table;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use otary_image::{App, Chip, Error, Fault, FlashSize, Image, Part, detect};
use serde_json::Value;
use table::{ESP_IDF_PART, FILES, Kind, Row};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("OTARY_FIRMWARE").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("skipped: OTARY_FIRMWARE names no folder of images");
    }
    folder
}

fn python() -> Option<Command> {
    let python = std::env::var_os("OTARY_PYTHON").unwrap_or("python3".into());
    let found = Command::new(&python).args(["-c", "import esptool, espsecure, littlefs"]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(Command::new(python));
    }
    eprintln!("skipped: OTARY_PYTHON has no packages esptool and littlefs-python");
    None
}

/// Asks the script once, for all files.
fn ask(mut python: Command, questions: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/oracle.py");
    let mut child =
        python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
    child.stdin.take().unwrap().write_all(questions.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the oracles failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_file_has_a_row_and_every_row_an_oracle() {
    let Some(folder) = folder() else { return };
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = names.filter(|name| name != "README.md").collect();
    let rows: BTreeSet<_> = FILES.iter().map(|row| row.file.to_owned()).collect();
    assert_eq!(files, rows);
    assert_eq!(FILES.len(), rows.len(), "a file has two rows");
    assert!(FILES.iter().all(|row| !row.oracles.is_empty()));
}

#[test]
fn every_file_is_what_its_row_says() {
    let Some(folder) = folder() else { return };
    for row in FILES {
        let bytes = std::fs::read(folder.join(row.file)).unwrap();
        assert_eq!(kind(&detect(&bytes)), Some(row.kind), "{} {}", row.file, row.why);
    }
}

fn kind(found: &Result<Image, Error>) -> Option<Kind> {
    Some(match found {
        Ok(Image::App(app)) => Kind::App(app.chip()),
        Ok(Image::Bootloader(app)) => Kind::Bootloader(app.chip()),
        Ok(Image::Merged(merged)) => Kind::Merged(merged.app().ok()?.chip()),
        Ok(Image::Esp8266(image)) => Kind::Esp8266(image.kind()),
        Ok(Image::Gzip(_)) => Kind::Gzip,
        Ok(Image::PartitionTable(_)) => Kind::Table,
        Ok(Image::LittleFs(_)) => Kind::LittleFs,
        Err(Error { part: Part::Header, fault: Fault::Truncated { .. }, .. }) => Kind::CutOff,
        _ => return None,
    })
}

#[test]
fn our_facts_are_those_of_the_oracles() {
    let (Some(folder), Some(python)) = (folder(), python()) else { return };
    let asked: Vec<_> = FILES
        .iter()
        .flat_map(|row| row.oracles.iter().map(move |oracle| (row, *oracle)))
        .map(|(row, oracle)| (row, oracle, format!("{oracle} {}", folder.join(row.file).display())))
        .collect();
    let questions: Vec<_> = asked
        .iter()
        .filter(|(_, oracle, _)| *oracle != ESP_IDF_PART)
        .map(|(_, _, question)| question.as_str())
        .collect();
    let answers = ask(python, &questions.join("\n"));
    for (row, oracle, question) in &asked {
        check(&folder, row, oracle, &answers[question]);
    }
}

/// The emitter's images, as the vendor's tool reads them: one for every chip.
#[test]
fn what_we_emit_the_vendors_tool_accepts() {
    let Some(python) = python() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let emitted: Vec<_> =
        Chip::all().filter(|chip| chip.id().is_some()).map(|chip| (chip, emitted(chip))).collect();
    let path = |chip: Chip| folder.join(format!("emitted-{chip}.bin"));
    for (chip, bytes) in &emitted {
        std::fs::write(path(*chip), bytes).unwrap();
    }
    let question = |chip: Chip| format!("{} {}", table::IMAGE_INFO, path(chip).display());
    let questions: Vec<_> = emitted.iter().map(|(chip, _)| question(*chip)).collect();
    let answers = ask(python, &questions.join("\n"));
    for (chip, bytes) in &emitted {
        compare::image_info(chip.name(), &App::parse(bytes).unwrap(), &answers[question(*chip)], true);
    }
}

/// An app with a descriptor, and code in the second page of what the chip maps.
fn emitted(chip: Chip) -> Vec<u8> {
    let mapped = (0..=u32::MAX).step_by(0x1_0000).find(|&address| chip.maps_flash(address)).unwrap();
    let descriptor = AppDescriptor {
        project: "lamp",
        version: "1.2.3",
        date: "Nov 23 2026",
        time: "12:34:56",
        ..AppDescriptor::default()
    };
    let image = AppImage {
        entry: mapped + 0x1_0020,
        flash_size: FlashSize::from_bytes(chip, 8 << 20).unwrap(),
        descriptor: Some(descriptor),
        segments: &[
            AppSegment { address: mapped + 0x20, data: b"read-only data" },
            AppSegment { address: mapped + 0x1_0020, data: b"code" },
        ],
        ..AppImage::new(chip)
    };
    let mut bytes = Vec::new();
    image.emit(|piece| bytes.extend_from_slice(piece)).unwrap();
    bytes
}

/// Compares one file with one oracle.
fn check(folder: &Path, row: &Row, oracle: &str, theirs: &Value) {
    let bytes = std::fs::read(folder.join(row.file)).unwrap();
    let flash_mhz_known = row.kind != Kind::Bootloader(Chip::Esp32C6);
    match (detect(&bytes), oracle) {
        (Ok(Image::App(app) | Image::Bootloader(app)), table::IMAGE_INFO) => {
            compare::image_info(row.file, &app, theirs, flash_mhz_known);
        }
        (Ok(Image::App(app) | Image::Bootloader(app)), table::SIGNATURE_INFO) => {
            compare::signature_info(row.file, &app, theirs);
        }
        (Ok(Image::App(app) | Image::Bootloader(app)), table::TRAILER_V1) => {
            compare::trailer_v1(row.file, &app, theirs);
        }
        (Ok(Image::Merged(merged)), table::CARVED) => {
            compare::image_info(row.file, &merged.bootloader().unwrap(), &theirs["bootloader"], true);
            compare::image_info(row.file, &merged.app().unwrap(), &theirs["app"], true);
            assert_eq!(theirs["offset"], merged.app_partition().unwrap().offset, "{}", row.file);
        }
        (Ok(Image::Esp8266(image)), table::ESP8266) => compare::esp8266(row.file, &image, theirs),
        (Ok(Image::Gzip(packed)), table::UNZIPPED) => compare::gzip(row.file, &packed, theirs),
        (Ok(Image::LittleFs(found)), table::LITTLEFS) => compare::littlefs(row.file, &found, theirs),
        (Ok(Image::PartitionTable(found)), table::ROWS) => compare::rows(row.file, &found, theirs),
        (Ok(Image::PartitionTable(found)), ESP_IDF_PART) => compare::esp_idf_part(row.file, &found, &bytes),
        (Err(_), table::IMAGE_INFO) => assert_eq!(theirs["refused"], true, "{}", row.file),
        (found, _) => panic!("{}: no comparison of {found:?} with {oracle}", row.file),
    }
}
