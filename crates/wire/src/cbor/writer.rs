//! Writes a message item by item, always in the shortest form.

use otary_image::Chip;

use super::{Major, TRUE, count, is_plain};
use crate::{Error, Fault};

/// Into a buffer. Nothing that a reader would refuse is written.
pub(crate) struct Writer<'w> {
    out: &'w mut [u8],
    at: usize,
    fault: Option<Error>,
}

impl<'w> Writer<'w> {
    pub const fn new(out: &'w mut [u8]) -> Self {
        Self { out, at: 0, fault: None }
    }

    /// What was written, if there was no fault.
    pub fn finish(self) -> Result<&'w [u8], Error> {
        let out: &'w [u8] = self.out;
        match self.fault {
            Some(error) => Err(error),
            None => Ok(out.get(..self.at).unwrap_or_default()),
        }
    }

    /// Refuses to write a value that no reader would take.
    pub fn ensure(&mut self, holds: bool, fault: Fault) {
        if !holds {
            self.fault.get_or_insert(Error { offset: count(self.at), fault });
        }
    }

    #[inline(never)]
    fn put(&mut self, bytes: &[u8]) {
        let end = self.at.saturating_add(bytes.len());
        if let Some(place) = self.out.get_mut(self.at..end) {
            place.copy_from_slice(bytes);
            self.at = end;
        } else {
            self.ensure(false, Fault::Full);
        }
    }

    /// The head of an item (RFC 8949 section 3).
    #[inline(never)]
    fn head(&mut self, major: Major, argument: u64) {
        let bytes = argument.to_be_bytes();
        let [.., small] = bytes;
        // The form, and which of the argument's bytes follow.
        let (form, follow) = match argument {
            0..=23 => (small, &[][..]),
            24..=0xFF => (24, bytes.get(7..).unwrap_or_default()),
            0x100..=0xFFFF => (25, bytes.get(6..).unwrap_or_default()),
            0x1_0000..=0xFFFF_FFFF => (26, bytes.get(4..).unwrap_or_default()),
            _ => (27, &bytes[..]),
        };
        self.put(&[(major as u8) << 5 | form]);
        self.put(follow);
    }

    fn within(&mut self, length: usize, low: usize, high: usize) {
        let fault = Fault::Range { expected: (count(low), count(high)), found: count(length) };
        self.ensure((low..=high).contains(&length), fault);
    }

    /// A map of so many entries.
    pub fn map(&mut self, entries: u64) {
        self.head(Major::Map, entries);
    }

    /// The key of an entry; its value is next.
    #[inline(never)]
    pub fn key(&mut self, key: u8) -> &mut Self {
        self.head(Major::Unsigned, key.into());
        self
    }

    pub fn uint(&mut self, value: impl Into<u64>) {
        self.head(Major::Unsigned, value.into());
    }

    pub fn truth(&mut self) {
        self.put(&[TRUE]);
    }

    #[inline(never)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.head(Major::Bytes, bytes.len() as u64);
        self.put(bytes);
    }

    /// A byte string of at most `max` bytes.
    pub fn bytes_up_to(&mut self, bytes: &[u8], max: usize) {
        self.within(bytes.len(), 0, max);
        self.bytes(bytes);
    }

    /// A text of 1 to `max` bytes without control characters.
    pub fn text(&mut self, text: &str, max: usize) {
        self.within(text.len(), 1, max);
        self.ensure(is_plain(text), Fault::Text);
        self.word(text);
    }

    /// A text of the format itself.
    pub fn word(&mut self, text: &str) {
        self.head(Major::Text, text.len() as u64);
        self.put(text.as_bytes());
    }

    pub fn chip(&mut self, chip: Chip) {
        let id = chip.id();
        self.ensure(id.is_some(), Fault::ChipWithoutId);
        self.uint(id.unwrap_or_default());
    }

    /// The head of an array of `low` to `high` items.
    pub fn list(&mut self, length: usize, low: usize, high: usize) {
        self.within(length, low, high);
        self.head(Major::Array, length as u64);
    }

    /// The tag that says what follows.
    #[cfg(feature = "sign")]
    pub fn tag(&mut self, tag: u64) {
        self.head(Major::Tag, tag);
    }
}

/// How many of these optional entries there are.
pub(crate) fn present<const N: usize>(entries: [bool; N]) -> u64 {
    entries.into_iter().map(u64::from).fold(0, u64::saturating_add)
}
