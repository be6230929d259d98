//! An image of the ESP32 family: header, segments, checks and what follows.

use otary_fleet::Sha256;
use otary_image::{App, Chip, FlashFrequency, FlashMode, FlashSize, Header, Role, Segment, Tail};
use serde::Serialize;

use super::defect::Defect;
use super::description::{BootloaderFacts, DescriptorFacts};
use super::page::Page;
use super::signature::{self, SignatureFacts};
use super::{bytes, memory};
use crate::table::Table;

/// Bytes of a segment's own header, which lies before its data.
const SEGMENT_HEADER: u32 = 8;

/// A whole image.
#[derive(Debug, Serialize)]
pub struct ImageFacts {
    pub chip: Chip,
    /// `application`, `simple-boot` or `bootloader`.
    pub role: &'static str,
    /// Bytes of the image, with the appended SHA-256 and without what follows.
    pub length: u32,
    pub header: HeaderFacts,
    pub segments: Vec<SegmentFacts>,
    /// The byte stored, which is the one computed.
    pub checksum: u8,
    /// Whether a SHA-256 is appended. If so it is right.
    pub digest_appended: bool,
    /// SHA-256 of the image up to its checksum.
    pub digest: Sha256,
    pub descriptor: Option<DescriptorFacts>,
    pub bootloader_description: Option<BootloaderFacts>,
    pub signatures: Vec<SignatureFacts>,
    pub behind: TailFacts,
}

/// The fields of a header.
#[derive(Debug, Serialize)]
pub struct HeaderFacts {
    pub segment_count: u8,
    pub flash: FlashFacts,
    pub entry: u32,
    pub entry_memory: Option<&'static str>,
    /// The write-protect pin, if one is set.
    pub wp_pin: Option<u8>,
    /// Drive strengths of CLK, Q, D, CS, HD and WP.
    pub pin_drive: [u8; 6],
    /// Major times 100 plus minor.
    pub min_revision: u16,
    /// The major number alone, as old bootloaders read it.
    pub min_revision_old: u8,
    /// None where the image states no bound.
    pub max_revision: Option<u16>,
}

/// How the flash is driven.
#[derive(Debug, Serialize)]
pub struct FlashFacts {
    pub mode: String,
    /// Bytes, if the header's number has a meaning.
    pub size: Option<u32>,
    pub mhz: Option<u8>,
}

/// A segment.
#[derive(Debug, Serialize)]
pub struct SegmentFacts {
    pub index: u8,
    pub memory: Option<&'static str>,
    pub address: u32,
    /// Where its header is in the file, as the vendor's tools and our errors count; 8 bytes on is its data.
    pub offset: u32,
    pub length: u32,
}

/// What follows an image in its file.
#[derive(Debug, Serialize)]
pub struct TailFacts {
    /// `nothing`, `erased`, `signature`, `segments` or `other`.
    pub what: &'static str,
    pub length: u32,
}

impl ImageFacts {
    pub fn of(app: &App<'_>) -> Self {
        let chip = app.chip();
        Self {
            chip,
            role: match app.role() {
                Role::Application => "application",
                Role::RamApplication => "simple-boot",
                Role::Bootloader => "bootloader",
            },
            length: app.image_len(),
            header: HeaderFacts::of(app.header()),
            segments: app.segments().iter().map(|segment| SegmentFacts::of(chip, segment)).collect(),
            checksum: app.checksum(),
            digest_appended: app.appended_digest().is_some(),
            digest: Sha256(app.reported_digest()),
            descriptor: app.descriptor().map(DescriptorFacts::of),
            bootloader_description: app.bootloader_description().map(BootloaderFacts::of),
            signatures: app.signatures().map(|signature| SignatureFacts::of(&signature)).collect(),
            behind: TailFacts::of(app.tail()),
        }
    }

    /// What is wrong with an image that is whole: a signature that does not belong to it.
    pub fn defect(&self) -> Option<Defect> {
        self.signatures.iter().find_map(SignatureFacts::defect)
    }

    /// The sections of an image; `name` is the heading of the first, and `segments` that of the table.
    pub fn show(&self, name: &str, segments: &str, page: &mut Page) {
        page.heading(name);
        self.header.show(page);
        page.row("length", self.length_text());
        page.row("checksum", format_args!("{:#04x}, right", self.checksum));
        let digest = if self.digest_appended { "appended, right:" } else { "none appended; computed:" };
        page.row("digest", digest);
        page.row("", self.digest);
        if let Some(description) = &self.bootloader_description {
            description.show(page);
        }
        show_segments(&self.segments, segments, page);
        if let Some(descriptor) = &self.descriptor {
            descriptor.show("Descriptor", page);
        }
        signature::show(&self.signatures, page);
    }

    fn length_text(&self) -> String {
        format!("{}, then {}", bytes(self.length), self.behind.text())
    }
}

impl HeaderFacts {
    pub fn of(header: &Header) -> Self {
        let chip = header.chip;
        let [clk_q, d_cs, hd_wp] = header.pin_drive.map(|pair| [pair & 0x0F, pair >> 4]);
        let max_revision = header.max_revision.0;
        Self {
            segment_count: header.segment_count,
            flash: FlashFacts::of(chip, header.flash_mode, header.flash_size, header.flash_frequency),
            entry: header.entry,
            entry_memory: memory::name(chip, header.entry),
            wp_pin: (header.wp_pin != WP_UNUSED).then_some(header.wp_pin),
            pin_drive: [clk_q[0], clk_q[1], d_cs[0], d_cs[1], hd_wp[0], hd_wp[1]],
            min_revision: header.min_revision.0,
            min_revision_old: header.min_revision_old,
            max_revision: (!matches!(max_revision, 0 | u16::MAX)).then_some(max_revision),
        }
    }

    pub fn show(&self, page: &mut Page) {
        page.row("flash", self.flash.text());
        page.row("entry", entry_text(self.entry, self.entry_memory));
        page.row("revisions", self.revisions_text());
        page.row_if("WP pin", self.wp_pin);
        if self.pin_drive != [0; 6] {
            let [clk, q, d, cs, hd, wp] = self.pin_drive;
            page.row("pin drive", format_args!("CLK {clk}, Q {q}, D {d}, CS {cs}, HD {hd}, WP {wp}"));
        }
    }

    /// The revisions of the chip that may run the image.
    fn revisions_text(&self) -> String {
        let min = revision(self.min_revision);
        match self.max_revision {
            Some(max) => format!("{min} to {}", revision(max)),
            None if self.min_revision > 0 => format!("{min} and later"),
            None if self.min_revision_old > 0 => {
                format!("v{} and later, by the old field", self.min_revision_old)
            }
            None => "all".to_owned(),
        }
    }
}

/// The header's value for a write-protect pin that is not used.
const WP_UNUSED: u8 = 0xEE;

/// A revision: `v1.3` for 103.
pub fn revision(number: u16) -> String {
    otary_image::Revision(number).to_string()
}

/// An entry address.
pub fn entry_text(entry: u32, memory: Option<&str>) -> String {
    memory.map_or_else(|| format!("{entry:#010x}"), |memory| format!("{entry:#010x} ({memory})"))
}

impl FlashFacts {
    pub fn of(chip: Chip, mode: FlashMode, size: FlashSize, frequency: FlashFrequency) -> Self {
        Self { mode: mode.to_string(), size: size.bytes(chip), mhz: frequency.mhz(chip) }
    }

    pub fn text(&self) -> String {
        let size = self.size.map_or_else(|| "unknown size".to_owned(), flash_size);
        let mhz = self.mhz.map_or_else(|| "unknown clock".to_owned(), |mhz| format!("{mhz} MHz"));
        format!("{}, {size}, {mhz}", self.mode)
    }
}

/// The size of a flash chip, as its makers write it: 4 MB are 4 MiB.
pub fn flash_size(bytes: u32) -> String {
    if bytes >= 1 << 20 { format!("{} MB", bytes >> 20) } else { format!("{} KB", bytes >> 10) }
}

impl SegmentFacts {
    pub fn of(chip: Chip, segment: &Segment) -> Self {
        let memory = if segment.is_padding() { Some("padding") } else { memory::name(chip, segment.address) };
        Self {
            index: segment.index,
            memory,
            address: segment.address,
            offset: segment.offset.saturating_sub(SEGMENT_HEADER),
            length: segment.len,
        }
    }
}

/// The table of segments.
pub fn show_segments(segments: &[SegmentFacts], heading: &str, page: &mut Page) {
    if segments.is_empty() {
        return;
    }
    let mut table = Table::new(["", "memory", "address", "offset", "length"]);
    for segment in segments {
        table.row([
            segment.index.to_string(),
            segment.memory.unwrap_or("unknown").to_owned(),
            format!("{:#010x}", segment.address),
            format!("{:#010x}", segment.offset),
            format!("{:#08x}  {}", segment.length, segment.length),
        ]);
    }
    page.heading(heading);
    page.table(&table);
}

impl TailFacts {
    pub fn of(tail: Tail) -> Self {
        let (what, length) = match tail {
            Tail::Nothing => ("nothing", 0),
            Tail::Erased(length) => ("erased", length),
            Tail::Signature(length) => ("signature", length),
            Tail::Segments(length) => ("segments", length),
            Tail::Other(length) => ("other", length),
        };
        Self { what, length }
    }

    pub fn text(&self) -> String {
        let length = bytes(self.length);
        match self.what {
            "nothing" => "nothing".to_owned(),
            "erased" => format!("{length} of erased flash"),
            "signature" => format!("a signature, {length} with its padding"),
            "segments" => format!("{length} of segments that its header does not count"),
            _ => format!("{length} of something else"),
        }
    }
}
