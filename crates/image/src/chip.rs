//! The chips of the family, with what a parser and a flashing tool must know of each.

use core::fmt;

/// A chip of the ESP family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Chip {
    /// ESP8266 (and ESP8285): images of its own kinds, without a chip id.
    Esp8266,
    /// ESP32.
    Esp32,
    /// ESP32-S2.
    Esp32S2,
    /// ESP32-S3.
    Esp32S3,
    /// ESP32-C2 (and ESP8684).
    Esp32C2,
    /// ESP32-C3.
    Esp32C3,
    /// ESP32-C5.
    Esp32C5,
    /// ESP32-C6.
    Esp32C6,
    /// ESP32-C61.
    Esp32C61,
    /// ESP32-H2.
    Esp32H2,
    /// ESP32-H21.
    Esp32H21,
    /// ESP32-H4.
    Esp32H4,
    /// ESP32-P4.
    Esp32P4,
    /// ESP32-E22.
    Esp32E22,
    /// ESP32-S31.
    Esp32S31,
}

/// Name in lower case, the maker's name, image chip id, flash offset of the bootloader (ESP-IDF, esptool 5.6).
type Row = (Chip, &'static str, &'static str, Option<u16>, u32);

const ROWS: [Row; 15] = [
    (Chip::Esp8266, "esp8266", "ESP8266", None, 0),
    (Chip::Esp32, "esp32", "ESP32", Some(0x0000), 0x1000),
    (Chip::Esp32S2, "esp32s2", "ESP32-S2", Some(0x0002), 0x1000),
    (Chip::Esp32S3, "esp32s3", "ESP32-S3", Some(0x0009), 0x0),
    (Chip::Esp32C2, "esp32c2", "ESP32-C2", Some(0x000C), 0x0),
    (Chip::Esp32C3, "esp32c3", "ESP32-C3", Some(0x0005), 0x0),
    (Chip::Esp32C5, "esp32c5", "ESP32-C5", Some(0x0017), 0x2000),
    (Chip::Esp32C6, "esp32c6", "ESP32-C6", Some(0x000D), 0x0),
    (Chip::Esp32C61, "esp32c61", "ESP32-C61", Some(0x0014), 0x0),
    (Chip::Esp32H2, "esp32h2", "ESP32-H2", Some(0x0010), 0x0),
    (Chip::Esp32H21, "esp32h21", "ESP32-H21", Some(0x0019), 0x0),
    (Chip::Esp32H4, "esp32h4", "ESP32-H4", Some(0x001C), 0x2000),
    (Chip::Esp32P4, "esp32p4", "ESP32-P4", Some(0x0012), 0x2000),
    (Chip::Esp32E22, "esp32e22", "ESP32-E22", Some(0x001F), 0x0),
    (Chip::Esp32S31, "esp32s31", "ESP32-S31", Some(0x0020), 0x2000),
];

impl Chip {
    /// Every chip, ESP8266 first.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.0)
    }

    fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.0 == self).unwrap_or(&ROWS[0])
    }

    /// The name used in commands, URLs and files: `esp32c3`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The maker's name: `ESP32-C3`. ESPHome and ESP Web Tools manifests call it `chipFamily`.
    pub fn family(self) -> &'static str {
        self.row().2
    }

    /// The id at offset 12 of an image's header; an ESP8266 image has none.
    pub fn id(self) -> Option<u16> {
        self.row().3
    }

    /// Where in flash the second-stage bootloader lies.
    pub fn bootloader_offset(self) -> u32 {
        self.row().4
    }

    /// Whether the flash cache serves this address: code and data there run in place and are not loaded.
    /// Ranges from ESP-IDF's `soc.h` of each chip, data bus and instruction bus together.
    pub const fn maps_flash(self, address: u32) -> bool {
        match self {
            Self::Esp8266 => matches!(address, 0x4020_0000..0x4030_0000),
            Self::Esp32 => matches!(address, 0x3F40_0000..0x3F80_0000 | 0x400D_0000..0x4040_0000),
            Self::Esp32S2 => matches!(address, 0x3F00_0000..0x3FF8_0000 | 0x4008_0000..0x40B8_0000),
            Self::Esp32S3 => matches!(address, 0x3C00_0000..0x3E00_0000 | 0x4200_0000..0x4400_0000),
            Self::Esp32C3 => matches!(address, 0x3C00_0000..0x3C80_0000 | 0x4200_0000..0x4280_0000),
            Self::Esp32C2 => matches!(address, 0x3C00_0000..0x3C40_0000 | 0x4200_0000..0x4240_0000),
            Self::Esp32C6 | Self::Esp32H2 | Self::Esp32H21 => matches!(address, 0x4200_0000..0x4300_0000),
            Self::Esp32C5 | Self::Esp32C61 | Self::Esp32H4 => matches!(address, 0x4200_0000..0x4400_0000),
            Self::Esp32P4 => matches!(address, 0x4000_0000..0x4C00_0000),
            Self::Esp32E22 => matches!(address, 0x3C00_0000..0x4000_0000),
            Self::Esp32S31 => matches!(address, 0x4000_0000..0x5400_0000),
        }
    }

    /// The smallest page in which this chip can map its flash, in bytes. A mapped segment's offset in the image and its
    /// address agree modulo the page.
    pub const fn smallest_flash_page(self) -> u32 {
        match self {
            Self::Esp32C2 => 0x4000,
            Self::Esp32C5
            | Self::Esp32C6
            | Self::Esp32C61
            | Self::Esp32H2
            | Self::Esp32H21
            | Self::Esp32H4 => 0x2000,
            Self::Esp32S31 => 0x8000,
            _ => 0x1_0000,
        }
    }

    /// The chip with this image chip id.
    pub fn from_id(id: u16) -> Option<Self> {
        ROWS.iter().find(|row| row.3 == Some(id)).map(|row| row.0)
    }

    /// The chip called so: `esp32c3` or `ESP32-C3`, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = |row: &&Row| row.1.eq_ignore_ascii_case(name) || row.2.eq_ignore_ascii_case(name);
        ROWS.iter().find(named).map(|row| row.0)
    }
}

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Chip {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Chip {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl serde::de::Visitor<'_> for Name {
            type Value = Chip;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a chip's name such as esp32c3")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Chip, E> {
                Chip::from_name(name).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(name), &self))
            }
        }
        deserializer.deserialize_str(Name)
    }
}
