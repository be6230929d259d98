//! The check-in: all that a device says when it asks for news, in one header field.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use otary_image::Chip;

use crate::cbor::{Reader, Writer, present};
use crate::{ClockState, Digest, Error, Fault, MAX_HARDWARE, MAX_PRODUCT, MAX_VERSION, Report};

/// The version of the messages that this crate speaks.
const PROTOCOL: u32 = 1;
const MAX_LEN: usize = 320;

/// What a device says of itself. Nothing in it is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckIn<'a> {
    /// The MAC address.
    pub device: [u8; 6],
    /// The product's name.
    pub product: &'a str,
    /// The hardware's name.
    pub hardware: &'a str,
    /// The chip.
    pub chip: Chip,
    /// The number of the release that runs; 0 for one that has none.
    pub release: u32,
    /// The SHA-256 that is appended to the running image, if one is.
    pub image: Option<&'a Digest>,
    /// The running build's version text.
    pub version: Option<&'a str>,
    /// The version of the root record that the device trusts.
    pub root: u32,
    /// The version of the root record whose trust set the connection was made with.
    pub trust_set: u32,
    /// Sixteen random bytes, to be repeated in the order.
    pub nonce: [u8; 16],
    /// How large an update may be, in bytes.
    pub slot: u32,
    /// How well the device knows the time.
    pub clock: ClockState,
    /// What became of the last attempt.
    pub report: Option<Report<'a>>,
}

impl<'a> CheckIn<'a> {
    /// The most bytes of a check-in.
    pub const MAX_LEN: usize = MAX_LEN;
    /// The most characters of a check-in as text.
    pub const MAX_TEXT: usize = (Self::MAX_LEN * 4).div_ceil(3);
    /// The field of the request that the text stands in.
    pub const HEADER: &'static str = "Otary-Check-In";

    /// Writes the check-in to `out`; gives what was written.
    pub fn encode<'w>(&self, out: &'w mut [u8]) -> Result<&'w [u8], Error> {
        let mut writer = Writer::new(out);
        self.write(&mut writer);
        writer.finish()
    }

    /// Reads a check-in.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, Self::MAX_LEN);
        let check_in = Self::read(&mut reader);
        reader.finish(check_in)
    }

    /// Writes the check-in to `out` as base64url without padding (RFC 4648 section 5), as it stands in the header field.
    pub fn to_text<'w>(&self, out: &'w mut [u8]) -> Result<&'w str, Error> {
        let mut bytes = [0; MAX_LEN];
        let bytes = self.encode(&mut bytes)?;
        Base64UrlUnpadded::encode(bytes, out).map_err(|_| Error { offset: 0, fault: Fault::Full })
    }

    /// Reads a check-in from a header field, over a buffer that takes its bytes.
    pub fn from_text(text: &str, bytes: &'a mut [u8; MAX_LEN]) -> Result<Self, Error> {
        if text.len() > Self::MAX_TEXT {
            let [expected, found] =
                [Self::MAX_TEXT, text.len()].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
            return Err(Error { offset: 0, fault: Fault::TooLong { expected, found } });
        }
        let bytes =
            Base64UrlUnpadded::decode(text, bytes).map_err(|_| Error { offset: 0, fault: Fault::Base64 })?;
        Self::decode(bytes)
    }

    fn write(&self, writer: &mut Writer) {
        let optional = present([self.image.is_some(), self.version.is_some(), self.report.is_some()]);
        writer.map(optional.saturating_add(11));
        writer.key(0).uint(PROTOCOL);
        writer.key(1).bytes(&self.device);
        writer.key(2).text(self.product, MAX_PRODUCT);
        writer.key(3).text(self.hardware, MAX_HARDWARE);
        writer.key(4).chip(self.chip);
        writer.key(5).uint(self.release);
        if let Some(image) = self.image {
            writer.key(6).bytes(image);
        }
        if let Some(version) = self.version {
            writer.key(7).text(version, MAX_VERSION);
        }
        writer.key(8).uint(self.root);
        writer.key(9).uint(self.trust_set);
        writer.key(10).bytes(&self.nonce);
        writer.key(11).uint(self.slot);
        writer.key(12).uint(self.clock.code());
        if let Some(report) = &self.report {
            report.write(writer.key(13));
        }
    }

    fn read(reader: &mut Reader<'a>) -> Self {
        let mut map = reader.map();
        map.required(0).within(PROTOCOL, PROTOCOL);
        let check_in = Self {
            device: *map.required(1).array(),
            product: map.required(2).text(MAX_PRODUCT),
            hardware: map.required(3).text(MAX_HARDWARE),
            chip: map.required(4).chip(),
            release: map.required(5).u32(),
            image: map.optional(6).map(Reader::array),
            version: map.optional(7).map(|reader| reader.text(MAX_VERSION)),
            root: map.required(8).u32(),
            trust_set: map.required(9).u32(),
            nonce: *map.required(10).array(),
            slot: map.required(11).u32(),
            clock: ClockState::from_code(map.required(12).within(0, 2)),
            report: map.optional(13).map(Report::read),
        };
        map.end();
        check_in
    }
}
