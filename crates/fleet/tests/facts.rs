//! Facts of pushed files: of real images, and of what people push by mistake.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::PathBuf;

use flate2::{Compression, write::GzEncoder};
use otary_fleet::{Build, Chip, Findings, Kind, Md5, ReadError, Sha256, Time, Wrapped, read};

fn facts(bytes: &[u8]) -> Result<Findings, ReadError> {
    read(bytes, "firmware.bin", Time::from_secs(1_795_000_000), false)
}

/// A real image, if the folder of test images is there.
fn image(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("OTARY_FIRMWARE").map(PathBuf::from);
    let bytes = folder.and_then(|folder| std::fs::read(folder.join(name)).ok());
    if bytes.is_none() {
        println!("skipped: {name} is not in OTARY_FIRMWARE");
    }
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_device_that_runs_an_esp32_image_is_recognised_by_what_it_reports() {
    let Some(bytes) = image("wled-0.14.4-esp32c3.bin") else { return };
    let artifact = facts(&bytes).unwrap().artifact;
    assert_eq!((artifact.kind, artifact.chip), (Kind::App, Some(Chip::Esp32C3)));
    let appended = Sha256(*bytes.last_chunk().unwrap());
    assert!(artifact.is_run_by(&Build { md5: None, sha256: Some(appended) }));
    assert!(artifact.is_run_by(&Build { md5: Some(Md5::of(&bytes)), sha256: None }));
    assert_eq!(artifact.proposed_version, None, "the library builder's version says nothing");
    assert_eq!(artifact.sdk.as_deref(), Some("v4.4.3"));
}

#[test]
fn without_an_appended_digest_the_image_has_its_own() {
    let Some(bytes) = image("wled-0.16.0-alpha-20250316-esp32c3.bin") else { return };
    assert_eq!(facts(&bytes).unwrap().artifact.digests, [Sha256::of(&bytes)]);
}

#[test]
fn a_signature_behind_the_image_is_sent_and_not_reported() {
    let Some(bytes) = image("esptool-hello-signed-app.bin") else { return };
    let findings = facts(&bytes).unwrap();
    assert_eq!(findings.artifact.size, bytes.len() as u64);
    assert_eq!(findings.artifact.md5, Md5::of(&bytes));
    assert_eq!(findings.artifact.md5s.len(), 2, "with and without the signature");
    assert_eq!(findings.artifact.project.as_deref(), Some("hello-world"));
}

#[test]
fn of_a_merged_image_the_app_is_taken() {
    let Some(bytes) = image("espgeiger-0.8.0-esp32-merged0x1000.bin") else { return };
    let findings = facts(&bytes).unwrap();
    assert_eq!((findings.wrapped, findings.range.start), (Some(Wrapped::Merged), 0x1_0000));
    let app = &bytes[findings.range.clone()];
    assert_eq!(findings.artifact.id, Sha256::of(app));
    assert_eq!(findings.artifact.size, app.len() as u64);
    assert_eq!(facts(app).unwrap().artifact.digests, findings.artifact.digests);
}

#[test]
fn a_gzip_file_is_kept_and_known_by_what_is_in_it() {
    let Some(bytes) = image("wled-0.14.4-esp8266.bin") else { return };
    let packed = gzip(&bytes);
    let findings = facts(&packed).unwrap();
    assert_eq!(findings.wrapped, Some(Wrapped::Gzip { unpacked: bytes.len() as u64 }));
    assert_eq!(findings.artifact.id, Sha256::of(&packed));
    assert_eq!((findings.artifact.chip, findings.artifact.gzip), (Some(Chip::Esp8266), true));
    assert!(findings.artifact.is_run_by(&Build { md5: Some(Md5::of(&bytes)), sha256: None }));
}

#[test]
fn gzip_is_for_the_esp8266_alone() {
    let Some(bytes) = image("wled-0.14.4-esp32.bin") else { return };
    let error = facts(&gzip(&bytes)).unwrap_err();
    assert_eq!(error, ReadError::GzipOf { what: "an image of the ESP32 family" });
    assert_eq!(error.help(), Some("unpack it and push what is inside"));
}

#[test]
fn a_gzip_bomb_is_refused_in_bounded_memory() {
    let bomb = gzip(&vec![0; 40 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(facts(&bomb), Err(ReadError::TooLarge { .. })));
    assert!(matches!(facts(&bomb[..1000]), Err(ReadError::Image(_) | ReadError::GzipDamaged { .. })));
}

#[test]
fn a_file_system_names_no_chip() {
    let Some(bytes) = image("espsomfy-2.4.7-20240727-littlefs.bin") else { return };
    let artifact = facts(&bytes).unwrap().artifact;
    assert_eq!((artifact.kind, artifact.chip), (Kind::Filesystem, None));
}

#[test]
fn what_is_not_updated_over_the_air_is_refused() {
    for (name, what) in [
        ("esptool-bootloader-esp32-v5.2.bin", "a bootloader"),
        ("espidfpart-two-ota-partitions.bin", "a partition table"),
    ] {
        let Some(bytes) = image(name) else { return };
        assert_eq!(facts(&bytes).unwrap_err(), ReadError::NotAnUpdate { what }, "{name}");
    }
}

#[test]
fn a_web_page_is_refused_even_as_raw() {
    let page = b"<!DOCTYPE html><html><body>404</body></html>";
    for as_raw in [false, true] {
        let error = read(page, "firmware.bin", Time::default(), as_raw).unwrap_err();
        assert!(error.to_string().contains("web page"), "{error}");
        assert!(error.help().is_some());
    }
}

#[test]
fn an_opaque_file_is_taken_as_raw() {
    let findings = read(b"\xcf\xb6\x88\x07 encrypted", "app.enc", Time::default(), true).unwrap();
    assert_eq!((findings.artifact.kind, findings.artifact.chip), (Kind::Raw, None));
}
