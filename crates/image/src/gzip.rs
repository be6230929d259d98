//! The wrapper of a compressed image, as far as its header and trailer tell (RFC 1952).
//!
//! ESP8266 devices take such files as they are and unpack them at the next start. What is inside must be checked after
//! unpacking, with std at hand; flate2, which does that, reads no trailer without unpacking and needs a heap.

use crate::bytes::{array, from, len32, part, u16_at, u32_at};
use crate::{Error, Fault, Part, Text, esp8266};

/// The two bytes every gzip file begins with.
pub(crate) const MAGIC: [u8; 2] = [0x1F, 0x8B];
const HEADER_LEN: u32 = 10;
const TRAILER_LEN: u32 = 8;
const DEFLATE: u8 = 8;
const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0xE0;

/// A gzip file of one member.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Gzip<'a> {
    file: &'a [u8],
    name: Option<Text<'a>>,
    /// The compressed member, without a signature behind it.
    member: &'a [u8],
    deflate: &'a [u8],
    crc32: u32,
    unpacked_len: u32,
}

impl<'a> Gzip<'a> {
    /// Reads header and trailer of `file`.
    pub fn parse(file: &'a [u8]) -> Result<Self, Error> {
        let signature_len = esp8266::trailer(file).map_or(0, |signature| len32(signature).saturating_add(4));
        let member = part(file, 0, len32(file).saturating_sub(signature_len)).unwrap_or(file);
        let (name, data_at) = header(member)?;
        let rest = from(member, data_at);
        let trailer = rest.split_last_chunk::<{ TRAILER_LEN as usize }>();
        let Some((deflate, trailer)) = trailer else {
            let fault = Fault::Truncated { expected: TRAILER_LEN, found: len32(rest) };
            return Err(Error::new(Part::Gzip, data_at, fault));
        };
        let word = |at| u32_at(trailer, at).unwrap_or_default();
        Ok(Self { file, name, member, deflate, crc32: word(0), unpacked_len: word(4) })
    }

    /// The name of the file that was compressed (Latin-1 by the standard, most often ASCII).
    pub const fn name(&self) -> Option<Text<'a>> {
        self.name
    }

    /// The length that the trailer declares for the unpacked file, modulo 2^32. It may lie: bound what you unpack.
    pub const fn unpacked_len(&self) -> u32 {
        self.unpacked_len
    }

    /// CRC-32 of the unpacked file, as the trailer declares it.
    pub const fn crc32(&self) -> u32 {
        self.crc32
    }

    /// The gzip member: what to unpack.
    pub const fn member(&self) -> &'a [u8] {
        self.member
    }

    /// The deflate stream in it, without gzip's header and trailer.
    pub const fn deflate(&self) -> &'a [u8] {
        self.deflate
    }

    /// The whole slice that was parsed.
    pub const fn file(&self) -> &'a [u8] {
        self.file
    }

    /// The signature of the Arduino core's signing tool, which signs what is already compressed.
    pub fn signature(&self) -> Option<&'a [u8]> {
        esp8266::trailer(self.file)
    }
}

impl core::fmt::Debug for Gzip<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Gzip")
            .field("len", &len32(self.file))
            .field("name", &self.name)
            .field("unpacked_len", &self.unpacked_len)
            .finish_non_exhaustive()
    }
}

/// The name in the header, and the offset behind the header.
fn header(file: &[u8]) -> Result<(Option<Text<'_>>, u32), Error> {
    let truncated = |at, expected| {
        Error::new(Part::Gzip, at, Fault::Truncated { expected, found: len32(from(file, at)) })
    };
    let [id1, id2, method, flags] = array(file, 0).ok_or(truncated(0, HEADER_LEN))?;
    let fail = |offset, fault| Err(Error::new(Part::Gzip, offset, fault));
    if [id1, id2] != MAGIC {
        let word = |[low, high]: [u8; 2]| u32::from(u16::from_le_bytes([low, high]));
        return fail(0, Fault::Magic { expected: word(MAGIC), found: word([id1, id2]) });
    }
    if method != DEFLATE {
        return fail(2, Fault::Unknown { field: "compression method", found: method.into() });
    }
    if flags & RESERVED != 0 {
        return fail(3, Fault::Unknown { field: "flags", found: flags.into() });
    }
    let mut at = HEADER_LEN;
    if flags & EXTRA != 0 {
        let len = u16_at(from(file, at), 0).ok_or(truncated(at, 2))?;
        at = at.saturating_add(2).saturating_add(len.into());
    }
    let mut text = |flag| {
        let field = from(file, at);
        let end = (flags & flag != 0).then(|| field.iter().position(|&byte| byte == 0));
        let Some(end) = end else { return Ok(None) };
        let end = end.ok_or(truncated(at, len32(field).saturating_add(1)))?;
        at = at.saturating_add(u32::try_from(end).unwrap_or(u32::MAX)).saturating_add(1);
        Ok(Some(Text::new(field)))
    };
    let name = text(NAME)?;
    text(COMMENT)?;
    if flags & HEADER_CRC != 0 {
        at = at.saturating_add(2);
    }
    Ok((name, at))
}
