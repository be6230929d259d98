//! Every real file: its kind, its chip and how the command ends.
//!
//! Kind and chip are those of the folder's own table, which says where each file comes from; which independent tool reads
//! the same facts from it is in the tests of the crate image.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::bench;

/// File, kind, chip and exit status.
#[rustfmt::skip]
const FILES: [(&str, &str, Option<&str>, i32); 64] = [
    ("espgeiger-0.12.4-esp32c3.bin", "app", Some("esp32c3"), 0),
    ("espgeiger-0.12.4-esp32s3-bootloader.bin", "bootloader", Some("esp32s3"), 0),
    ("espgeiger-0.12.4-esp32s3-partitions.bin", "partition-table", None, 0),
    ("espgeiger-0.12.4-esp32s3.bin", "app", Some("esp32s3"), 0),
    ("espgeiger-0.6.1-esp32-merged0x1000.bin", "merged", Some("esp32"), 0),
    ("espgeiger-0.6.1-esp8266.bin", "esp8266", Some("esp8266"), 0),
    ("espgeiger-0.6.2-esp32-merged0x1000.bin", "merged", Some("esp32"), 0),
    ("espgeiger-0.6.2-esp8266.bin", "esp8266", Some("esp8266"), 0),
    ("espgeiger-0.7.0-esp32-merged0x1000.bin", "merged", Some("esp32"), 0),
    ("espgeiger-0.7.0-esp8266.bin", "esp8266", Some("esp8266"), 0),
    ("espgeiger-0.8.0-esp32-merged0x1000.bin", "merged", Some("esp32"), 0),
    ("espgeiger-0.8.0-esp8266.bin", "esp8266", Some("esp8266"), 0),
    ("espidfpart-factory-partitions.bin", "partition-table", None, 0),
    ("espidfpart-two-ota-partitions.bin", "partition-table", None, 0),
    ("espsomfy-2.4.6-20240628-esp32.bin", "app", Some("esp32"), 0),
    ("espsomfy-2.4.6-20240628-esp32s3.bin", "app", Some("esp32s3"), 0),
    ("espsomfy-2.4.6-20240710-esp32.bin", "app", Some("esp32"), 0),
    ("espsomfy-2.4.6-20240710-esp32s3.bin", "app", Some("esp32s3"), 0),
    ("espsomfy-2.4.6-20240714-esp32.bin", "app", Some("esp32"), 0),
    ("espsomfy-2.4.6-20240714-esp32s3.bin", "app", Some("esp32s3"), 0),
    ("espsomfy-2.4.6-20240714-littlefs.bin", "littlefs", None, 0),
    ("espsomfy-2.4.7-20240727-esp32.bin", "app", Some("esp32"), 0),
    ("espsomfy-2.4.7-20240727-esp32s3.bin", "app", Some("esp32s3"), 0),
    ("espsomfy-2.4.7-20240727-littlefs.bin", "littlefs", None, 0),
    ("esptool-blink-esp32s2.bin", "app", Some("esp32s2"), 0),
    ("esptool-bootloader-esp32-old.bin", "bootloader", Some("esp32"), 0),
    ("esptool-bootloader-esp32-v5.2.bin", "bootloader", Some("esp32"), 0),
    ("esptool-bootloader-esp32c6.bin", "bootloader", Some("esp32c6"), 0),
    ("esptool-esp32c3-header-min-rev.bin", "bootloader", Some("esp32c3"), 0),
    ("esptool-esp8266-sdk-user1-v2.bin", "esp8266", Some("esp8266"), 0),
    ("esptool-hello-signed-app.bin", "app", Some("esp32"), 0),
    ("esptool-helloworld-esp8266.bin", "esp8266", Some("esp8266"), 0),
    ("esptool-image-header-only.bin", "damaged", None, 1),
    ("esptool-nodemcu-esp8266-v1.bin", "esp8266", Some("esp8266"), 0),
    ("esptool-partitions-singleapp.bin", "partition-table", None, 0),
    ("esptool-sb1-ecdsa-bootloader.bin", "bootloader", Some("esp32"), 0),
    ("esptool-sb2-ecdsa192-bootloader.bin", "bootloader", Some("esp32"), 0),
    ("esptool-sb2-ecdsa256-bootloader.bin", "bootloader", Some("esp32"), 0),
    ("esptool-sb2-ecdsa256-multi-bootloader.bin", "bootloader", Some("esp32"), 0),
    ("esptool-sb2-ecdsa384-bootloader.bin", "bootloader", Some("esp32"), 0),
    ("esptool-sb2-rsa3072-bootloader.bin", "bootloader", Some("esp32"), 0),
    ("esptool-sb2-rsa3072-x3-bootloader.bin", "bootloader", Some("esp32"), 0),
    ("esptool-unsigned-bootloader.bin", "bootloader", Some("esp32"), 0),
    ("wled-0.14.2-esp32.bin", "app", Some("esp32"), 0),
    ("wled-0.14.2-esp32c3.bin", "app", Some("esp32c3"), 0),
    ("wled-0.14.2-esp8266.bin", "esp8266", Some("esp8266"), 0),
    ("wled-0.14.3-esp32.bin", "app", Some("esp32"), 0),
    ("wled-0.14.3-esp32c3.bin", "app", Some("esp32c3"), 0),
    ("wled-0.14.3-esp32s3.bin", "app", Some("esp32s3"), 0),
    ("wled-0.14.3-esp8266.bin", "esp8266", Some("esp8266"), 0),
    ("wled-0.14.4-esp32.bin", "app", Some("esp32"), 0),
    ("wled-0.14.4-esp32c3.bin", "app", Some("esp32c3"), 0),
    ("wled-0.14.4-esp32s3.bin", "app", Some("esp32s3"), 0),
    ("wled-0.14.4-esp8266.bin", "esp8266", Some("esp8266"), 0),
    ("wled-0.15.0-esp32.bin", "app", Some("esp32"), 0),
    ("wled-0.15.0-esp32c3.bin", "app", Some("esp32c3"), 0),
    ("wled-0.15.0-esp8266.bin", "esp8266", Some("esp8266"), 0),
    ("wled-0.16.0-alpha-20250316-esp32.bin", "app", Some("esp32"), 0),
    ("wled-0.16.0-alpha-20250316-esp32c3.bin", "app", Some("esp32c3"), 0),
    ("wled-0.16.0-alpha-20250317-esp32.bin", "app", Some("esp32"), 0),
    ("wled-0.16.0-alpha-20250317-esp32c3.bin", "app", Some("esp32c3"), 0),
    ("wled-0.16.0-alpha-20250318-esp32.bin", "app", Some("esp32"), 0),
    ("wled-0.16.0-alpha-20250318-esp32c3.bin", "app", Some("esp32c3"), 0),
    ("wled-0.16.0-alpha-esp02.bin.gz", "gzip", Some("esp8266"), 0),
];

/// The folder of images, if there is one.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("OTARY_FIRMWARE").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        println!("skipped: OTARY_FIRMWARE names no folder of images");
    }
    folder
}

#[test]
fn every_file_has_a_row() {
    let Some(folder) = folder() else { return };
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = names.filter(|name| name != "README.md").collect();
    assert_eq!(files, FILES.iter().map(|row| row.0.to_owned()).collect());
}

#[test]
fn every_file_is_what_its_row_says() {
    let Some(folder) = folder() else { return };
    for (file, kind, chip, status) in FILES {
        let done = bench::inspect(&folder, &[file, "--json"]);
        let told = done.json();
        assert_eq!(
            (&told["kind"], told["chip"].as_str(), done.status),
            (&kind.into(), chip, status),
            "{file}"
        );
        assert_eq!(done.err.is_empty(), status == 0, "{file}: {}", done.err);
        assert_eq!(told["error"].is_null(), status == 0, "{file}");
    }
}

#[test]
fn every_page_fits_a_terminal() {
    let Some(folder) = folder() else { return };
    for (file, ..) in FILES {
        let page = bench::inspect(&folder, &[file]).out;
        let wide = page.lines().find(|line| line.chars().count() > 80 || line.trim_end() != *line);
        assert_eq!(wide, None, "{file}");
        assert!(page.starts_with(file) && page.contains("\notary push\n"), "{page}");
    }
}

/// The bytes between image and signature belong to what is signed, and to no other check.
#[test]
fn a_signature_of_other_bytes_is_an_error() {
    let Some(folder) = folder() else { return };
    let mut file = std::fs::read(folder.join("esptool-sb2-ecdsa256-bootloader.bin")).unwrap();
    file[0x7FF0] ^= 1;
    let bench = bench::Bench::new();
    bench.file("signed.bin", &file);
    let done = bench.inspect(&["signed.bin"]);
    assert!(done.out.contains("CRC right, digest of the image WRONG"), "{}", done.out);
    let error = "error: signature block 0 at offset 0x8000: its digest is not that of the bytes before it\n";
    assert!(done.err.starts_with(error), "{}", done.err);
    assert_eq!(done.status, 1);
}
