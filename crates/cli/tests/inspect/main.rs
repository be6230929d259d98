//! `otary inspect`, with the built binary: what it prints of files that are made here, and of every real one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod bench;
mod firmware;
mod oracle;
mod samples;

use std::io::Write as _;

use bench::{Bench, Done};
use flate2::Compression;
use flate2::write::GzEncoder;
use insta::assert_snapshot;
use otary_image::{Chip, State};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// What is printed of `file`, called `name`, and how it ends.
fn inspected(name: &str, file: &[u8]) -> String {
    let bench = Bench::new();
    bench.file(name, file);
    bench.inspect(&[name]).transcript()
}

/// With no compression the bytes stay the same whatever compresses.
fn gzip(file: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(file).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_app() {
    assert_snapshot!(inspected("lamp.bin", &samples::app(Chip::Esp32C3)));
}

#[test]
fn an_app_as_json() {
    let bench = Bench::new();
    bench.file("lamp.bin", &samples::app(Chip::Esp32C3));
    assert_snapshot!(bench.inspect(&["lamp.bin", "--json"]).transcript());
}

#[test]
fn a_sketch_whose_descriptor_says_nothing_of_it() {
    let page = inspected("sketch.bin", &samples::sketch());
    assert!(page.contains("The Arduino core's library builder wrote it"), "{page}");
    assert!(page.contains("It proposes no version: give one with\n  --version."), "{page}");
}

#[test]
fn a_merged_image_is_taken_apart() {
    assert_snapshot!(inspected("factory.bin", &samples::merged(&samples::app(Chip::Esp32C3))));
}

#[test]
fn a_merged_image_with_a_damaged_app() {
    let mut app = samples::app(Chip::Esp32C3);
    app[400] ^= 1;
    assert_snapshot!(inspected("factory.bin", &samples::merged(&app)));
}

#[test]
fn an_arduino_image_of_the_esp8266() {
    assert_snapshot!(inspected("plug.bin", &samples::esp8266()));
}

#[test]
fn a_gzip_file_is_unpacked() {
    assert_snapshot!(inspected("plug.bin.gz", &gzip(&samples::esp8266(), Compression::none())));
}

#[test]
fn a_gzip_file_that_no_device_unpacks() {
    let page = inspected("lamp.bin.gz", &gzip(&samples::app(Chip::Esp32C3), Compression::none()));
    assert!(page.contains("kind          app for ESP32-C3"), "{page}");
    assert!(page.contains("a gzip file around an image of the ESP32 family"), "{page}");
    assert!(page.ends_with("exit status 0\n"), "{page}");
}

#[test]
fn a_small_file_that_unpacks_to_a_large_one_is_given_up() {
    let page = inspected("bomb.gz", &gzip(&vec![0; 40 << 20], Compression::fast()));
    assert!(page.contains("error: the gzip file unpacks to more than 33554432 bytes\n"), "{page}");
    assert!(page.ends_with("exit status 1\n"), "{page}");
}

#[test]
fn a_partition_table() {
    assert_snapshot!(inspected("partitions.bin", &samples::table()));
}

#[test]
fn a_partition_table_as_people_write_it() {
    assert_snapshot!(inspected("partitions.csv", samples::CSV.as_bytes()));
}

#[test]
fn a_csv_with_a_mistake_names_the_line() {
    let page = inspected("partitions.csv", b"nvs,data,nvs,0x9000,\n");
    assert!(page.contains("error: line 1: there is no size\n"), "{page}");
    assert!(page.ends_with("exit status 1\n"), "{page}");
}

#[test]
fn otadata() {
    assert_snapshot!(inspected("boot_app0.bin", &samples::boot_app0()));
}

#[test]
fn an_unconfirmed_slot_is_given_up_by_a_bootloader_with_rollback() {
    let page = inspected("otadata.bin", &samples::otadata(State::PendingVerify));
    let starts =
        "  starts        slot 1, if there are two slots\n                slot 0, if the bootloader was";
    assert!(page.contains(starts), "{page}");
}

#[test]
fn file_systems() {
    assert_snapshot!(
        [inspected("fat.bin", &samples::fat()), inspected("spiffs.bin", &samples::spiffs())].join("\n")
    );
}

#[test]
fn a_file_cut_off_is_told_as_far_as_it_goes() {
    let app = samples::app(Chip::Esp32C3);
    assert_snapshot!(inspected("cut.bin", &app[..60_000]));
}

#[test]
fn a_file_of_another_kind_comes_with_help() {
    assert_snapshot!(inspected("lamp.elf", b"\x7fELF\x01\x01\x01"));
    for (file, kind) in [(&b""[..], "empty"), (b"<!DOCTYPE html><html>", "html"), (b"PK\x03\x04....", "zip")]
    {
        let bench = Bench::new();
        bench.file("x.bin", file);
        let done = bench.inspect(&["x.bin", "--json"]);
        assert_eq!((done.status, &done.json()["format"]), (1, &kind.into()));
        assert!(done.err.contains("\nhelp: "), "{}", done.err);
    }
}

#[test]
fn text_of_a_file_cannot_move_the_cursor() {
    let page = inspected("x.bin", &samples::app_called("\u{1b}[2Jlamp\r"));
    assert!(!page.contains(['\u{1b}', '\r']), "{page:?}");
}

#[test]
fn standard_input_is_a_file_too() {
    let app = samples::app(Chip::Esp32);
    let bench = Bench::new();
    bench.file("lamp.bin", &app);
    let (piped, named) = (bench.inspect_piped(&app), bench.inspect(&["lamp.bin"]));
    assert_eq!(piped.out.replacen("standard input", "lamp.bin", 1), named.out);
    assert_eq!((piped.status, named.status), (0, 0));
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let bench = Bench::new();
    let done = bench.inspect(&["missing.bin"]);
    assert!(done.err.starts_with("error: reading missing.bin: "), "{}", done.err);
    bench.file("huge.bin", b"").set_len((128 << 20) + 1).unwrap();
    let done = bench.inspect(&["huge.bin"]);
    assert_eq!(done.err, "error: huge.bin has more than 134217728 bytes\n");
    assert_eq!((done.status, done.out.as_str()), (1, ""));
}

/// What the thousand damages of the unit tests cannot show: the exit status and the two streams.
#[test]
fn a_damaged_file_ends_with_an_error_and_a_whole_one_without() {
    let app = samples::app(Chip::Esp32C3);
    let mut random = StdRng::seed_from_u64(2);
    let bench = Bench::new();
    for round in 0..50 {
        let mut damaged = app.clone();
        if round % 2 == 0 {
            damaged.truncate(random.random_range(0..app.len()));
        } else {
            damaged[random.random_range(24..app.len())] ^= random.random_range(1..=u8::MAX);
        }
        bench.file("damaged.bin", &damaged);
        let Done { status, out, err } = bench.inspect(&["damaged.bin", "--json"]);
        let told: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(status, 1, "round {round}: {out}");
        assert_eq!(
            err.lines().next(),
            Some(format!("error: {}", told["error"]["message"].as_str().unwrap()).as_str())
        );
        assert_eq!(told["push"]["accepted"], false, "round {round}");
    }
}
