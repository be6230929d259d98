//! The form that the ESP8266's boot ROM loads, from which all other kinds are built: an 8-byte header, segments, filling
//! and a checksum that ends a 16-byte row.

use crate::bytes::{array, from, len32, part, u32_at};
use crate::checker::{CHECKSUM_SEED, xor};
use crate::flash::{FlashFrequency, FlashMode, FlashSize};
use crate::header::{IMAGE_MAGIC, MAX_SEGMENTS};
use crate::segment::{SEGMENT_HEADER_LEN, Segment, Segments};
use crate::{Error, Fault, Part};

/// Length of the header in bytes.
pub(crate) const HEADER_LEN: u32 = 8;

/// The header of an ESP8266 image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Esp8266Header {
    /// How many segments follow.
    pub segment_count: u8,
    /// How the flash is read.
    pub flash_mode: FlashMode,
    /// The size of the flash chip.
    pub flash_size: FlashSize,
    /// The clock of the flash chip.
    pub flash_frequency: FlashFrequency,
    /// Where execution begins.
    pub entry: u32,
}

impl Esp8266Header {
    /// Reads a header that begins with `magic`.
    pub(crate) fn parse(bytes: &[u8], magic: u8) -> Result<Self, Error> {
        let fail = |offset, fault| Err(Error::new(Part::Header, offset, fault));
        let Some([first, segment_count, mode, size_and_frequency]) = array(bytes, 0) else {
            return fail(0, Fault::Truncated { expected: HEADER_LEN, found: len32(bytes) });
        };
        let Some(entry) = u32_at(bytes, 4) else {
            return fail(0, Fault::Truncated { expected: HEADER_LEN, found: len32(bytes) });
        };
        if first != magic {
            return fail(0, Fault::Magic { expected: magic.into(), found: first.into() });
        }
        if !(1..=MAX_SEGMENTS).contains(&segment_count) {
            let expected = (1, MAX_SEGMENTS.into());
            return fail(1, Fault::Range { field: "segment count", expected, found: segment_count.into() });
        }
        Ok(Self {
            segment_count,
            flash_mode: FlashMode::from_byte(mode),
            flash_size: FlashSize::from_byte(size_and_frequency),
            flash_frequency: FlashFrequency::from_byte(size_and_frequency),
            entry,
        })
    }
}

/// An image of this form, walked but with its checksum not yet compared: for one of the kinds it covers other bytes than
/// the file holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RomImage {
    pub(crate) header: Esp8266Header,
    /// Offsets from the start of the file.
    pub(crate) segments: Segments,
    /// Computed over the segments as they are.
    pub(crate) computed: u8,
    /// The checksum byte, and where it is.
    pub(crate) stored: u8,
    pub(crate) checksum_at: u32,
}

impl RomImage {
    /// Walks the image that begins at `base` of `file`, a multiple of 16.
    pub(crate) fn walk(file: &[u8], base: u32) -> Result<Self, Error> {
        let header =
            Esp8266Header::parse(from(file, base), IMAGE_MAGIC).map_err(|error| error.within(base))?;
        let mut segments = Segments::default();
        let mut computed = CHECKSUM_SEED;
        let mut at = base.saturating_add(HEADER_LEN);
        for _ in 0..header.segment_count {
            let segment = segment(file, at, segments.count())?;
            segments.add(segment.address, segment.offset, segment.len);
            computed = xor(computed, part(file, segment.offset, segment.len).unwrap_or_default());
            at = segment.end();
        }
        let checksum_at = at | 0xF;
        let Some(&stored) = from(file, checksum_at).first() else {
            let found = len32(from(file, at));
            let fault = Fault::Truncated { expected: 16_u32.saturating_sub(at % 16), found };
            return Err(Error::new(Part::Checksum, at, fault));
        };
        Ok(Self { header, segments, computed, stored, checksum_at })
    }

    /// The offset of the first byte behind the checksum.
    pub(crate) fn end(&self) -> u32 {
        self.checksum_at.saturating_add(1)
    }

    /// Compares the checksum that was computed, or should have been, with the one stored.
    pub(crate) fn check(&self, expected: u8) -> Result<(), Error> {
        if self.stored == expected {
            return Ok(());
        }
        let fault = Fault::Sum { expected: expected.into(), found: self.stored.into() };
        Err(Error::new(Part::Checksum, self.checksum_at, fault))
    }
}

/// The segment whose header is at `at`. Its length need not be a multiple of 4: the Arduino core's are not.
pub(crate) fn segment(file: &[u8], at: u32, index: u8) -> Result<Segment, Error> {
    let fail = |fault| Err(Error::new(Part::Segment(index), at, fault));
    let rest = from(file, at);
    let (Some(address), Some(len)) = (u32_at(rest, 0), u32_at(rest, 4)) else {
        return fail(Fault::Truncated { expected: SEGMENT_HEADER_LEN, found: len32(rest) });
    };
    let left = len32(rest).saturating_sub(SEGMENT_HEADER_LEN);
    if len > left {
        return fail(Fault::PastEnd { expected: left, found: len });
    }
    Ok(Segment { index, address, offset: at.saturating_add(SEGMENT_HEADER_LEN), len })
}
