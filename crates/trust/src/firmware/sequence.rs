//! Where a DER sequence begins, and what stands in it: the first look, before anything is parsed.

use x509_parser::asn1_rs::{Any, FromDer};

/// The longest sequence that is looked at, in bytes: above any certificate that fits into a TLS record, and above the
/// key of an RSA modulus with 8192 bits.
const LONGEST: usize = 8 * 1024;

/// Every place where a sequence could begin, with the rest of the image from there on.
pub(super) fn places(image: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    image
        .iter()
        .enumerate()
        .filter(|&(_, &byte)| byte == 0x30)
        .filter_map(|(at, _)| Some((at, image.get(at..)?)))
}

/// The sequence at the beginning of `bytes`: its whole form, and its content.
pub(super) fn whole(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, content) = match *bytes {
        [0x30, len @ 0..=0x7F, ..] => (2, usize::from(len)),
        [0x30, 0x81, len @ 0x80..=0xFF, ..] => (3, usize::from(len)),
        [0x30, 0x82, high @ 1..=0xFF, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
        _ => return None,
    };
    let end = header + content;
    (end <= LONGEST).then_some(())?;
    Some((bytes.get(..end)?, bytes.get(header..end)?))
}

/// The elements of a sequence's content, if they fill it and are no more than `N`.
pub(super) fn elements<const N: usize>(mut content: &[u8]) -> Option<Vec<Any<'_>>> {
    let mut elements = Vec::with_capacity(N);
    while !content.is_empty() {
        (elements.len() < N).then_some(())?;
        let (rest, element) = Any::from_der(content).ok()?;
        elements.push(element);
        content = rest;
    }
    Some(elements)
}
