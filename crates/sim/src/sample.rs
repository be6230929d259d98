//! Sample firmware: small but real images of our own, for demos and tests.
//!
//! They pass every check of a bootloader and carry their version the way a sketch does: as a text in their data, not
//! in the descriptor, which in an Arduino image says nothing of the sketch.

use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use otary_image::{Chip, Error, FlashFrequency};

/// What precedes the version text in a sample's data; a zero ends it.
const MARKER: &[u8] = b"otary-sample-version=";
/// What precedes the URL that a sample asks.
const URL_MARKER: &[u8] = b"otary-sample-url=";
/// What precedes the certificates that a sample trusts.
const ANCHORS_MARKER: &[u8] = b"otary-sample-anchors=";
/// The longest version text that is looked for.
const LONGEST_VERSION: usize = 64;
/// The longest URL and the longest list of certificates that are looked for, in bytes.
const LONGEST_SETTING: usize = 32 * 1024;
/// Bytes of code that are loaded to RAM.
const RAM_BYTES: usize = 4096;

/// What is compiled into a sketch besides its version: where it asks, and whom it trusts. Empty texts stand for none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings<'a> {
    /// The URL that it asks for updates, without a zero in it.
    pub url: &'a str,
    /// The certificates that it trusts, as PEM text.
    pub anchors: &'a str,
}

/// An app image for `chip` of about `size` bytes, the same for the same arguments. Two versions share most of their
/// bytes, as two builds of a project do. It says neither where it asks nor whom it trusts.
pub fn app(chip: Chip, version: &str, size: usize) -> Result<Vec<u8>, Error> {
    app_with(chip, version, size, Settings::default())
}

/// The same with these settings in it, as texts among its data.
pub fn app_with(chip: Chip, version: &str, size: usize, settings: Settings<'_>) -> Result<Vec<u8>, Error> {
    let version: String = version.chars().take(LONGEST_VERSION).collect();
    let texts = [(MARKER, version.as_str()), (URL_MARKER, settings.url), (ANCHORS_MARKER, settings.anchors)];
    let texts = texts.iter().filter(|(_, text)| !text.is_empty());
    let mut data: Vec<u8> =
        texts.flat_map(|(marker, text)| [marker, text.as_bytes(), b"\0"].concat()).collect();
    let mut noise = Noise::seeded(chip.name());
    let mut changed = Noise::seeded(&version);
    while data.len() < size.saturating_sub(RAM_BYTES) {
        // Every eighth kilobyte is the version's own.
        let source = if (data.len() / 1024).is_multiple_of(8) { &mut changed } else { &mut noise };
        data.extend(source.next().to_le_bytes());
    }
    let code: Vec<u8> = noise.bytes(RAM_BYTES);
    let descriptor = AppDescriptor {
        version: "esp-idf: v5.1.4 sample",
        project: "arduino-lib-builder",
        time: "00:00:00",
        date: "Jan  1 2026",
        idf_version: "v5.1.4-497-gdc859c1e67-dirty",
        ..AppDescriptor::default()
    };
    let segments = [
        AppSegment { address: mapped_address(chip), data: &data },
        AppSegment { address: ram_address(chip), data: &code },
    ];
    write(&AppImage {
        entry: ram_address(chip),
        descriptor: Some(descriptor),
        segments: &segments,
        ..AppImage::new(chip)
    })
}

/// A bootloader image for `chip`: segments where the Arduino cores' own have them, for the boot lines, and no code.
pub fn bootloader(chip: Chip) -> Result<Vec<u8>, Error> {
    let (entry, places): (u32, &[(u32, usize)]) = match chip {
        Chip::Esp32 => (
            0x4008_06B4,
            &[(0x3FFF_0018, 4), (0x3FFF_001C, 1216), (0x4007_8000, 10_944), (0x4008_0400, 6388)],
        ),
        Chip::Esp32S3 => (0x403C_98D0, &[(0x3FCE_3808, 0x4BC), (0x403C_9700, 0xBD8), (0x403C_C700, 0x2A0C)]),
        Chip::Esp32C3 => (0x403C_C710, &[(0x3FCD_5820, 0x1714), (0x403C_C710, 0x968), (0x403C_E710, 0x2F9C)]),
        other => (ram_address(other), &[]),
    };
    let mut noise = Noise::seeded("bootloader");
    let default = [(ram_address(chip), 0x2000)];
    let places = if places.is_empty() { &default[..] } else { places };
    let data: Vec<_> = places.iter().map(|(_, len)| noise.bytes(*len)).collect();
    let segments: Vec<_> =
        places.iter().zip(&data).map(|((address, _), data)| AppSegment { address: *address, data }).collect();
    // 80 MHz, the Arduino tools' default.
    let flash_frequency = FlashFrequency::from_byte(0xF);
    write(&AppImage { entry, segments: &segments, flash_frequency, ..AppImage::new(chip) })
}

/// The version that a sample image carries.
pub fn version(image: &[u8]) -> Option<&str> {
    text(image, MARKER, LONGEST_VERSION * 4)
}

/// The settings that a sample image carries, if it carries any.
pub fn settings(image: &[u8]) -> Option<Settings<'_>> {
    let [url, anchors] = [URL_MARKER, ANCHORS_MARKER].map(|marker| text(image, marker, LONGEST_SETTING));
    let is_some = url.is_some() || anchors.is_some();
    is_some.then(|| Settings { url: url.unwrap_or_default(), anchors: anchors.unwrap_or_default() })
}

/// The text behind a marker, of `longest` bytes at most.
fn text<'a>(image: &'a [u8], marker: &[u8], longest: usize) -> Option<&'a str> {
    let at = image.windows(marker.len()).position(|window| window == marker)?;
    let text = image.get(at..)?.strip_prefix(marker)?;
    let end = text.iter().take(longest + 1).position(|&byte| byte == 0)?;
    std::str::from_utf8(text.get(..end)?).ok()
}

fn write(image: &AppImage<'_>) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; image.image_len()? as usize];
    image.write(&mut bytes)?;
    Ok(bytes)
}

/// Where flash appears in the chip's address space, behind the image's first two headers.
fn mapped_address(chip: Chip) -> u32 {
    let places = [0x3F40_0020, 0x3C00_0020, 0x4200_0020, 0x4000_0020];
    places.into_iter().find(|&address| chip.maps_flash(address)).unwrap_or(0x4000_0020)
}

/// RAM for code.
fn ram_address(chip: Chip) -> u32 {
    match chip {
        Chip::Esp8266 => 0x4010_0000,
        Chip::Esp32 => 0x4008_0000,
        Chip::Esp32S2 => 0x4002_8000,
        Chip::Esp32S3 | Chip::Esp32C2 | Chip::Esp32C3 => 0x4038_0000,
        Chip::Esp32P4 => 0x4FF0_0000,
        Chip::Esp32S31 => 0x2F00_0000,
        _ => 0x4080_0000,
    }
}

/// Bytes that look like code to anything that compresses them: a xorshift generator (Marsaglia 2003).
struct Noise(u64);

impl Noise {
    fn seeded(text: &str) -> Self {
        // FNV-1a, which is never zero here.
        Self(text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3) | 1
        }))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next().to_le_bytes()).flatten().take(len).collect()
    }
}

#[cfg(test)]
mod tests {
    use otary_image::{App, Role};

    use super::*;

    #[test]
    fn samples_are_whole_images_of_every_chip() {
        for chip in Chip::all().filter(|chip| chip.id().is_some()) {
            let bytes = app(chip, "0.2", 20_000).unwrap();
            let image = App::parse(&bytes).unwrap();
            assert_eq!((image.chip(), image.role(), version(&bytes)), (chip, Role::Application, Some("0.2")));
            assert!(image.descriptor().unwrap().says_nothing());
            assert!((19_000..30_000).contains(&bytes.len()), "{chip} {}", bytes.len());

            let bytes = bootloader(chip).unwrap();
            assert_eq!(App::parse(&bytes).unwrap().role(), Role::Bootloader, "{chip}");
        }
    }

    #[test]
    fn the_same_arguments_give_the_same_bytes_and_versions_differ() {
        let [a, again, b] = ["0.1", "0.1", "0.2"].map(|version| app(Chip::Esp32, version, 200_000).unwrap());
        assert_eq!(a, again);
        let same = a.iter().zip(&b).filter(|(a, b)| a == b).count();
        assert!(same > a.len() / 2 && same < a.len(), "{same} of {}", a.len());
    }

    #[test]
    fn a_sample_says_where_it_asks_and_whom_it_trusts_if_it_was_given_that() {
        let settings_of =
            |settings| super::settings(&app_with(Chip::Esp32, "1", 20_000, settings).unwrap()).is_some();
        assert!(!settings_of(Settings::default()));
        let given = Settings { url: "https://ota.lan/update", anchors: "-----BEGIN CERTIFICATE-----\n" };
        let image = app_with(Chip::Esp32, "1", 20_000, given).unwrap();
        assert_eq!((settings(&image), version(&image)), (Some(given), Some("1")));
        assert!(App::parse(&image).is_ok());
    }

    #[test]
    fn other_images_carry_no_version() {
        assert_eq!(version(b""), None);
        assert_eq!(version(MARKER), None);
        assert_eq!(version(&[MARKER, &[0xFF, 0]].concat()), None);
    }
}
