//! The manifest: what a release is and for whom, signed by a release key.

use otary_image::Chip;

use crate::cbor::{Reader, Writer, present};
use crate::{Digest, Error, Fault, List, MAX_HARDWARE, MAX_PRODUCT, MAX_VERSION, UnixSeconds};

/// What a manifest says, once it is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manifest<'a> {
    /// The product that it is for.
    pub product: &'a str,
    /// The hardware that it is for, at least one.
    pub hardware: List<&'a str, 4>,
    /// The chip that it is for.
    pub chip: Chip,
    /// The release's number: of two releases of a product, the later one has the higher number.
    pub release: u32,
    /// The version, for people.
    pub version: &'a str,
    /// Once this release is installed, none with a lower number is, ever. At most the release's own number.
    pub floor: u32,
    /// Whether it may replace a release with a higher number.
    pub downgrade: bool,
    /// The last second in which it may be installed.
    pub not_after: Option<UnixSeconds>,
    /// What is to be installed, at least one.
    pub payloads: List<Payload<'a>, 2>,
}

/// One file of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload<'a> {
    /// What it is.
    pub kind: Kind,
    /// The label of the partition that it goes to, of a file system.
    pub label: Option<&'a str>,
    /// How it is sent.
    pub encoding: Encoding,
    /// The SHA-256 of the file that it is a difference to. Reserved: a device of today refuses a payload that has one.
    pub base: Option<&'a Digest>,
    /// How many bytes are sent.
    pub coded_length: u32,
    /// How many bytes are in flash at the end.
    pub final_length: u32,
    /// The SHA-256 of what is in flash at the end.
    pub final_digest: &'a Digest,
    /// The SHA-256 of what is sent, if that is something else.
    pub coded_digest: Option<&'a Digest>,
}

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An application image, for the slot that is not running.
    App,
    /// A file system, for the partition of its label.
    FileSystem,
}

/// How a payload is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is to be in flash.
    Raw,
    /// In a way that this version does not know.
    Other(u8),
}

impl<'a> Manifest<'a> {
    /// The most bytes of a signed manifest.
    pub const MAX_LEN: usize = 640;

    /// The application image, if the release has one.
    pub fn app(&self) -> Option<Payload<'a>> {
        self.payloads.iter().find(|payload| payload.kind == Kind::App)
    }

    /// Writes the payload, without its signature, to `out`; gives what was written.
    pub fn encode<'w>(&self, out: &'w mut [u8]) -> Result<&'w [u8], Error> {
        let mut writer = Writer::new(out);
        let optional = present([self.downgrade, self.not_after.is_some()]);
        writer.map(optional.saturating_add(7));
        writer.key(0).text(self.product, MAX_PRODUCT);
        writer.key(1).list(self.hardware.len(), 1, 4);
        self.hardware.iter().for_each(|name| writer.text(name, MAX_HARDWARE));
        writer.key(2).chip(self.chip);
        writer.key(3).uint(self.release);
        writer.key(4).text(self.version, MAX_VERSION);
        writer.ensure(self.floor <= self.release, self.floor_fault());
        writer.key(5).uint(self.floor);
        if self.downgrade {
            writer.key(6).truth();
        }
        if let Some(time) = self.not_after {
            writer.key(7).uint(time.0);
        }
        writer.key(8).list(self.payloads.len(), 1, 2);
        self.payloads.iter().for_each(|payload| payload.write(&mut writer));
        writer.finish()
    }

    /// Reads a payload. It says nothing about who signed it: what a device trusts comes from
    /// [`verify`](crate::verify).
    // Not inlined: a chip's code would copy each field of the result by itself.
    #[inline(never)]
    pub fn decode(payload: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(payload, Self::MAX_LEN);
        let mut map = reader.map();
        let product = map.required(0).text(MAX_PRODUCT);
        let hardware = map.required(1).items(1, |reader| reader.text(MAX_HARDWARE));
        let chip = map.required(2).chip();
        let release = map.required(3).u32();
        let manifest = Self {
            product,
            hardware,
            chip,
            release,
            version: map.required(4).text(MAX_VERSION),
            floor: map.required(5).within(0, release),
            downgrade: map.optional(6).map(Reader::truth).is_some(),
            not_after: map.optional(7).map(Reader::u64).map(UnixSeconds),
            payloads: map.required(8).items(1, Payload::read),
        };
        map.end();
        reader.finish(manifest)
    }

    const fn floor_fault(&self) -> Fault {
        Fault::Range { expected: (0, self.release), found: self.floor }
    }
}

impl<'a> Payload<'a> {
    /// The most bytes of a label, as in a partition table.
    pub const MAX_LABEL: usize = 16;

    /// The SHA-256 of what is sent.
    pub fn sent(&self) -> &'a Digest {
        self.coded_digest.unwrap_or(self.final_digest)
    }

    fn write(&self, writer: &mut Writer) {
        let optional = present([self.label.is_some(), self.base.is_some(), self.coded_digest.is_some()]);
        writer.map(optional.saturating_add(5));
        writer.key(0).uint(self.kind.code());
        if let Some(label) = self.label {
            writer.key(1).text(label, Self::MAX_LABEL);
        }
        writer.key(2).uint(self.encoding.code());
        if let Some(base) = self.base {
            writer.key(3).bytes(base);
        }
        writer.key(4).uint(self.coded_length);
        writer.key(5).uint(self.final_length);
        writer.key(6).bytes(self.final_digest);
        if let Some(digest) = self.coded_digest {
            writer.key(7).bytes(digest);
        }
    }

    fn read(reader: &mut Reader<'a>) -> Self {
        let mut map = reader.map();
        let payload = Self {
            kind: Kind::from_code(map.required(0).within(0, 1)),
            label: map.optional(1).map(|reader| reader.text(Self::MAX_LABEL)),
            encoding: Encoding::from_code(map.required(2).u8()),
            base: map.optional(3).map(Reader::array),
            coded_length: map.required(4).u32(),
            final_length: map.required(5).u32(),
            final_digest: map.required(6).array(),
            coded_digest: map.optional(7).map(Reader::array),
        };
        map.end();
        payload
    }
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::App => 0,
            Self::FileSystem => 1,
        }
    }

    const fn from_code(code: u32) -> Self {
        if code == 0 { Self::App } else { Self::FileSystem }
    }
}

impl Encoding {
    const fn code(self) -> u8 {
        match self {
            Self::Raw => 0,
            Self::Other(code) => code,
        }
    }

    const fn from_code(code: u8) -> Self {
        if code == 0 { Self::Raw } else { Self::Other(code) }
    }
}
