//! PEM blocks anywhere in the bytes of an image.
//!
//! Read as the devices' libraries do: lines of any length, ended in any way, and whatever stands before or after. A block
//! is one whose base64 text ends at the marker that belongs to its label; the markers alone are none.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// The longest label that is looked at.
const LONGEST_LABEL: usize = 32;
/// The longest base64 text that is looked at, line ends included: 8 KiB of DER in any form.
const LONGEST_TEXT: usize = 16 * 1024;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A block of PEM text.
pub(super) struct Block<'a> {
    /// Where it begins, in bytes from the image's start.
    pub offset: usize,
    /// What it calls itself.
    pub label: &'a [u8],
    /// What it holds; wiped when it is dropped, since it may be a key.
    pub der: Zeroizing<Vec<u8>>,
}

/// The blocks of an image.
pub(super) struct Blocks<'a>(Vec<Block<'a>>);

impl<'a> Blocks<'a> {
    /// As many as could matter: certificates and keys, [`super::Embedded::MAX_EACH`] of each and as many others.
    const MOST: usize = 4 * super::Embedded::MAX_EACH;

    /// Finds them.
    pub(super) fn of(image: &'a [u8]) -> Self {
        let places = image.windows(BEGIN.len()).enumerate().filter(|(_, window)| *window == BEGIN);
        let blocks = places.filter_map(|(offset, _)| Block::at(offset, image.get(offset + BEGIN.len()..)?));
        Self(blocks.take(Self::MOST).collect())
    }

    /// Those whose label is such that `wanted`.
    pub(super) fn labelled(&self, wanted: impl Fn(&[u8]) -> bool) -> impl Iterator<Item = &Block<'a>> {
        self.0.iter().filter(move |block| wanted(block.label))
    }
}

impl<'a> Block<'a> {
    /// The block whose label begins `bytes`.
    fn at(offset: usize, bytes: &'a [u8]) -> Option<Self> {
        let within = bytes.get(..bytes.len().min(LONGEST_LABEL + DASHES.len()))?;
        let len = within.windows(DASHES.len()).position(|window| window == DASHES)?;
        let (label, rest) = bytes.split_at_checked(len)?;
        let text = rest.get(DASHES.len()..)?;
        let len = text.iter().take(LONGEST_TEXT).position(|byte| !is_text(*byte))?;
        let (text, end) = text.split_at_checked(len)?;
        end.strip_prefix(END)?.strip_prefix(label)?.strip_prefix(DASHES)?;
        Some(Self { offset, label, der: decode(text)? })
    }
}

const fn is_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') || byte.is_ascii_whitespace()
}

fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    digits.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
    let mut der = Zeroizing::new(vec![0; text.len()]);
    let len = BASE64.decode_slice(digits.as_slice(), &mut der).ok()?;
    der.truncate(len);
    Some(der)
}
