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

/// A root that lives until 2050-06-15, as PEM and as DER, and a private key as PEM.
fn root_and_key() -> (String, Vec<u8>, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "lamp root");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.not_after = rcgen::date_time_ymd(2050, 6, 15);
    let root = params.self_signed(&key).unwrap();
    (root.pem(), root.der().to_vec(), key.serialize_pem())
}

fn offset_of(piece: &[u8], image: &[u8]) -> usize {
    image.windows(piece.len()).position(|window| window == piece).unwrap()
}

#[test]
fn what_lies_inside_an_image_is_told() {
    let (pem, der, key) = root_and_key();
    let url = b"https://joe:pass@ota.lan:3443/update?key=1234";
    let image = samples::app_with(&[url, pem.as_bytes(), &der, key.as_bytes(), b"192.168.1.70"]);
    let [text, bytes, secret] = [pem.as_bytes(), &der, key.as_bytes()].map(|piece| offset_of(piece, &image));
    let bench = Bench::new();
    bench.file("lamp.bin", &image);
    let page = bench.inspect(&["lamp.bin"]).transcript();
    let inside = format!(
        "\nInside
  certificate   lamp root, until 2050-06-15, PEM at {text:#010x}
  certificate   lamp root, until 2050-06-15, DER at {bytes:#010x}
  private key   P-256, at {secret:#010x}
  hosts         ota.lan
                192.168.1.70
  URLs          https://ota.lan:3443/update
  Whoever has the image has its private key: otary push refuses it without
  --i-know-what-i-do private-key.

otary push
"
    );
    assert!(page.contains(&inside), "{page}\n{inside}");
    assert!(page.ends_with("exit status 0\n"), "{page}");

    let told = bench.inspect(&["lamp.bin", "--json"]).json();
    let found = &told["embedded"];
    assert_eq!(found["certificates"][0]["name"], "lamp root");
    let of = |key| [&found["certificates"][0][key], &found["certificates"][1][key]];
    assert_eq!(of("offset"), [&text.into(), &bytes.into()] as [&serde_json::Value; 2]);
    assert_eq!(of("pem"), [&true.into(), &false.into()] as [&serde_json::Value; 2]);
    assert_eq!(found["hosts"], serde_json::json!(["ota.lan", "192.168.1.70"]));
    assert_eq!(found["urls"], serde_json::json!(["https://ota.lan:3443/update"]));
    assert_eq!(found["private_keys"], serde_json::json!([{ "offset": secret, "kind": "P-256" }]));
}

#[test]
fn what_lies_inside_a_gzip_file_is_told_by_its_place_in_the_unpacked_image() {
    let (pem, ..) = root_and_key();
    let image = samples::app_with(&[pem.as_bytes()]);
    let page = inspected("lamp.bin.gz", &gzip(&image, Compression::fast()));
    let row = format!(
        "  certificate   lamp root, until 2050-06-15, PEM at {:#010x}\n",
        offset_of(pem.as_bytes(), &image)
    );
    assert!(page.contains(&row), "{page}");
}

#[test]
fn of_many_names_the_first_few_are_on_the_page_and_all_in_the_json() {
    let names: Vec<String> = (0..11).map(|number| format!("lamp{number}.local")).collect();
    let bench = Bench::new();
    let pieces: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    bench.file("lamp.bin", &samples::app_with(&pieces));
    let page = bench.inspect(&["lamp.bin"]).out;
    assert!(
        page.contains("                lamp7.local\n                and 3 more, which --json tells\n"),
        "{page}"
    );
    assert!(!page.contains("lamp8.local"), "{page}");
    assert_eq!(bench.inspect(&["lamp.bin", "--json"]).json()["embedded"]["hosts"], serde_json::json!(names));
}

#[test]
fn of_a_damaged_image_nothing_is_said_that_a_device_would_not_run() {
    let (pem, ..) = root_and_key();
    let mut image = samples::app_with(&[pem.as_bytes()]);
    *image.last_mut().unwrap() ^= 1;
    let page = inspected("lamp.bin", &image);
    assert!(!page.contains("Inside") && page.ends_with("exit status 1\n"), "{page}");
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
