//! The deterministic part of CBOR that our messages are written in (RFC 8949 section 4.2.1): one way to write each value,
//! and a reader that refuses every other way.
//!
//! Maps have small integers as keys, ascending; each number and length takes the fewest bytes; lengths are definite; nothing
//! follows. So a message that was read is, written again, the same bytes.

use minicbor::encode::write::{Cursor, EndOfSlice};
use minicbor::{Decoder, Encoder};
use otary_image::Chip;

use crate::{Error, Fault, List};

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Bytes of the head of an item with this argument, in the shortest form (RFC 8949 section 3).
const fn head_len(argument: u64) -> usize {
    match argument {
        0..=23 => 1,
        24..=0xFF => 2,
        0x100..=0xFFFF => 3,
        0x1_0000..=0xFFFF_FFFF => 5,
        _ => 9,
    }
}

/// Reads items one after the other.
pub(crate) struct Reader<'b> {
    decoder: Decoder<'b>,
    /// Where the item begins that was read last.
    begin: usize,
}

impl<'b> Reader<'b> {
    /// Over a message of at most `max` bytes.
    pub fn new(bytes: &'b [u8], max: usize) -> Result<Self, Error> {
        if bytes.len() > max {
            let fault = Fault::TooLong { expected: count(max), found: count(bytes.len()) };
            return Err(Error { offset: 0, fault });
        }
        Ok(Self { decoder: Decoder::new(bytes), begin: 0 })
    }

    /// A fault of the item that was read last.
    fn fault(&self, fault: Fault) -> Error {
        Error { offset: count(self.begin), fault }
    }

    /// A fault at the place of the next item.
    fn fault_here(&self, fault: Fault) -> Error {
        Error { offset: count(self.decoder.position()), fault }
    }

    /// Reads with `read`, which gives the item's argument and how many bytes of content follow its head, and refuses an
    /// item that is not in the shortest form.
    fn item<T>(
        &mut self,
        expected: &'static str,
        read: impl FnOnce(&mut Decoder<'b>) -> Result<(T, u64, usize), minicbor::decode::Error>,
    ) -> Result<T, Error> {
        self.begin = self.decoder.position();
        let (value, argument, content) = read(&mut self.decoder).map_err(|error| {
            self.fault(if error.is_end_of_input() { Fault::Truncated } else { Fault::Type { expected } })
        })?;
        let taken = self.decoder.position().saturating_sub(self.begin);
        if taken == head_len(argument).saturating_add(content) {
            Ok(value)
        } else {
            Err(self.fault(Fault::NotShortest))
        }
    }

    fn bounded(&self, found: u64, (low, high): (u32, u32)) -> Result<u32, Error> {
        let found = u32::try_from(found).unwrap_or(u32::MAX);
        if (low..=high).contains(&found) {
            Ok(found)
        } else {
            Err(self.fault(Fault::Range { expected: (low, high), found }))
        }
    }

    pub fn u64(&mut self) -> Result<u64, Error> {
        self.item("an unsigned integer", |d| d.u64().map(|value| (value, value, 0)))
    }

    pub fn u32(&mut self) -> Result<u32, Error> {
        let value = self.u64()?;
        u32::try_from(value)
            .map_err(|_| self.fault(Fault::Range { expected: (0, u32::MAX), found: u32::MAX }))
    }

    /// A number from `low` to `high`.
    pub fn within(&mut self, low: u32, high: u32) -> Result<u32, Error> {
        let value = self.u64()?;
        self.bounded(value, (low, high))
    }

    pub fn u8(&mut self) -> Result<u8, Error> {
        let value = self.within(0, u8::MAX.into())?;
        Ok(u8::try_from(value).unwrap_or(u8::MAX))
    }

    /// `true`; an absent entry is the only way to say `false`.
    pub fn truth(&mut self) -> Result<(), Error> {
        let value = self.item("a boolean", |d| d.bool().map(|value| (value, 0, 0)))?;
        if value { Ok(()) } else { Err(self.fault(Fault::Constant)) }
    }

    /// A byte string of at most `max` bytes.
    pub fn bytes(&mut self, max: usize) -> Result<&'b [u8], Error> {
        let bytes =
            self.item("a byte string", |d| d.bytes().map(|bytes| (bytes, bytes.len() as u64, bytes.len())))?;
        self.bounded(bytes.len() as u64, (0, count(max)))?;
        Ok(bytes)
    }

    /// A byte string of exactly `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<&'b [u8; N], Error> {
        let bytes = self.bytes(usize::MAX)?;
        let length = count(N);
        bytes
            .try_into()
            .map_err(|_| self.fault(Fault::Range { expected: (length, length), found: count(bytes.len()) }))
    }

    /// A byte string that can only be this one.
    pub fn constant(&mut self, expected: &[u8]) -> Result<(), Error> {
        if self.bytes(usize::MAX)? == expected { Ok(()) } else { Err(self.fault(Fault::Constant)) }
    }

    /// A text of 1 to `max` bytes without control characters.
    pub fn text(&mut self, max: usize) -> Result<&'b str, Error> {
        let bytes =
            self.item("a text in UTF-8", |d| d.str().map(|text| (text, text.len() as u64, text.len())))?;
        self.bounded(bytes.len() as u64, (1, count(max)))?;
        if is_plain(bytes) { Ok(bytes) } else { Err(self.fault(Fault::Text)) }
    }

    pub fn chip(&mut self) -> Result<Chip, Error> {
        let id = self.within(0, u16::MAX.into())?;
        let chip = u16::try_from(id).ok().and_then(Chip::from_id);
        chip.ok_or_else(|| self.fault(Fault::Range { expected: (0, u16::MAX.into()), found: id }))
    }

    /// The head of an array of `low` to `high` items; gives how many.
    pub fn list(&mut self, low: u32, high: u32) -> Result<u32, Error> {
        let length = self.item("an array", |d| {
            let length = d.array()?.unwrap_or(u64::MAX);
            Ok((length, length, 0))
        })?;
        self.bounded(length, (low, high))
    }

    /// An array of `low` to `N` items, each read by `read`.
    pub fn items<T: Copy, const N: usize>(
        &mut self,
        low: u32,
        read: impl Fn(&mut Self) -> Result<T, Error>,
    ) -> Result<List<T, N>, Error> {
        let length = self.list(low, count(N))?;
        let mut items = List::EMPTY;
        for _ in 0..length {
            let item = read(self)?;
            items.push(item).map_err(|_| self.fault(Fault::Full))?;
        }
        Ok(items)
    }

    /// Refuses what contradicts itself.
    pub fn ensure(&self, holds: bool, fault: Fault) -> Result<(), Error> {
        if holds { Ok(()) } else { Err(self.fault(fault)) }
    }

    /// The tag that says what follows.
    pub fn tag(&mut self, expected: u64) -> Result<(), Error> {
        let tag = self.item("a tag", |d| d.tag().map(|tag| (tag.as_u64(), tag.as_u64(), 0)))?;
        if tag == expected { Ok(()) } else { Err(self.fault(Fault::Constant)) }
    }

    /// The entries of a map.
    pub fn map(&mut self) -> Result<Map<'_, 'b>, Error> {
        let left = self.item("a map", |d| {
            let length = d.map()?.unwrap_or(u64::MAX);
            Ok((length, length, 0))
        })?;
        Ok(Map { reader: self, left, next: None })
    }

    /// Nothing may follow.
    pub fn end(self) -> Result<(), Error> {
        let found = self.decoder.input().len().saturating_sub(self.decoder.position());
        if found == 0 { Ok(()) } else { Err(self.fault_here(Fault::Trailing { found: count(found) })) }
    }
}

/// A text that can be shown to people as it is.
fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// The entries of a map, asked for by ascending keys.
pub(crate) struct Map<'r, 'b> {
    reader: &'r mut Reader<'b>,
    left: u64,
    /// The key that was read and not asked for yet.
    next: Option<u8>,
}

impl<'b> Map<'_, 'b> {
    /// The reader, at the value of `key`, if that is the next entry.
    pub fn optional(&mut self, key: u8) -> Result<Option<&mut Reader<'b>>, Error> {
        Ok(if self.is_next(key)? { Some(self.reader) } else { None })
    }

    /// The reader, at the value of `key`.
    pub fn required(&mut self, key: u8) -> Result<&mut Reader<'b>, Error> {
        if self.is_next(key)? { Ok(self.reader) } else { Err(self.fault(Fault::Missing { key })) }
    }

    /// There may be no other entry.
    pub fn end(self) -> Result<(), Error> {
        let is_empty = self.left == 0 && self.next.is_none();
        if is_empty { Ok(()) } else { Err(self.fault(Fault::Unexpected)) }
    }

    fn is_next(&mut self, key: u8) -> Result<bool, Error> {
        if self.next.is_none() && self.left > 0 {
            self.next = Some(self.reader.u8()?);
            self.left = self.left.saturating_sub(1);
        }
        let is_next = self.next == Some(key);
        if is_next {
            self.next = None;
        }
        Ok(is_next)
    }

    /// A fault at the place of the next key.
    fn fault(&self, fault: Fault) -> Error {
        if self.next.is_some() { self.reader.fault(fault) } else { self.reader.fault_here(fault) }
    }
}

/// Writes items one after the other, always in the shortest form.
pub(crate) struct Writer<'w> {
    encoder: Encoder<Cursor<&'w mut [u8]>>,
}

type Written = Result<(), minicbor::encode::Error<EndOfSlice>>;

impl<'w> Writer<'w> {
    /// Into `out`, and no more than `max` bytes.
    pub fn new(out: &'w mut [u8], max: usize) -> Self {
        let room = out.len().min(max);
        let out = out.get_mut(..room).unwrap_or_default();
        Self { encoder: Encoder::new(Cursor::new(out)) }
    }

    fn fault(&self, fault: Fault) -> Error {
        Error { offset: count(self.encoder.writer().position()), fault }
    }

    fn checked(
        &mut self,
        write: impl FnOnce(&mut Encoder<Cursor<&'w mut [u8]>>) -> Written,
    ) -> Result<(), Error> {
        let full = self.fault(Fault::Full);
        write(&mut self.encoder).map_err(|_| full)
    }

    fn within(&self, length: usize, low: usize, high: usize) -> Result<(), Error> {
        if (low..=high).contains(&length) {
            return Ok(());
        }
        Err(self.fault(Fault::Range { expected: (count(low), count(high)), found: count(length) }))
    }

    /// A map of so many entries.
    pub fn map(&mut self, entries: u64) -> Result<(), Error> {
        self.checked(|e| e.map(entries)?.ok())
    }

    /// The key of an entry; its value is next.
    pub fn key(&mut self, key: u8) -> Result<&mut Self, Error> {
        self.checked(|e| e.u8(key)?.ok())?;
        Ok(self)
    }

    pub fn uint(&mut self, value: impl Into<u64>) -> Result<(), Error> {
        let value = value.into();
        self.checked(|e| e.u64(value)?.ok())
    }

    pub fn truth(&mut self) -> Result<(), Error> {
        self.checked(|e| e.bool(true)?.ok())
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.checked(|e| e.bytes(bytes)?.ok())
    }

    /// A byte string of at most `max` bytes.
    pub fn bytes_up_to(&mut self, bytes: &[u8], max: usize) -> Result<(), Error> {
        self.within(bytes.len(), 0, max)?;
        self.bytes(bytes)
    }

    /// A text of 1 to `max` bytes without control characters.
    pub fn text(&mut self, text: &str, max: usize) -> Result<(), Error> {
        self.within(text.len(), 1, max)?;
        if !is_plain(text) {
            return Err(self.fault(Fault::Text));
        }
        self.checked(|e| e.str(text)?.ok())
    }

    /// A text of the format itself.
    pub fn word(&mut self, text: &str) -> Result<(), Error> {
        self.checked(|e| e.str(text)?.ok())
    }

    pub fn chip(&mut self, chip: Chip) -> Result<(), Error> {
        let id = chip.id().ok_or_else(|| self.fault(Fault::ChipWithoutId))?;
        self.uint(id)
    }

    /// The head of an array of `low` to `high` items.
    pub fn list(&mut self, length: usize, low: usize, high: usize) -> Result<(), Error> {
        self.within(length, low, high)?;
        self.checked(|e| e.array(length as u64)?.ok())
    }

    /// The tag that says what follows.
    #[cfg(feature = "sign")]
    pub fn tag(&mut self, tag: u64) -> Result<(), Error> {
        self.checked(|e| e.tag(minicbor::data::Tag::new(tag))?.ok())
    }

    /// Refuses to write a value that no reader would take.
    pub fn ensure(&self, holds: bool, fault: Fault) -> Result<(), Error> {
        if holds { Ok(()) } else { Err(self.fault(fault)) }
    }

    /// What was written.
    pub fn finish(self) -> &'w [u8] {
        let cursor = self.encoder.into_writer();
        let end = cursor.position();
        let out: &'w [u8] = cursor.into_inner();
        out.get(..end).unwrap_or_default()
    }
}

/// How many of these optional entries there are.
pub(crate) fn present<const N: usize>(entries: [bool; N]) -> u64 {
    entries.into_iter().map(u64::from).fold(0, u64::saturating_add)
}
