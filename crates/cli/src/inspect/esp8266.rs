//! Images of the ESP8266, in the layouts that its tools make.

use otary_fleet::Sha256;
use otary_image::{Chip, Esp8266, Esp8266Kind};
use serde::Serialize;

use super::bytes;
use super::description::DescriptorFacts;
use super::image::{SegmentFacts, TailFacts, show_segments};
use super::page::Page;
use super::walk::{self, ROM_HEADER, RomHeaderFacts};

/// The words for length and CRC in an Arduino image.
const LENGTH_WORD: u32 = 0x1010;
const CRC_WORD: u32 = 0x1014;

/// A whole image.
#[derive(Debug, Serialize)]
pub struct Esp8266Facts {
    pub chip: Chip,
    /// `rom`, `sdk`, `arduino` or `rtos`.
    pub layout: &'static str,
    /// Bytes of the image, without what follows.
    pub length: u32,
    /// Of an Arduino image: the boot loader before the application.
    pub eboot: Option<EbootFacts>,
    pub header: Option<RomHeaderFacts>,
    pub segments: Vec<SegmentFacts>,
    /// The byte stored, which is right.
    pub checksum: u8,
    /// The length that an Arduino image holds, which is right.
    pub length_word: Option<u32>,
    /// The CRC that an Arduino or SDK image holds, which is right.
    pub crc: Option<u32>,
    /// The SHA-256 that follows an RTOS SDK image, which is right.
    pub digest: Option<Sha256>,
    pub descriptor: Option<DescriptorFacts>,
    /// Bytes of the signature that the Arduino core's tool appends.
    pub signature: Option<usize>,
    pub behind: TailFacts,
}

/// The boot loader of the Arduino core.
#[derive(Debug, Serialize)]
pub struct EbootFacts {
    pub header: RomHeaderFacts,
    pub segments: Vec<SegmentFacts>,
    /// The byte stored, which is right.
    pub checksum: u8,
}

impl Esp8266Facts {
    pub fn of(image: &Esp8266<'_>) -> Self {
        let file = image.file();
        let kind = image.kind();
        let (layout, begins) = match kind {
            Esp8266Kind::Rom => ("rom", Some(0)),
            Esp8266Kind::Rtos { .. } => ("rtos", Some(0)),
            Esp8266Kind::Arduino { .. } => ("arduino", Some(0x1000)),
            Esp8266Kind::Sdk => ("sdk", image.segments().as_slice().first().map(otary_image::Segment::end)),
        };
        let with_words = kind == Esp8266Kind::Arduino { length_and_crc: true };
        let word = |at: u32| walk::word(file, at);
        Self {
            chip: Chip::Esp8266,
            layout,
            length: image.image_len(),
            eboot: matches!(kind, Esp8266Kind::Arduino { .. }).then(|| EbootFacts::read(file)).flatten(),
            header: begins.and_then(|at| RomHeaderFacts::read(file, at)),
            segments: segments(image),
            checksum: image.checksum(),
            length_word: with_words.then(|| word(LENGTH_WORD)).flatten(),
            crc: match kind {
                Esp8266Kind::Sdk => image.image_len().checked_sub(4).and_then(word),
                _ => with_words.then(|| word(CRC_WORD)).flatten(),
            },
            digest: match kind {
                Esp8266Kind::Rtos { digest: true } => image.image().last_chunk().copied().map(Sha256),
                _ => None,
            },
            descriptor: image.descriptor().map(DescriptorFacts::of),
            signature: image.signature().map(<[u8]>::len),
            behind: TailFacts::of(image.tail()),
        }
    }

    /// What kind of image it is, in words.
    pub fn title(&self) -> &'static str {
        match self.layout {
            "arduino" => "app for ESP8266, built with the Arduino core",
            "sdk" => "app for ESP8266, for the boot loader of its SDK",
            "rtos" => "app for ESP8266, built with the RTOS SDK",
            _ => "image for ESP8266, as its boot ROM loads it",
        }
    }

    pub fn show(&self, page: &mut Page) {
        page.heading("Image");
        if let Some(header) = &self.header {
            header.show(page);
        }
        page.row("length", format_args!("{}, then {}", bytes(self.length), self.behind.text()));
        self.show_checks(page);
        show_segments(&self.segments, "Segments", page);
        if let Some(descriptor) = &self.descriptor {
            descriptor.show("Descriptor", page);
        }
        if let Some(eboot) = &self.eboot {
            eboot.show(page);
        }
    }

    fn show_checks(&self, page: &mut Page) {
        let note =
            if self.length_word.is_some() { " (made while the two words below were zero)" } else { "" };
        page.row("checksum", format_args!("{:#04x}, right{note}", self.checksum));
        if let Some(length) = self.length_word {
            page.row("length word", format_args!("{length:#010x} at {LENGTH_WORD:#x}, right"));
        }
        match (self.layout, self.crc) {
            ("arduino", Some(crc)) => {
                page.row("CRC word", format_args!("{crc:#010x} at {CRC_WORD:#x}, right"));
            }
            ("arduino", None) => page.row("words", "none for length and CRC, as older cores leave them out"),
            (_, Some(crc)) => page.row("CRC-32", format_args!("{crc:#010x}, right")),
            (_, None) => {}
        }
        if let Some(digest) = self.digest {
            page.row("digest", "appended, right:");
            page.row("", digest);
        }
        let signature = self.signature.map(|len| format!("RSA, {} bits, for the device to check", len * 8));
        page.row_if("signature", signature);
    }
}

/// The application's segments. The first of an SDK image has no address: it is the code in flash.
fn segments(image: &Esp8266<'_>) -> Vec<SegmentFacts> {
    let mut facts: Vec<_> =
        image.segments().iter().map(|segment| SegmentFacts::of(Chip::Esp8266, segment)).collect();
    if let (Esp8266Kind::Sdk, Some(first)) = (image.kind(), facts.first_mut()) {
        first.memory = Some("IROM");
    }
    facts
}

impl EbootFacts {
    /// Reads eboot at the start of an image whose checks have passed.
    fn read(file: &[u8]) -> Option<Self> {
        let header = RomHeaderFacts::read(file, 0)?;
        let segments = walk::segments(file, ROM_HEADER, header.segment_count);
        let checksum = *walk::from(file, segments.last()?.end() | 0xF)?.first()?;
        let segments = segments.iter().map(|segment| SegmentFacts::of(Chip::Esp8266, segment)).collect();
        Some(Self { header, segments, checksum })
    }

    fn show(&self, page: &mut Page) {
        page.heading("eboot, the boot loader in front");
        self.header.show(page);
        page.row("checksum", format_args!("{:#04x}, right", self.checksum));
        show_segments(&self.segments, "Segments of eboot", page);
    }
}
