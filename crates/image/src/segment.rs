//! The segments of an image: what is loaded where.

use crate::Chip;
use crate::header::MAX_SEGMENTS;

/// Length of a segment's header in bytes.
pub(crate) const SEGMENT_HEADER_LEN: u32 = 8;
/// The second-stage bootloader refuses a segment of this length or more (16 MiB).
pub(crate) const SEGMENT_LIMIT: u32 = 0x100_0000;

/// One segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Segment {
    /// Its place in the image, from 0.
    pub index: u8,
    /// Where its data belongs in the chip's address space; 0 for padding.
    pub address: u32,
    /// Where its data begins in the image, behind the segment's 8-byte header.
    pub offset: u32,
    /// Length of its data in bytes.
    pub len: u32,
}

impl Segment {
    /// Whether the segment only moves the next one to its offset.
    pub const fn is_padding(&self) -> bool {
        self.address == 0
    }

    /// Whether the flash cache serves it in place on this chip.
    pub const fn maps_flash(&self, chip: Chip) -> bool {
        self.len > 0 && chip.maps_flash(self.address)
    }

    /// The offset of the first byte behind its data.
    pub const fn end(&self) -> u32 {
        self.offset.saturating_add(self.len)
    }
}

/// The segments of one image, in file order; at most 16.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Segments {
    list: [Segment; MAX_SEGMENTS as usize],
    count: u8,
}

impl Segments {
    /// The segments as a slice.
    pub fn as_slice(&self) -> &[Segment] {
        self.list.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// The segments, one by one.
    pub fn iter(&self) -> core::slice::Iter<'_, Segment> {
        self.as_slice().iter()
    }

    /// How many there are.
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// Adds one and gives its index; a 17th is dropped.
    pub(crate) fn add(&mut self, address: u32, offset: u32, len: u32) {
        if let Some(place) = self.list.get_mut(usize::from(self.count)) {
            *place = Segment { index: self.count, address, offset, len };
            self.count = self.count.saturating_add(1);
        }
    }
}

impl<'a> IntoIterator for &'a Segments {
    type Item = &'a Segment;
    type IntoIter = core::slice::Iter<'a, Segment>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl core::fmt::Debug for Segments {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self).finish()
    }
}
