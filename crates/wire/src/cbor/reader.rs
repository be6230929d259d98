//! Reads a message item by item.

use otary_image::Chip;

use super::{Major, TRUE, count, is_plain};
use crate::{Error, Fault, List};

/// Over the bytes of one message. After a fault there is nothing more to read.
pub(crate) struct Reader<'b> {
    input: &'b [u8],
    /// Where the next item begins.
    at: usize,
    /// Where the item began that was read last.
    begin: usize,
    fault: Option<Error>,
}

impl<'b> Reader<'b> {
    /// Over a message of at most `max` bytes.
    pub fn new(input: &'b [u8], max: usize) -> Self {
        let mut reader = Self { input, at: 0, begin: 0, fault: None };
        reader.ensure(input.len() <= max, Fault::TooLong { expected: count(max), found: count(input.len()) });
        reader
    }

    /// What was read, if there was no fault and nothing follows.
    pub fn finish<T>(self, message: T) -> Result<T, Error> {
        self.close().map(|()| message)
    }

    #[inline(never)]
    fn close(mut self) -> Result<(), Error> {
        let found = count(self.rest().len());
        self.begin = self.at;
        self.ensure(found == 0, Fault::Trailing { found });
        self.fault.map_or(Ok(()), Err)
    }

    /// Notes a fault of the item that was read last.
    pub fn ensure(&mut self, holds: bool, fault: Fault) {
        if !holds {
            self.refuse(fault);
        }
    }

    #[inline(never)]
    fn refuse(&mut self, fault: Fault) {
        self.fault.get_or_insert(Error { offset: count(self.begin), fault });
        self.at = self.input.len();
    }

    fn rest(&self) -> &'b [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    /// The next bytes; none where there are fewer.
    #[inline(never)]
    fn take(&mut self, length: u64) -> &'b [u8] {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if let Some((taken, _)) = self.rest().split_at_checked(length) {
            self.at = self.at.saturating_add(length);
            return taken;
        }
        self.refuse(Fault::Truncated);
        &[]
    }

    /// The head of an item of this type: gives its argument (RFC 8949 section 3).
    #[inline(never)]
    fn head(&mut self, major: Major) -> u64 {
        self.begin = self.at;
        let Some(&first) = self.take(1).first() else { return 0 };
        self.ensure(first >> 5 == major as u8, Fault::Type { expected: major.name() });
        let more = match first & 0x1F {
            argument @ 0..=23 => return argument.into(),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => {
                self.refuse(Fault::NotShortest);
                return 0;
            }
        };
        let argument = self.take(more).iter().fold(0, |high, &low| high << 8 | u64::from(low));
        let least: u64 = match more {
            1 => 24,
            2 => 1 << 8,
            4 => 1 << 16,
            _ => 1 << 32,
        };
        self.ensure(argument >= least, Fault::NotShortest);
        argument
    }

    /// Notes a value or length that is not within these bounds, and gives the least instead.
    fn bounded(&mut self, found: u64, low: u32, high: u32) -> u32 {
        let found = u32::try_from(found).unwrap_or(u32::MAX);
        let holds = (low..=high).contains(&found);
        self.ensure(holds, Fault::Range { expected: (low, high), found });
        if holds { found } else { low }
    }

    pub fn u64(&mut self) -> u64 {
        self.head(Major::Unsigned)
    }

    pub fn u32(&mut self) -> u32 {
        let value = self.u64();
        let holds = value <= u32::MAX.into();
        self.ensure(holds, Fault::Range { expected: (0, u32::MAX), found: u32::MAX });
        u32::try_from(value).unwrap_or_default()
    }

    /// A number from `low` to `high`.
    #[inline(never)]
    pub fn within(&mut self, low: u32, high: u32) -> u32 {
        let value = self.u64();
        self.bounded(value, low, high)
    }

    pub fn u8(&mut self) -> u8 {
        u8::try_from(self.within(0, u8::MAX.into())).unwrap_or_default()
    }

    /// `true`; an absent entry is the only way to say `false`.
    pub fn truth(&mut self) {
        self.begin = self.at;
        let is_true = self.take(1).first() == Some(&TRUE);
        self.ensure(is_true, Fault::Constant);
    }

    /// A byte string of at most `max` bytes.
    pub fn bytes(&mut self, max: usize) -> &'b [u8] {
        let length = self.head(Major::Bytes);
        let bytes = self.take(length);
        self.bounded(length, 0, count(max));
        bytes
    }

    /// A byte string of exactly `N` bytes.
    pub fn array<const N: usize>(&mut self) -> &'b [u8; N] {
        self.exactly(N).try_into().unwrap_or(&[0; N])
    }

    #[inline(never)]
    fn exactly(&mut self, length: usize) -> &'b [u8] {
        let bytes = self.bytes(usize::MAX);
        let expected = count(length);
        let fault = Fault::Range { expected: (expected, expected), found: count(bytes.len()) };
        self.ensure(bytes.len() == length, fault);
        bytes
    }

    /// A byte string that can only be this one.
    pub fn constant(&mut self, expected: &[u8]) {
        let found = self.bytes(usize::MAX);
        self.ensure(found == expected, Fault::Constant);
    }

    /// A text of 1 to `max` bytes without control characters.
    #[inline(never)]
    pub fn text(&mut self, max: usize) -> &'b str {
        let length = self.head(Major::Text);
        let bytes = self.take(length);
        self.bounded(length, 1, count(max));
        let text = core::str::from_utf8(bytes).ok().filter(|text| is_plain(text));
        self.ensure(text.is_some(), Fault::Text);
        text.unwrap_or_default()
    }

    pub fn chip(&mut self) -> Chip {
        let id = self.within(0, u16::MAX.into());
        let chip = u16::try_from(id).ok().and_then(Chip::from_id);
        self.ensure(chip.is_some(), Fault::Range { expected: (0, u16::MAX.into()), found: id });
        chip.unwrap_or(Chip::Esp32)
    }

    /// The head of an array of `low` to `high` items; gives how many.
    #[inline(never)]
    pub fn list(&mut self, low: u32, high: u32) -> u32 {
        let length = self.head(Major::Array);
        self.bounded(length, low, high)
    }

    /// An array of `low` to `N` items, each read by `read`.
    pub fn items<T: Copy, const N: usize>(&mut self, low: u32, read: impl Fn(&mut Self) -> T) -> List<T, N> {
        let length = self.list(low, count(N));
        let mut items = List::EMPTY;
        for _ in 0..length {
            let item = read(self);
            // The length is at most N.
            let _ = items.push(item);
        }
        items
    }

    /// The tag that says what follows.
    pub fn tag(&mut self, expected: u64) {
        let tag = self.head(Major::Tag);
        self.ensure(tag == expected, Fault::Constant);
    }

    /// The entries of a map.
    pub fn map(&mut self) -> Map<'_, 'b> {
        let left = self.head(Major::Map);
        Map { reader: self, left, next: None }
    }
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
    pub fn optional(&mut self, key: u8) -> Option<&mut Reader<'b>> {
        if self.is_next(key) { Some(self.reader) } else { None }
    }

    /// The reader, at the value of `key`.
    pub fn required(&mut self, key: u8) -> &mut Reader<'b> {
        if !self.is_next(key) {
            self.refuse(Fault::Missing { key });
        }
        self.reader
    }

    /// There may be no other entry.
    pub fn end(mut self) {
        if self.left > 0 || self.next.is_some() {
            self.refuse(Fault::Unexpected);
        }
    }

    #[inline(never)]
    fn is_next(&mut self, key: u8) -> bool {
        if self.next.is_none() && self.left > 0 {
            self.next = Some(self.reader.u8());
            self.left = self.left.saturating_sub(1);
        }
        let is_next = self.next == Some(key);
        if is_next {
            self.next = None;
        }
        is_next
    }

    /// Notes a fault at the place of the next key.
    fn refuse(&mut self, fault: Fault) {
        if self.next.is_none() {
            self.reader.begin = self.reader.at;
        }
        self.reader.refuse(fault);
    }
}
