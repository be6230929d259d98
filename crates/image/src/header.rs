//! The 24-byte header of an image of the ESP32 family.
//!
//! Source: ESP-IDF `esp_app_format.h`, `esp_image_header_t`.

use crate::bytes::{array, u16_at, u32_at};
use crate::flash::{FlashFrequency, FlashMode, FlashSize};
use crate::{Chip, Error, Fault, Part};

/// Length of the header in bytes.
pub const HEADER_LEN: u32 = 24;
/// Most segments that an image may have.
pub const MAX_SEGMENTS: u8 = 16;
/// First byte of an image, of ESP32 and ESP8266 alike.
pub const IMAGE_MAGIC: u8 = 0xE9;

/// A chip revision, as the header holds it: major times 100 plus minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Revision(pub u16);

impl Revision {
    /// The largest value: no bound.
    pub const UNBOUNDED: Self = Self(u16::MAX);

    /// The part before the dot.
    pub const fn major(self) -> u16 {
        self.0 / 100
    }

    /// The part behind the dot.
    pub const fn minor(self) -> u16 {
        self.0 % 100
    }
}

impl core::fmt::Display for Revision {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "v{}.{}", self.major(), self.minor())
    }
}

/// Every field of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The chip that the image is for. Images from before ESP-IDF 3.x carry 0 (ESP32) only because nothing was written.
    pub chip: Chip,
    /// How many segments the header announces, 1 to 16.
    pub segment_count: u8,
    /// How the flash is read.
    pub flash_mode: FlashMode,
    /// The size of the flash chip.
    pub flash_size: FlashSize,
    /// The clock of the flash chip.
    pub flash_frequency: FlashFrequency,
    /// Where execution begins.
    pub entry: u32,
    /// The write-protect pin; 0xEE when it is not used.
    pub wp_pin: u8,
    /// Drive strengths of the flash pins, two a byte, low nibble first: CLK, Q, D, CS, HD, WP.
    pub pin_drive: [u8; 3],
    /// The smallest chip revision as old bootloaders read it: the major number alone.
    pub min_revision_old: u8,
    /// The smallest chip revision that may run the image.
    pub min_revision: Revision,
    /// The largest chip revision that may run the image; 0 or 65535 in images that state none.
    pub max_revision: Revision,
    /// Bytes 19 to 22, without a meaning so far.
    pub reserved: [u8; 4],
    /// Whether a SHA-256 follows the checksum.
    pub hash_appended: bool,
}

impl Header {
    /// Reads the header at the start of `bytes`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let truncated =
            Fault::Truncated { expected: HEADER_LEN, found: crate::bytes::len32(bytes).min(HEADER_LEN) };
        array(bytes, 0).ok_or(Error::new(Part::Header, 0, truncated)).and_then(|bytes| Self::decode(&bytes))
    }

    pub(crate) fn decode(bytes: &[u8; 24]) -> Result<Self, Error> {
        let &[magic, segment_count, mode, size_and_frequency, _, _, _, _, wp_pin, ..] = bytes;
        let &[.., hash_appended] = bytes;
        let fail = |offset, fault| Err(Error::new(Part::Header, offset, fault));
        if magic != IMAGE_MAGIC {
            return fail(0, Fault::Magic { expected: IMAGE_MAGIC.into(), found: magic.into() });
        }
        if !(1..=MAX_SEGMENTS).contains(&segment_count) {
            let expected = (1, MAX_SEGMENTS.into());
            return fail(1, Fault::Range { field: "segment count", expected, found: segment_count.into() });
        }
        let chip_id = u16_at(bytes, 12).unwrap_or_default();
        let Some(chip) = Chip::from_id(chip_id) else {
            return fail(12, Fault::Unknown { field: "chip id", found: chip_id.into() });
        };
        if hash_appended > 1 {
            let field = "the mark of an appended SHA-256";
            return fail(23, Fault::Range { field, expected: (0, 1), found: hash_appended.into() });
        }
        Ok(Self {
            chip,
            segment_count,
            flash_mode: FlashMode::from_byte(mode),
            flash_size: FlashSize::from_byte(size_and_frequency),
            flash_frequency: FlashFrequency::from_byte(size_and_frequency),
            entry: u32_at(bytes, 4).unwrap_or_default(),
            wp_pin,
            pin_drive: array(bytes, 9).unwrap_or_default(),
            min_revision_old: array(bytes, 14).map(|[byte]| byte).unwrap_or_default(),
            min_revision: Revision(u16_at(bytes, 15).unwrap_or_default()),
            max_revision: Revision(u16_at(bytes, 17).unwrap_or_default()),
            reserved: array(bytes, 19).unwrap_or_default(),
            hash_appended: hash_appended == 1,
        })
    }

    /// The 24 bytes of this header.
    pub fn encode(&self) -> [u8; 24] {
        let [entry0, entry1, entry2, entry3] = self.entry.to_le_bytes();
        let [drive0, drive1, drive2] = self.pin_drive;
        let [chip0, chip1] = self.chip.id().unwrap_or(u16::MAX).to_le_bytes();
        let [min0, min1] = self.min_revision.0.to_le_bytes();
        let [max0, max1] = self.max_revision.0.to_le_bytes();
        let [reserved0, reserved1, reserved2, reserved3] = self.reserved;
        let size_and_frequency = self.flash_size.nibble() << 4 | self.flash_frequency.nibble();
        [
            IMAGE_MAGIC,
            self.segment_count,
            self.flash_mode.to_byte(),
            size_and_frequency,
            entry0,
            entry1,
            entry2,
            entry3,
            self.wp_pin,
            drive0,
            drive1,
            drive2,
            chip0,
            chip1,
            self.min_revision_old,
            min0,
            min1,
            max0,
            max1,
            reserved0,
            reserved1,
            reserved2,
            reserved3,
            u8::from(self.hash_appended),
        ]
    }
}
