//! Makes images of the ESP32 family: for tests, for the samples of the demo, for a board that only exists in memory.
//!
//! What is written is what the vendor's `elf2image` writes for the same segments: padding segments bring mapped segments to
//! their offset, then follow filling, checksum and SHA-256. Parsing it gives back what went in. espflash makes images
//! too, but from an ELF file, with std and a heap.

use sha2::{Digest as _, Sha256};

use crate::checker::{CHECKSUM_SEED, DIGEST_LEN, xor};
use crate::descriptor::{DESCRIPTOR_LEN, DESCRIPTOR_MAGIC};
use crate::header::{HEADER_LEN, Header, MAX_SEGMENTS, Revision};
use crate::segment::{SEGMENT_HEADER_LEN, SEGMENT_LIMIT};
use crate::{Chip, Error, Fault, FlashFrequency, FlashMode, FlashSize, Part};

/// The page that every chip of the family can map.
const PAGE: u32 = 0x1_0000;

/// An image to be written.
#[derive(Debug, Clone, Copy)]
pub struct AppImage<'a> {
    /// The chip.
    pub chip: Chip,
    /// Where execution begins.
    pub entry: u32,
    /// How the flash is read.
    pub flash_mode: FlashMode,
    /// The size of the flash chip.
    pub flash_size: FlashSize,
    /// The clock of the flash chip.
    pub flash_frequency: FlashFrequency,
    /// The smallest chip revision that may run the image.
    pub min_revision: Revision,
    /// The largest chip revision that may run the image.
    pub max_revision: Revision,
    /// The application descriptor, put in front of the first segment's data.
    pub descriptor: Option<AppDescriptor<'a>>,
    /// The segments in file order, without padding.
    pub segments: &'a [AppSegment<'a>],
    /// Whether a SHA-256 is appended.
    pub append_digest: bool,
}

/// A segment to be written. Data is filled up with zeros to a multiple of 4.
#[derive(Debug, Clone, Copy)]
pub struct AppSegment<'a> {
    /// Where the data belongs in the chip's address space.
    pub address: u32,
    /// The data.
    pub data: &'a [u8],
}

/// A descriptor to be written. Text longer than its field is cut.
#[derive(Debug, Clone, Copy, Default)]
pub struct AppDescriptor<'a> {
    /// The anti-rollback counter.
    pub secure_version: u32,
    /// The version, up to 32 bytes.
    pub version: &'a str,
    /// The project's name, up to 32 bytes.
    pub project: &'a str,
    /// Time of the build, up to 16 bytes.
    pub time: &'a str,
    /// Date of the build, up to 16 bytes.
    pub date: &'a str,
    /// The version of ESP-IDF, up to 32 bytes.
    pub idf_version: &'a str,
    /// SHA-256 of the ELF file.
    pub elf_sha256: [u8; 32],
}

impl AppImage<'_> {
    /// An image without segments for this chip, as the vendor's tools set its fields by default.
    pub const fn new(chip: Chip) -> Self {
        Self {
            chip,
            entry: 0,
            flash_mode: FlashMode::Dio,
            flash_size: FlashSize::from_byte(0x20),
            flash_frequency: FlashFrequency::from_byte(0),
            min_revision: Revision(0),
            max_revision: Revision::UNBOUNDED,
            descriptor: None,
            segments: &[],
            append_digest: true,
        }
    }

    /// Writes the image to the start of `out` and gives its length. `out` is unchanged behind it.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, Error> {
        let needed = self.image_len()?;
        let found = u32::try_from(out.len()).unwrap_or(u32::MAX);
        if found < needed {
            return Err(Error::new(Part::Output, 0, Fault::Truncated { expected: needed, found }));
        }
        let mut places = out.iter_mut();
        self.emit(|bytes| places.by_ref().zip(bytes).for_each(|(place, &byte)| *place = byte))?;
        Ok(usize::try_from(needed).unwrap_or(usize::MAX))
    }

    /// The length of the image in bytes.
    pub fn image_len(&self) -> Result<u32, Error> {
        self.emit(|_| ())
    }

    /// Gives the image to `sink` in pieces, first to last, and returns its length.
    pub fn emit(&self, sink: impl FnMut(&[u8])) -> Result<u32, Error> {
        let plan = Plan::of(self)?;
        let mut output = Output { sink, offset: 0, checksum: CHECKSUM_SEED, sha: Sha256::new() };
        output.put(&self.header(plan.count).encode());
        for piece in plan.pieces() {
            let descriptor = if piece.described { self.descriptor } else { None };
            output.segment(piece, descriptor.as_ref());
        }
        Ok(output.finish(self.append_digest))
    }

    fn header(&self, segment_count: u8) -> Header {
        Header {
            chip: self.chip,
            segment_count,
            flash_mode: self.flash_mode,
            flash_size: self.flash_size,
            flash_frequency: self.flash_frequency,
            entry: self.entry,
            wp_pin: 0xEE,
            pin_drive: [0; 3],
            min_revision_old: u8::try_from(self.min_revision.major()).unwrap_or(u8::MAX),
            min_revision: self.min_revision,
            max_revision: self.max_revision,
            reserved: [0; 4],
            hash_appended: self.append_digest,
        }
    }
}

impl AppDescriptor<'_> {
    /// The 256 bytes of this descriptor.
    pub fn encode(&self) -> [u8; DESCRIPTOR_LEN as usize] {
        let mut out = [0; DESCRIPTOR_LEN as usize];
        let mut put = |at: usize, len: usize, bytes: &[u8]| {
            out.iter_mut().skip(at).take(len).zip(bytes).for_each(|(place, &byte)| *place = byte);
        };
        put(0, 4, &DESCRIPTOR_MAGIC.to_le_bytes());
        put(4, 4, &self.secure_version.to_le_bytes());
        put(16, 32, self.version.as_bytes());
        put(48, 32, self.project.as_bytes());
        put(80, 16, self.time.as_bytes());
        put(96, 16, self.date.as_bytes());
        put(112, 32, self.idf_version.as_bytes());
        put(144, 32, &self.elf_sha256);
        out
    }
}

/// A segment in its place, padding included.
#[derive(Debug, Clone, Copy, Default)]
struct Piece<'a> {
    address: u32,
    described: bool,
    data: &'a [u8],
    /// Length with descriptor and filling.
    len: u32,
}

/// Where every segment goes.
#[derive(Default)]
struct Plan<'a> {
    pieces: [Piece<'a>; MAX_SEGMENTS as usize],
    count: u8,
    offset: u32,
}

impl<'a> Plan<'a> {
    fn of(image: &AppImage<'a>) -> Result<Self, Error> {
        if image.chip.id().is_none() {
            let fault = Fault::Unknown { field: "chip id", found: u16::MAX.into() };
            return Err(Error::new(Part::Header, 12, fault));
        }
        let mut plan = Self { offset: HEADER_LEN, ..Self::default() };
        for (index, segment) in image.segments.iter().enumerate() {
            plan.place(image.chip, segment, index == 0 && image.descriptor.is_some())?;
        }
        if plan.count == 0 {
            let fault = Fault::Range { field: "segment count", expected: (1, MAX_SEGMENTS.into()), found: 0 };
            return Err(Error::new(Part::Header, 1, fault));
        }
        Ok(plan)
    }

    fn pieces(&self) -> impl Iterator<Item = &Piece<'a>> {
        self.pieces.iter().take(self.count.into())
    }

    fn place(&mut self, chip: Chip, segment: &AppSegment<'a>, described: bool) -> Result<(), Error> {
        let &AppSegment { address, data } = segment;
        let fail = |plan: &Self, fault| Err(Error::new(Part::Segment(plan.count), plan.offset, fault));
        let prefix = if described { DESCRIPTOR_LEN } else { 0 };
        let len = u32::try_from(data.len()).ok();
        let len = len.and_then(|len| len.checked_next_multiple_of(4)?.checked_add(prefix));
        let Some(len) = len.filter(|&len| len < SEGMENT_LIMIT) else {
            let expected = (0, SEGMENT_LIMIT.saturating_sub(1));
            return fail(self, Fault::Range { field: "length", expected, found: crate::bytes::len32(data) });
        };
        if chip.maps_flash(address) {
            if !address.is_multiple_of(4) {
                return fail(self, Fault::Unaligned { field: "address", expected: 4, found: address });
            }
            let data_at = self.offset.wrapping_add(SEGMENT_HEADER_LEN);
            let (expected, found) = (data_at % PAGE, address % PAGE);
            if described && expected != found {
                return fail(self, Fault::Misplaced { page: PAGE, expected, found });
            }
            if expected != found {
                let padding = address.wrapping_sub(data_at).wrapping_sub(SEGMENT_HEADER_LEN) % PAGE;
                self.add(Piece { len: padding, ..Piece::default() })?;
            }
        }
        self.add(Piece { address, described, data, len })
    }

    fn add(&mut self, piece: Piece<'a>) -> Result<(), Error> {
        let found = u32::from(self.count).saturating_add(1);
        let fault = Fault::Range { field: "segment count", expected: (1, MAX_SEGMENTS.into()), found };
        let place = self.pieces.get_mut(usize::from(self.count));
        *place.ok_or(Error::new(Part::Header, 1, fault))? = piece;
        self.count = self.count.saturating_add(1);
        self.offset = self.offset.saturating_add(SEGMENT_HEADER_LEN).saturating_add(piece.len);
        Ok(())
    }
}

/// Counts, sums and hashes what goes to the sink.
struct Output<S> {
    sink: S,
    offset: u32,
    checksum: u8,
    sha: Sha256,
}

impl<S: FnMut(&[u8])> Output<S> {
    fn put(&mut self, bytes: &[u8]) {
        self.sha.update(bytes);
        self.offset = self.offset.saturating_add(crate::bytes::len32(bytes));
        (self.sink)(bytes);
    }

    fn put_data(&mut self, bytes: &[u8]) {
        self.checksum = xor(self.checksum, bytes);
        self.put(bytes);
    }

    fn put_zeros(&mut self, mut count: u32) {
        while count > 0 {
            let zeros = [0; 64];
            let piece = count.min(64);
            self.put(zeros.get(..usize::try_from(piece).unwrap_or(0)).unwrap_or_default());
            count = count.saturating_sub(piece);
        }
    }

    fn segment(&mut self, piece: &Piece<'_>, descriptor: Option<&AppDescriptor<'_>>) {
        self.put(&piece.address.to_le_bytes());
        self.put(&piece.len.to_le_bytes());
        let begin = self.offset;
        if let Some(descriptor) = descriptor {
            self.put_data(&descriptor.encode());
        }
        self.put_data(piece.data);
        self.put_zeros(piece.len.saturating_sub(self.offset.saturating_sub(begin)));
    }

    /// Filling, checksum and digest; gives the length of all.
    fn finish(mut self, append_digest: bool) -> u32 {
        self.put_zeros(15_u32.saturating_sub(self.offset % 16));
        let checksum = self.checksum;
        self.put(&[checksum]);
        if append_digest {
            let digest: [u8; DIGEST_LEN as usize] = self.sha.finalize_reset().into();
            self.put(&digest);
        }
        self.offset
    }
}
