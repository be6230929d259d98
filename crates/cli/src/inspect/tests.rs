//! A thousand truncations and flipped bytes: no panic, and every damage shows.

use std::path::PathBuf;

use otary_image::Chip;
use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use super::{Content, Inspection};

/// Real files of every kind that has a check, and how often each is damaged.
const FILES: [(&str, usize); 9] = [
    ("esptool-blink-esp32s2.bin", 200),
    ("espgeiger-0.6.1-esp8266.bin", 150),
    ("espgeiger-0.6.1-esp32-merged0x1000.bin", 100),
    ("wled-0.16.0-alpha-esp02.bin.gz", 50),
    ("espidfpart-two-ota-partitions.bin", 200),
    ("esptool-sb2-rsa3072-x3-bootloader.bin", 100),
    ("esptool-esp8266-sdk-user1-v2.bin", 50),
    ("esptool-nodemcu-esp8266-v1.bin", 50),
    ("espsomfy-2.4.6-20240714-littlefs.bin", 100),
];

/// Cuts the file, or changes one to three of its bytes.
fn damage(file: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut damaged = file.to_vec();
    if random.random_ratio(1, 3) {
        damaged.truncate(random.random_range(0..file.len()));
        return damaged;
    }
    // Headers are short beside the rest, and more interesting.
    let reach = if random.random() { file.len().min(4096) } else { file.len() };
    for _ in 0..random.random_range(1..=3) {
        damaged[random.random_range(0..reach)] ^= random.random_range(1..=u8::MAX);
    }
    damaged
}

/// What is said of a file, but for its size and digests and for what a push would do with it.
fn told(inspection: &Inspection) -> Value {
    let mut told = serde_json::to_value(inspection).unwrap();
    let object = told.as_object_mut().unwrap();
    for key in ["size", "md5", "sha256", "push"] {
        object.remove(key);
    }
    told
}

/// Inspects `file`, damaged `times` times; `covered` says that a check covers each of its bytes.
fn inspect_damaged(name: &str, file: &[u8], times: usize, covered: bool) {
    let mut random = StdRng::seed_from_u64(file.len() as u64);
    let whole = Inspection::of(name, file);
    for round in 0..times {
        let damaged = damage(file, &mut random);
        let found = Inspection::of(name, &damaged);
        assert!(found.page().starts_with(name), "{name}, round {round}");
        assert!(found.error.as_ref().is_none_or(|error| !error.message.is_empty()), "{name}, round {round}");
        let shows = found.error.is_some() || told(&found) != told(&whole) || damaged == file;
        assert!(shows || !covered, "{name}, round {round}: nothing shows");
        let pushed = found.push.accepted;
        assert!(
            !pushed || found.error.is_none() || matches!(found.content, Content::Merged(_)),
            "{name}, round {round}"
        );
    }
}

fn emitted() -> Vec<u8> {
    let segments = [
        AppSegment { address: 0x3C00_0020, data: b"read-only data" },
        AppSegment { address: 0x3FC9_0000, data: &[7; 300] },
        AppSegment { address: 0x4200_0020, data: &[0x13; 500] },
    ];
    let descriptor = Some(AppDescriptor { project: "lamp", version: "0.3", ..AppDescriptor::default() });
    let image = AppImage { segments: &segments, descriptor, ..AppImage::new(Chip::Esp32C3) };
    let mut bytes = Vec::new();
    image.emit(|piece| bytes.extend_from_slice(piece)).unwrap();
    bytes
}

#[test]
fn no_damage_to_an_emitted_image_goes_unseen() {
    inspect_damaged("lamp.bin", &emitted(), 1000, true);
}

#[test]
fn no_damage_to_real_files_panics_and_none_to_images_goes_unseen() {
    let Some(folder) = std::env::var_os("OTARY_FIRMWARE").map(PathBuf::from) else {
        println!("skipped: OTARY_FIRMWARE names no folder of images");
        return;
    };
    assert_eq!(FILES.iter().map(|(_, times)| times).sum::<usize>(), 1000);
    for (name, times) in FILES {
        let file = std::fs::read(folder.join(name)).unwrap();
        let covered = name.contains("blink") || name.contains("-esp8266.bin");
        inspect_damaged(name, &file, times, covered);
    }
}

/// Flattened objects could say a key twice; most readers would take the last.
#[test]
fn no_key_is_said_twice() {
    let Some(folder) = std::env::var_os("OTARY_FIRMWARE").map(PathBuf::from) else {
        println!("skipped: OTARY_FIRMWARE names no folder of images");
        return;
    };
    for (name, _) in FILES {
        let written =
            serde_json::to_string(&Inspection::of(name, &std::fs::read(folder.join(name)).unwrap())).unwrap();
        let read: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(written.len(), serde_json::to_string(&read).unwrap().len(), "{name}");
    }
}
