//! Checks an image of the ESP32 family while its bytes arrive, in about 700 bytes of memory.
//!
//! A [`Checker`] that accepts a file has seen what the second-stage bootloader checks before it boots an image (ESP-IDF,
//! `esp_image_format.c`): header, every segment's length and place, checksum and appended SHA-256. It says no at the
//! first byte that shows a fault, so a device that downloads need not take the rest. The slice parser
//! [`App`](crate::App) is built on it: there is one implementation.

use sha2::{Digest as _, Sha256};

use crate::bytes::{array, len32, u32_at};
use crate::descriptor::{DESCRIPTOR_LEN, Descriptor};
use crate::header::{HEADER_LEN, Header};
use crate::segment::{SEGMENT_HEADER_LEN, SEGMENT_LIMIT, Segment, Segments};
use crate::{Error, Fault, Part};

/// The checksum of no data.
pub(crate) const CHECKSUM_SEED: u8 = 0xEF;
pub(crate) const DIGEST_LEN: u32 = 32;

/// What a checked image says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The header.
    pub header: Header,
    /// The segments.
    pub segments: Segments,
    /// XOR of all segment data and 0xEF: the one stored, which is the one computed.
    pub checksum: u8,
    /// SHA-256 of the image from its first byte to its checksum. If the header says that one is appended, it is this one.
    pub digest: [u8; 32],
    /// Length of the image in bytes, with the appended SHA-256 and without what follows.
    pub image_len: u32,
    /// Bytes of the file behind the image.
    pub tail_len: u32,
    /// Whether all of those are 0xFF.
    pub tail_erased: bool,
}

impl Facts {
    /// Whether a segment runs in place from flash. A second-stage bootloader has none: it runs from RAM.
    pub fn maps_flash(&self) -> bool {
        self.segments.iter().any(|segment| segment.maps_flash(self.header.chip))
    }
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Fields shorter than `held`, gathered whole before they are read.
    Header,
    SegmentHeader,
    /// Data of the newest segment; bytes left.
    Data(u32),
    /// Filling and the checksum, which is the last byte of a 16-byte row; bytes left.
    Padding(u32),
    Digest,
    Tail,
}

/// Checks an image piece by piece; see the module.
#[derive(Clone)]
pub struct Checker {
    file_len: u32,
    offset: u32,
    state: State,
    held: [u8; 32],
    held_len: u32,
    header: Option<Header>,
    segments: Segments,
    start: [u8; DESCRIPTOR_LEN as usize],
    checksum: u8,
    sha: Sha256,
    digest: [u8; 32],
    image_len: u32,
    tail_erased: bool,
    failed: Option<Error>,
}

impl core::fmt::Debug for Checker {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Checker")
            .field("file_len", &self.file_len)
            .field("offset", &self.offset)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Checker {
    /// A checker for a file of `file_len` bytes, as its manifest or `Content-Length` states it.
    pub fn new(file_len: u32) -> Self {
        Self {
            file_len,
            offset: 0,
            state: State::Header,
            held: [0; 32],
            held_len: 0,
            header: None,
            segments: Segments::default(),
            start: [0; DESCRIPTOR_LEN as usize],
            checksum: CHECKSUM_SEED,
            sha: Sha256::new(),
            digest: [0; 32],
            image_len: 0,
            tail_erased: true,
            failed: None,
        }
    }

    /// Takes the next bytes of the file. After an error every further call gives the same error.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.take_all(chunk).inspect_err(|&error| self.failed = Some(error))
    }

    /// The file is complete: gives its facts.
    pub fn finish(self) -> Result<Facts, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let found = self.offset;
        match (self.state, self.header) {
            (State::Tail, Some(header)) if found == self.file_len => Ok(Facts {
                header,
                segments: self.segments,
                checksum: self.checksum,
                digest: self.digest,
                image_len: self.image_len,
                tail_len: self.file_len.saturating_sub(self.image_len),
                tail_erased: self.tail_erased,
            }),
            (State::Header, _) => {
                let fault = Fault::Truncated { expected: HEADER_LEN, found };
                Err(Error::new(Part::Header, 0, fault))
            }
            _ => Err(Error::new(Part::File, found, Fault::Truncated { expected: self.file_len, found })),
        }
    }

    /// The header, once its 24 bytes are there: enough to refuse the wrong chip before the download goes on.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The application descriptor, once its bytes are there and if the image has one.
    pub fn descriptor(&self) -> Option<Descriptor<'_>> {
        let first = self.segments.as_slice().first()?;
        let seen = self.offset >= first.offset.checked_add(DESCRIPTOR_LEN)?;
        if seen && first.len >= DESCRIPTOR_LEN { Descriptor::new(&self.start) } else { None }
    }

    fn take_all(&mut self, mut chunk: &[u8]) -> Result<(), Error> {
        let left = self.file_len.saturating_sub(self.offset);
        if len32(chunk) > left {
            let found = self.offset.saturating_add(len32(chunk));
            let fault =
                Fault::Range { field: "length of the file", expected: (self.file_len, self.file_len), found };
            return Err(Error::new(Part::File, self.file_len, fault));
        }
        while !chunk.is_empty() {
            let wanted = usize::try_from(self.wanted()).unwrap_or(usize::MAX);
            let (taken, rest) = chunk.split_at_checked(wanted).unwrap_or((chunk, &[]));
            self.take(taken)?;
            chunk = rest;
        }
        Ok(())
    }

    /// Bytes until the state changes.
    fn wanted(&self) -> u32 {
        match self.state {
            State::Header => HEADER_LEN.saturating_sub(self.held_len),
            State::SegmentHeader => SEGMENT_HEADER_LEN.saturating_sub(self.held_len),
            State::Data(left) | State::Padding(left) => left,
            State::Digest => DIGEST_LEN.saturating_sub(self.held_len),
            State::Tail => u32::MAX,
        }
    }

    /// Takes bytes of the present state, at most as many as it wants.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let at = self.offset;
        let len = len32(bytes);
        self.offset = at.saturating_add(len);
        if !matches!(self.state, State::Digest | State::Tail) {
            self.sha.update(bytes);
        }
        match self.state {
            State::Header | State::SegmentHeader | State::Digest => self.hold(bytes),
            State::Data(left) => self.take_data(at, bytes, left.saturating_sub(len)),
            State::Padding(left) => self.take_padding(bytes, left.saturating_sub(len)),
            State::Tail => {
                self.tail_erased &= crate::bytes::erased(bytes);
                Ok(())
            }
        }
    }

    /// Gathers a short field and reads it when it is complete.
    fn hold(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let free = self.held.iter_mut().skip(usize::try_from(self.held_len).unwrap_or(usize::MAX));
        free.zip(bytes).for_each(|(place, &byte)| *place = byte);
        self.held_len = self.held_len.saturating_add(len32(bytes));
        if self.wanted() > 0 {
            return Ok(());
        }
        self.held_len = 0;
        match self.state {
            State::Header => self.read_header(),
            State::SegmentHeader => self.read_segment_header(),
            _ => self.read_digest(),
        }
    }

    fn read_header(&mut self) -> Result<(), Error> {
        let header = Header::parse(&self.held)?;
        self.header = Some(header);
        self.begin_segment(&header)
    }

    /// Goes on to the next segment, or to the checksum behind the last one.
    fn begin_segment(&mut self, header: &Header) -> Result<(), Error> {
        let index = self.segments.count();
        let left = self.left();
        if index < header.segment_count {
            self.state = State::SegmentHeader;
            let fault = Fault::Truncated { expected: SEGMENT_HEADER_LEN, found: left };
            return need(left >= SEGMENT_HEADER_LEN, Part::Segment(index), self.offset, fault);
        }
        let padding = 16_u32.saturating_sub(self.offset % 16);
        self.state = State::Padding(padding);
        need(
            left >= padding,
            Part::Checksum,
            self.offset,
            Fault::Truncated { expected: padding, found: left },
        )
    }

    fn read_segment_header(&mut self) -> Result<(), Error> {
        let Some(header) = self.header else { return Ok(()) };
        let segment = Segment {
            index: self.segments.count(),
            address: u32_at(&self.held, 0).unwrap_or_default(),
            offset: self.offset,
            len: u32_at(&self.held, 4).unwrap_or_default(),
        };
        check_segment(&header, &segment, self.left())?;
        self.segments.add(segment.address, segment.offset, segment.len);
        self.state = State::Data(segment.len);
        if segment.len == 0 { self.begin_segment(&header) } else { Ok(()) }
    }

    fn take_data(&mut self, at: u32, bytes: &[u8], left: u32) -> Result<(), Error> {
        self.checksum = xor(self.checksum, bytes);
        self.keep_start(at, bytes);
        self.state = State::Data(left);
        match self.header {
            Some(header) if left == 0 => self.begin_segment(&header),
            _ => Ok(()),
        }
    }

    /// Keeps the first bytes of the first segment, where the application descriptor is.
    fn keep_start(&mut self, at: u32, bytes: &[u8]) {
        if self.segments.count() == 1 {
            let first = self.segments.as_slice().first().map_or(at, |first| first.offset);
            let skip = usize::try_from(at.saturating_sub(first)).unwrap_or(usize::MAX);
            self.start.iter_mut().skip(skip).zip(bytes).for_each(|(place, &byte)| *place = byte);
        }
    }

    fn take_padding(&mut self, bytes: &[u8], left: u32) -> Result<(), Error> {
        self.state = State::Padding(left);
        let (0, Some(&stored), Some(header)) = (left, bytes.last(), self.header) else { return Ok(()) };
        let fault = Fault::Sum { expected: self.checksum.into(), found: stored.into() };
        need(stored == self.checksum, Part::Checksum, self.offset.saturating_sub(1), fault)?;
        self.digest = self.sha.finalize_reset().into();
        if !header.hash_appended {
            self.image_len = self.offset;
            self.state = State::Tail;
            return Ok(());
        }
        self.state = State::Digest;
        let found = self.left();
        need(found >= DIGEST_LEN, Part::Digest, self.offset, Fault::Truncated { expected: DIGEST_LEN, found })
    }

    fn read_digest(&mut self) -> Result<(), Error> {
        self.image_len = self.offset;
        self.state = State::Tail;
        let head = |digest: &[u8; 32]| array::<4>(digest, 0).unwrap_or_default();
        let fault = Fault::Digest { expected: head(&self.digest), found: head(&self.held) };
        need(self.held == self.digest, Part::Digest, self.offset.saturating_sub(DIGEST_LEN), fault)
    }

    fn left(&self) -> u32 {
        self.file_len.saturating_sub(self.offset)
    }
}

/// The rules of the second-stage bootloader for a segment of which `left` bytes of the file may be data.
pub(crate) fn check_segment(header: &Header, segment: &Segment, left: u32) -> Result<(), Error> {
    let &Segment { index, address, offset, len } = segment;
    let part = Part::Segment(index);
    let at = offset.saturating_sub(SEGMENT_HEADER_LEN);
    need(len.is_multiple_of(4), part, at, Fault::Unaligned { field: "length", expected: 4, found: len })?;
    need(len <= left, part, at, Fault::PastEnd { expected: left, found: len })?;
    let limit = (0, SEGMENT_LIMIT.saturating_sub(1));
    need(len < SEGMENT_LIMIT, part, at, Fault::Range { field: "length", expected: limit, found: len })?;
    let page = header.chip.smallest_flash_page();
    let expected = offset & page.saturating_sub(1);
    let found = address & page.saturating_sub(1);
    let placed = !segment.maps_flash(header.chip) || expected == found;
    need(placed, part, at, Fault::Misplaced { page, expected, found })
}

fn need(holds: bool, part: Part, offset: u32, fault: Fault) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::new(part, offset, fault)) }
}

/// The checksum after these bytes, eight at a time.
pub(crate) fn xor(checksum: u8, bytes: &[u8]) -> u8 {
    let (words, rest) = bytes.as_chunks::<8>();
    let word = words.iter().fold(0, |sum, word| sum ^ u64::from_le_bytes(*word));
    word.to_le_bytes().iter().chain(rest).fold(checksum, |sum, &byte| sum ^ byte)
}
