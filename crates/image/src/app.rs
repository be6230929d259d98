//! An image of the ESP32 family in a slice: an application or a second-stage bootloader, checked whole.
//!
//! An [`App`] exists only if [`Checker`] accepted its bytes. Most crates that touch this format make images
//! (espflash) or describe the running one (esp-bootloader-esp-idf); none reads a finished file with segments, checksum,
//! digest and signature blocks, so it is read here.

use crate::bytes::{self, len32};
use crate::checker::{Checker, Facts, check_segment};
use crate::descriptor::{BootloaderDescription, Descriptor};
use crate::header::{Header, MAX_SEGMENTS};
use crate::segment::{SEGMENT_HEADER_LEN, Segment, Segments};
use crate::signature::{self, Signatures};
use crate::{Chip, Error, Fault, Part};

/// A checked image and the file it came in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct App<'a> {
    file: &'a [u8],
    facts: Facts,
}

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Runs in place from flash: an application for a slot.
    Application,
    /// Header and checksum cover only RAM segments, and the mapped ones follow the checksum: the "simple boot" form, which
    /// the boot ROM starts from the bootloader's place.
    RamApplication,
    /// Only RAM segments: a second-stage bootloader. (A program that lives in RAM alone looks the same.)
    Bootloader,
}

/// What follows the image in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tail {
    /// Nothing.
    Nothing,
    /// This many bytes of 0xFF.
    Erased(u32),
    /// Secure Boot signatures; the bytes from the image's end to the file's.
    Signature(u32),
    /// Segments that the header does not count, as the "simple boot" form has them; the bytes to the file's end.
    Segments(u32),
    /// This many bytes of something else.
    Other(u32),
}

impl<'a> App<'a> {
    /// Checks the image at the start of `file`.
    pub fn parse(file: &'a [u8]) -> Result<Self, Error> {
        let Ok(file_len) = u32::try_from(file.len()) else {
            let fault = Fault::Range { field: "length", expected: (0, u32::MAX), found: u32::MAX };
            return Err(Error::new(Part::File, 0, fault));
        };
        let mut checker = Checker::new(file_len);
        checker.push(file)?;
        Ok(Self { file, facts: checker.finish()? })
    }

    /// All facts at once.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.facts.header
    }

    /// The chip that the image is for.
    pub const fn chip(&self) -> Chip {
        self.facts.header.chip
    }

    /// The segments.
    pub const fn segments(&self) -> &Segments {
        &self.facts.segments
    }

    /// The data of a segment of this image.
    pub fn data(&self, segment: &Segment) -> &'a [u8] {
        bytes::part(self.file, segment.offset, segment.len).unwrap_or_default()
    }

    /// Length of the image in bytes, with the appended SHA-256 and without what follows.
    pub const fn image_len(&self) -> u32 {
        self.facts.image_len
    }

    /// The image alone.
    pub fn image(&self) -> &'a [u8] {
        bytes::part(self.file, 0, self.facts.image_len).unwrap_or(self.file)
    }

    /// The whole slice that was parsed.
    pub const fn file(&self) -> &'a [u8] {
        self.file
    }

    /// The bytes to offer as an update: the image and what belongs to it, without the erased flash behind it.
    pub fn offer(&self) -> &'a [u8] {
        if let Tail::Signature(_) = self.tail() {
            return bytes::part(self.file, 0, self.signatures().end()).unwrap_or(self.file);
        }
        let written = self.file.iter().rposition(|&byte| byte != 0xFF).unwrap_or(0).saturating_add(1);
        self.file.get(..written.max(self.image().len())).unwrap_or(self.file)
    }

    /// XOR of all segment data and 0xEF.
    pub const fn checksum(&self) -> u8 {
        self.facts.checksum
    }

    /// The appended SHA-256, if there is one.
    pub fn appended_digest(&self) -> Option<[u8; 32]> {
        self.facts.header.hash_appended.then_some(self.facts.digest)
    }

    /// What a device reports as the SHA-256 of this sketch: the appended one, or else that of the image.
    pub const fn reported_digest(&self) -> [u8; 32] {
        self.facts.digest
    }

    /// The application descriptor, if there is one.
    pub fn descriptor(&self) -> Option<Descriptor<'a>> {
        Descriptor::of(self.data(self.facts.segments.iter().next()?))
    }

    /// The bootloader's description, if this is a bootloader that has one.
    pub fn bootloader_description(&self) -> Option<BootloaderDescription<'a>> {
        let data = self.data(self.facts.segments.iter().next()?);
        if self.role() == Role::Bootloader { BootloaderDescription::of(data) } else { None }
    }

    /// What the image is for, by where its segments lie.
    pub fn role(&self) -> Role {
        if self.facts.maps_flash() || self.descriptor().is_some() {
            Role::Application
        } else if matches!(self.tail(), Tail::Segments(_)) {
            Role::RamApplication
        } else {
            Role::Bootloader
        }
    }

    /// What follows the image.
    pub fn tail(&self) -> Tail {
        let len = self.facts.tail_len;
        if len == 0 {
            Tail::Nothing
        } else if self.facts.tail_erased {
            Tail::Erased(len)
        } else if self.signatures().next().is_some() {
            Tail::Signature(len)
        } else if self.hides_segments() {
            Tail::Segments(len)
        } else {
            Tail::Other(len)
        }
    }

    /// Whether segments fill the file behind the image, of which one is mapped.
    fn hides_segments(&self) -> bool {
        let mut at = self.facts.image_len;
        let mut mapped = false;
        for index in 0..MAX_SEGMENTS {
            let rest = bytes::from(self.file, at);
            let (Some(address), Some(len)) = (bytes::u32_at(rest, 0), bytes::u32_at(rest, 4)) else { break };
            if bytes::erased(rest) {
                break;
            }
            let segment = Segment { index, address, offset: at.saturating_add(SEGMENT_HEADER_LEN), len };
            let left = len32(rest).saturating_sub(SEGMENT_HEADER_LEN);
            if check_segment(self.header(), &segment, left).is_err() {
                return false;
            }
            mapped |= segment.maps_flash(self.chip());
            at = segment.end();
        }
        mapped
    }

    /// The Secure Boot signatures behind the image, up to three.
    pub fn signatures(&self) -> Signatures<'a> {
        signature::find(self.file, self.facts.image_len)
    }
}

impl core::fmt::Debug for App<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("App").field("len", &len32(self.file)).field("facts", &self.facts).finish()
    }
}
