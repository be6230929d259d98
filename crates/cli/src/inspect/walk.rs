//! Headers and segments of an image whose checks did not pass, or were made elsewhere: read one after the other as long
//! as they are whole.

use otary_image::{Chip, FlashFrequency, FlashMode, FlashSize, Segment};
use serde::Serialize;

use super::image::{FlashFacts, entry_text};
use super::memory;
use super::page::Page;

/// Length of a segment's header.
const SEGMENT_HEADER: u32 = 8;
/// Length of the ESP8266's image header.
pub const ROM_HEADER: u32 = 8;

/// The header of an ESP8266 image.
#[derive(Debug, Serialize)]
pub struct RomHeaderFacts {
    pub segment_count: u8,
    pub flash: FlashFacts,
    pub entry: u32,
    pub entry_memory: Option<&'static str>,
}

impl RomHeaderFacts {
    /// The header at `at`, if its 8 bytes are there. Its first byte is not looked at.
    pub fn read(file: &[u8], at: u32) -> Option<Self> {
        let [_, segment_count, mode, size_and_clock] = *from(file, at)?.first_chunk()?;
        let entry = word(file, at + 4)?;
        let size = FlashSize::from_byte(size_and_clock);
        let clock = FlashFrequency::from_byte(size_and_clock);
        Some(Self {
            segment_count,
            flash: FlashFacts::of(Chip::Esp8266, FlashMode::from_byte(mode), size, clock),
            entry,
            entry_memory: memory::name(Chip::Esp8266, entry),
        })
    }

    pub fn show(&self, page: &mut Page) {
        page.row("flash", self.flash.text());
        page.row("entry", entry_text(self.entry, self.entry_memory));
    }
}

/// The segments from the header at `at` on, at most `count`, as far as header and data of each are in the file.
pub fn segments(file: &[u8], mut at: u32, count: u8) -> Vec<Segment> {
    let mut found = Vec::new();
    for index in 0..count {
        let Some((address, len)) = word(file, at).zip(at.checked_add(4).and_then(|at| word(file, at))) else {
            break;
        };
        let segment = Segment { index, address, offset: at.saturating_add(SEGMENT_HEADER), len };
        let whole = from(file, segment.offset).is_some_and(|rest| rest.len() as u64 >= u64::from(len));
        if !whole {
            break;
        }
        at = segment.end();
        found.push(segment);
    }
    found
}

/// The bytes from `at` on.
pub fn from(file: &[u8], at: u32) -> Option<&[u8]> {
    file.get(usize::try_from(at).ok()?..)
}

/// The little-endian word at `at`.
pub fn word(file: &[u8], at: u32) -> Option<u32> {
    from(file, at)?.first_chunk().copied().map(u32::from_le_bytes)
}
