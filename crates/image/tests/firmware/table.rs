//! What every file of the firmware folder is, and who says so.

use otary_image::Chip::{self, Esp32, Esp32C3, Esp32C6, Esp32S2, Esp32S3};
use otary_image::Esp8266Kind::{self, Arduino, Rom, Sdk};

use Kind::{App, Bootloader, CutOff, Esp8266, Gzip, LittleFs, Merged, Table};

/// The kind that `detect` must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    App(Chip),
    Bootloader(Chip),
    Merged(Chip),
    Esp8266(Esp8266Kind),
    Gzip,
    Table,
    LittleFs,
    CutOff,
}

/// A file, its kind, and the oracles that its facts are compared with.
pub struct Row {
    pub file: &'static str,
    pub kind: Kind,
    pub oracles: &'static [&'static str],
    /// Where the vendor's tool is wrong or silent: in what.
    pub why: &'static str,
}

/// `esptool image-info`.
pub const IMAGE_INFO: &str = "image-info";
/// `esptool image-info` on the bootloader and the app cut out of a merged image.
pub const CARVED: &str = "carved";
/// `espsecure signature-info-v2`.
pub const SIGNATURE_INFO: &str = "signature-info";
/// The place of a Secure Boot V1 trailer, by hand.
pub const TRAILER_V1: &str = "trailer-v1";
/// The ESP8266's rules, by hand.
pub const ESP8266: &str = "esp8266";
/// Python's gzip, then the ESP8266's rules.
pub const UNZIPPED: &str = "unzipped";
/// littlefs-python: littlefs itself.
pub const LITTLEFS: &str = "littlefs";
/// A partition table's rows, by hand.
pub const ROWS: &str = "rows";
/// The crate esp-idf-part; asked in this process.
pub const ESP_IDF_PART: &str = "esp-idf-part";

const ARDUINO: Esp8266Kind = Arduino { length_and_crc: true };

#[rustfmt::skip]
pub const FILES: &[Row] = &[
    Row { file: "espgeiger-0.12.4-esp32c3.bin", kind: App(Esp32C3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "espgeiger-0.12.4-esp32s3-bootloader.bin", kind: Bootloader(Esp32S3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "espgeiger-0.12.4-esp32s3-partitions.bin", kind: Table, oracles: &[ESP_IDF_PART], why: "" },
    Row { file: "espgeiger-0.12.4-esp32s3.bin", kind: App(Esp32S3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "espgeiger-0.6.1-esp32-merged0x1000.bin", kind: Merged(Esp32), oracles: &[CARVED], why: "image-info refuses: the file begins with 0xFF" },
    Row { file: "espgeiger-0.6.1-esp8266.bin", kind: Esp8266(ARDUINO), oracles: &[ESP8266], why: "image-info reads eboot alone, the same in every release" },
    Row { file: "espgeiger-0.6.2-esp32-merged0x1000.bin", kind: Merged(Esp32), oracles: &[CARVED], why: "image-info refuses: the file begins with 0xFF" },
    Row { file: "espgeiger-0.6.2-esp8266.bin", kind: Esp8266(ARDUINO), oracles: &[ESP8266], why: "image-info reads eboot alone, the same in every release" },
    Row { file: "espgeiger-0.7.0-esp32-merged0x1000.bin", kind: Merged(Esp32), oracles: &[CARVED], why: "image-info refuses: the file begins with 0xFF" },
    Row { file: "espgeiger-0.7.0-esp8266.bin", kind: Esp8266(ARDUINO), oracles: &[ESP8266], why: "image-info reads eboot alone, the same in every release" },
    Row { file: "espgeiger-0.8.0-esp32-merged0x1000.bin", kind: Merged(Esp32), oracles: &[CARVED], why: "image-info refuses: the file begins with 0xFF" },
    Row { file: "espgeiger-0.8.0-esp8266.bin", kind: Esp8266(ARDUINO), oracles: &[ESP8266], why: "image-info reads eboot alone, the same in every release" },
    Row { file: "espidfpart-factory-partitions.bin", kind: Table, oracles: &[ESP_IDF_PART], why: "" },
    Row { file: "espidfpart-two-ota-partitions.bin", kind: Table, oracles: &[ESP_IDF_PART], why: "" },
    Row { file: "espsomfy-2.4.6-20240628-esp32.bin", kind: App(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "espsomfy-2.4.6-20240628-esp32s3.bin", kind: App(Esp32S3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "espsomfy-2.4.6-20240710-esp32.bin", kind: App(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "espsomfy-2.4.6-20240710-esp32s3.bin", kind: App(Esp32S3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "espsomfy-2.4.6-20240714-esp32.bin", kind: App(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "espsomfy-2.4.6-20240714-esp32s3.bin", kind: App(Esp32S3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "espsomfy-2.4.6-20240714-littlefs.bin", kind: LittleFs, oracles: &[LITTLEFS], why: "" },
    Row { file: "espsomfy-2.4.7-20240727-esp32.bin", kind: App(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "espsomfy-2.4.7-20240727-esp32s3.bin", kind: App(Esp32S3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "espsomfy-2.4.7-20240727-littlefs.bin", kind: LittleFs, oracles: &[LITTLEFS], why: "" },
    Row { file: "esptool-blink-esp32s2.bin", kind: App(Esp32S2), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "esptool-bootloader-esp32-old.bin", kind: Bootloader(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "esptool-bootloader-esp32-v5.2.bin", kind: Bootloader(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "esptool-bootloader-esp32c6.bin", kind: Bootloader(Esp32C6), oracles: &[IMAGE_INFO], why: "image-info calls the flash clock 0xF unknown; ESP-IDF (esp_app_format.h) says undivided, so 80 MHz" },
    Row { file: "esptool-esp32c3-header-min-rev.bin", kind: Bootloader(Esp32C3), oracles: &[IMAGE_INFO], why: "image-info names no kinds; without a mapped segment it is a bootloader by our rule" },
    Row { file: "esptool-esp8266-sdk-user1-v2.bin", kind: Esp8266(Sdk), oracles: &[ESP8266], why: "image-info does not look at the CRC" },
    Row { file: "esptool-hello-signed-app.bin", kind: App(Esp32), oracles: &[IMAGE_INFO, TRAILER_V1], why: "espsecure can only verify a V1 trailer, and with its key" },
    Row { file: "esptool-helloworld-esp8266.bin", kind: Esp8266(Rom), oracles: &[ESP8266], why: "" },
    Row { file: "esptool-image-header-only.bin", kind: CutOff, oracles: &[IMAGE_INFO], why: "image-info refuses too, with an IndexError" },
    Row { file: "esptool-nodemcu-esp8266-v1.bin", kind: Esp8266(Rom), oracles: &[ESP8266], why: "image-info says nothing of the code in flash behind the image" },
    Row { file: "esptool-partitions-singleapp.bin", kind: Table, oracles: &[ROWS], why: "esp-idf-part refuses a table without an MD5 row" },
    Row { file: "esptool-sb1-ecdsa-bootloader.bin", kind: Bootloader(Esp32), oracles: &[IMAGE_INFO, TRAILER_V1], why: "espsecure can only verify a V1 trailer, and with its key" },
    Row { file: "esptool-sb2-ecdsa192-bootloader.bin", kind: Bootloader(Esp32), oracles: &[IMAGE_INFO, SIGNATURE_INFO], why: "" },
    Row { file: "esptool-sb2-ecdsa256-bootloader.bin", kind: Bootloader(Esp32), oracles: &[IMAGE_INFO, SIGNATURE_INFO], why: "" },
    Row { file: "esptool-sb2-ecdsa256-multi-bootloader.bin", kind: Bootloader(Esp32), oracles: &[IMAGE_INFO, SIGNATURE_INFO], why: "" },
    Row { file: "esptool-sb2-ecdsa384-bootloader.bin", kind: Bootloader(Esp32), oracles: &[IMAGE_INFO, SIGNATURE_INFO], why: "" },
    Row { file: "esptool-sb2-rsa3072-bootloader.bin", kind: Bootloader(Esp32), oracles: &[IMAGE_INFO, SIGNATURE_INFO], why: "" },
    Row { file: "esptool-sb2-rsa3072-x3-bootloader.bin", kind: Bootloader(Esp32), oracles: &[IMAGE_INFO, SIGNATURE_INFO], why: "" },
    Row { file: "esptool-unsigned-bootloader.bin", kind: Bootloader(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.14.2-esp32.bin", kind: App(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.14.2-esp32c3.bin", kind: App(Esp32C3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.14.2-esp8266.bin", kind: Esp8266(ARDUINO), oracles: &[ESP8266], why: "image-info reads eboot alone, the same in every release" },
    Row { file: "wled-0.14.3-esp32.bin", kind: App(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.14.3-esp32c3.bin", kind: App(Esp32C3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.14.3-esp32s3.bin", kind: App(Esp32S3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.14.3-esp8266.bin", kind: Esp8266(ARDUINO), oracles: &[ESP8266], why: "image-info reads eboot alone, the same in every release" },
    Row { file: "wled-0.14.4-esp32.bin", kind: App(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.14.4-esp32c3.bin", kind: App(Esp32C3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.14.4-esp32s3.bin", kind: App(Esp32S3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.14.4-esp8266.bin", kind: Esp8266(ARDUINO), oracles: &[ESP8266], why: "image-info reads eboot alone, the same in every release" },
    Row { file: "wled-0.15.0-esp32.bin", kind: App(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.15.0-esp32c3.bin", kind: App(Esp32C3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.15.0-esp8266.bin", kind: Esp8266(ARDUINO), oracles: &[ESP8266], why: "image-info reads eboot alone, the same in every release" },
    Row { file: "wled-0.16.0-alpha-20250316-esp32.bin", kind: App(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.16.0-alpha-20250316-esp32c3.bin", kind: App(Esp32C3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.16.0-alpha-20250317-esp32.bin", kind: App(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.16.0-alpha-20250317-esp32c3.bin", kind: App(Esp32C3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.16.0-alpha-20250318-esp32.bin", kind: App(Esp32), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.16.0-alpha-20250318-esp32c3.bin", kind: App(Esp32C3), oracles: &[IMAGE_INFO], why: "" },
    Row { file: "wled-0.16.0-alpha-esp02.bin.gz", kind: Gzip, oracles: &[UNZIPPED], why: "image-info does not unpack" },
];
