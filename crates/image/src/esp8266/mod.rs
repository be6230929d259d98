//! Images of the ESP8266, which has no chip id and four ways to lay out a file.
//!
//! | kind | layout |
//! |---|---|
//! | [`Rom`](Esp8266Kind::Rom) | what the boot ROM loads; code in flash, if any, lies further behind or in a second file |
//! | [`Sdk`](Esp8266Kind::Sdk) | `EA 04`: code in flash first, then the RAM part, then a CRC-32 over all |
//! | [`Arduino`](Esp8266Kind::Arduino) | the boot loader eboot in the first 4 KiB, the application at 0x1000 |
//! | [`Rtos`](Esp8266Kind::Rtos) | one image with the code in flash as a segment, and a SHA-256 (RTOS SDK 3) |
//!
//! The vendor's `image-info` reads only the first image of a file. In an Arduino file that is eboot, the same in every
//! release; here the application is what is checked. Sources: esptool `bin_image.py`, the Arduino core's `elf2bin.py`
//! and `eboot`, the RTOS SDK's `esp_image_format.c`.

mod rom;

use crc::{CRC_32_ISO_HDLC, CRC_32_MPEG_2, Crc, Table};
use sha2::{Digest as _, Sha256};

pub use rom::Esp8266Header;
use rom::{HEADER_LEN, RomImage};

use crate::bytes::{self, array, from, len32, part, u32_at};
use crate::checker::{DIGEST_LEN, xor};
use crate::descriptor::Descriptor;
use crate::header::IMAGE_MAGIC;
use crate::segment::{Segment, Segments};
use crate::{Chip, Error, Fault, Part, Tail};

/// First byte of an SDK image; the second is 4.
const SDK_MAGIC: u8 = 0xEA;
/// Where eboot ends and the application begins.
const APPLICATION: u32 = 0x1000;
/// What the space between them is filled with.
const FILLING: u8 = 0xAA;
/// Where eboot runs: the end of the instruction RAM (its linker script).
const EBOOT_ADDRESS: u32 = 0x4010_F000;
/// The words for length and CRC, which the tools write after the checksum was made.
const WORDS: u32 = 0x1010;
const WORDS_LEN: u32 = 8;
/// Lengths of RSA signatures, in bytes; the core itself makes 256.
const SIGNATURE_LENS: [u32; 4] = [128, 256, 384, 512];
static ZIP_CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);
static EBOOT_CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_MPEG_2);

/// How the file is laid out; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Esp8266Kind {
    /// For the boot ROM.
    Rom,
    /// For the SDK's boot loader (`user1.bin`, `user2.bin`).
    Sdk,
    /// Of the Arduino core. Newer builds (core 3) hold their length and a CRC, older ones do not.
    Arduino {
        /// Whether length and CRC are there (and right).
        length_and_crc: bool,
    },
    /// Of the RTOS SDK 3.
    Rtos {
        /// Whether the SHA-256 of the image follows it.
        digest: bool,
    },
}

/// A checked ESP8266 image and the file it came in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Esp8266<'a> {
    file: &'a [u8],
    kind: Esp8266Kind,
    header: Esp8266Header,
    segments: Segments,
    checksum: u8,
    image_len: u32,
}

impl<'a> Esp8266<'a> {
    /// Whether these bytes begin as an image of this chip and no other: a first segment at one of its addresses.
    pub fn recognise(file: &[u8]) -> bool {
        let segment = |at| u32_at(file, at).is_some_and(in_memory);
        match array(file, 0) {
            Some([SDK_MAGIC, 4]) => true,
            Some([IMAGE_MAGIC, _]) => segment(8),
            _ => false,
        }
    }

    /// Checks the image at the start of `file`.
    pub fn parse(file: &'a [u8]) -> Result<Self, Error> {
        if u32::try_from(file.len()).is_err() {
            let fault = Fault::Range { field: "length", expected: (0, u32::MAX), found: u32::MAX };
            return Err(Error::new(Part::File, 0, fault));
        }
        if file.first() == Some(&SDK_MAGIC) {
            return Self::parse_sdk(file);
        }
        let first = RomImage::walk(file, 0)?;
        first.check(first.computed)?;
        if is_eboot(file, &first) {
            return Self::parse_arduino(file);
        }
        let mapped = first.segments.iter().any(|segment| segment.maps_flash(Chip::Esp8266));
        let sha: [u8; 32] = Sha256::digest(part(file, 0, first.end()).unwrap_or_default()).into();
        let digest = mapped && array(from(file, first.end()), 0) == Some(sha);
        let kind = if mapped { Esp8266Kind::Rtos { digest } } else { Esp8266Kind::Rom };
        let end = first.end().saturating_add(if digest { DIGEST_LEN } else { 0 });
        Ok(Self::new(file, kind, &first, end))
    }

    fn new(file: &'a [u8], kind: Esp8266Kind, rom: &RomImage, image_len: u32) -> Self {
        Self { file, kind, header: rom.header, segments: rom.segments, checksum: rom.stored, image_len }
    }

    fn parse_sdk(file: &'a [u8]) -> Result<Self, Error> {
        Esp8266Header::parse(file, SDK_MAGIC)?;
        let in_flash = rom::segment(file, HEADER_LEN, 0)?;
        let ram = RomImage::walk(file, in_flash.end())?;
        ram.check(ram.computed)?;
        let stored = from(file, ram.end());
        let fail = |fault| Err(Error::new(Part::Crc, ram.end(), fault));
        let Some(found) = u32_at(stored, 0) else {
            return fail(Fault::Truncated { expected: 4, found: len32(stored) });
        };
        let crc = ZIP_CRC.checksum(part(file, 0, ram.end()).unwrap_or_default());
        // The SDK's own form: the complement of a large value, else the next number.
        let expected = if crc >> 31 == 1 { !crc } else { crc.wrapping_add(1) };
        if found != expected {
            return fail(Fault::Sum { expected, found });
        }
        let mut segments = Segments::default();
        for segment in core::iter::once(&in_flash).chain(&ram.segments) {
            segments.add(segment.address, segment.offset, segment.len);
        }
        Ok(Self { segments, ..Self::new(file, Esp8266Kind::Sdk, &ram, ram.end().saturating_add(4)) })
    }

    fn parse_arduino(file: &'a [u8]) -> Result<Self, Error> {
        let app = RomImage::walk(file, APPLICATION)?;
        let words = part(file, WORDS, WORDS_LEN).unwrap_or_default();
        let length_and_crc = u32_at(words, 0) == Some(app.end());
        if length_and_crc {
            // They were written behind the checksum's back: it was made while they were zero.
            app.check(xor(app.computed, words))?;
            check_crc(part(file, 0, app.end()).unwrap_or_default(), words)?;
        } else {
            app.check(app.computed)?;
        }
        Ok(Self::new(file, Esp8266Kind::Arduino { length_and_crc }, &app, app.end()))
    }

    /// How the file is laid out.
    pub const fn kind(&self) -> Esp8266Kind {
        self.kind
    }

    /// The header of the part that holds the application's RAM segments.
    pub const fn header(&self) -> &Esp8266Header {
        &self.header
    }

    /// The application's segments; offsets from the start of the file.
    pub const fn segments(&self) -> &Segments {
        &self.segments
    }

    /// The data of a segment of this image.
    pub fn data(&self, segment: &Segment) -> &'a [u8] {
        part(self.file, segment.offset, segment.len).unwrap_or_default()
    }

    /// The application's checksum, as stored.
    pub const fn checksum(&self) -> u8 {
        self.checksum
    }

    /// Length of the image in bytes, without a signature or anything else behind it.
    pub const fn image_len(&self) -> u32 {
        self.image_len
    }

    /// The image alone: the bytes whose MD5 a device reports that checks signatures.
    pub fn image(&self) -> &'a [u8] {
        part(self.file, 0, self.image_len).unwrap_or(self.file)
    }

    /// The whole slice that was parsed.
    pub const fn file(&self) -> &'a [u8] {
        self.file
    }

    /// The application descriptor, which RTOS SDK 3 images have.
    pub fn descriptor(&self) -> Option<Descriptor<'a>> {
        Descriptor::of(self.data(self.segments.iter().next()?))
    }

    /// The RSA signature that the Arduino core's signing tool puts behind the image, without its length word.
    pub fn signature(&self) -> Option<&'a [u8]> {
        trailer(self.file).filter(|signature| {
            let signed = len32(self.file).checked_sub(self.image_len);
            signed == len32(signature).checked_add(4)
        })
    }

    /// What follows the image.
    pub fn tail(&self) -> Tail {
        let rest = from(self.file, self.image_len);
        match len32(rest) {
            0 => Tail::Nothing,
            len if self.signature().is_some() => Tail::Signature(len),
            len if bytes::erased(rest) => Tail::Erased(len),
            len => Tail::Other(len),
        }
    }
}

impl core::fmt::Debug for Esp8266<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Esp8266")
            .field("kind", &self.kind)
            .field("header", &self.header)
            .field("segments", &self.segments)
            .field("image_len", &self.image_len)
            .finish_non_exhaustive()
    }
}

/// Whether this is an address of the ESP8266's RAM or mapped flash.
const fn in_memory(address: u32) -> bool {
    matches!(address, 0x3FFE_8000..0x4000_0000 | 0x4010_0000..0x4011_0000)
        || Chip::Esp8266.maps_flash(address)
}

/// Whether the first image is eboot, so that a sketch has to follow: by the next image's first byte, by the filling up to
/// there, or by its own address. One sign is enough, or a file cut off or damaged at 0x1000 would pass as a ROM image.
fn is_eboot(file: &[u8], first: &RomImage) -> bool {
    let Some(room) = APPLICATION.checked_sub(first.end()) else { return false };
    let behind = from(file, first.end());
    let filling = part(behind, 0, room).unwrap_or(behind);
    let filled = !filling.is_empty() && filling.iter().all(|&byte| byte == FILLING);
    let address = first.segments.as_slice().first().map(|segment| segment.address);
    filled || address == Some(EBOOT_ADDRESS) || from(file, APPLICATION).first() == Some(&IMAGE_MAGIC)
}

/// eboot's CRC over the image with both words zero.
fn check_crc(image: &[u8], words: &[u8]) -> Result<(), Error> {
    let mut crc = EBOOT_CRC.digest();
    crc.update(part(image, 0, WORDS).unwrap_or_default());
    crc.update(&[0; WORDS_LEN as usize]);
    crc.update(from(image, WORDS.saturating_add(WORDS_LEN)));
    let expected = crc.finalize();
    let found = u32_at(words, 4).unwrap_or_default();
    if found == expected {
        return Ok(());
    }
    Err(Error::new(Part::LengthAndCrc, WORDS.saturating_add(4), Fault::Sum { expected, found }))
}

/// The signature at the end of a signed file: its length stands in the last word.
pub(crate) fn trailer(file: &[u8]) -> Option<&[u8]> {
    let (rest, len) = file.split_last_chunk()?;
    let len = u32::from_le_bytes(*len);
    if !SIGNATURE_LENS.contains(&len) {
        return None;
    }
    rest.get(rest.len().checked_sub(usize::try_from(len).ok()?)?..)
}
