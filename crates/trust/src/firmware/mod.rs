//! What lies inside a firmware image besides its code: certificates, host names, URLs and private keys.
//!
//! - **Nothing is taken for what it only looks like.** TLS libraries contain the PEM markers as literals, and code contains
//!   bytes that begin like DER: a certificate or key counts when it was parsed whole.
//! - **Any bytes may come in.** The work is linear in their number, of each kind at most [`Embedded::MAX_EACH`] are kept,
//!   and nothing panics.
//! - **No secret goes out.** Of a key its kind and place are told; of a URL neither user nor query is kept.
//!
//! What is not seen: a certificate that the image holds compressed or in pieces, and the bundle of ESP-IDF
//! (`esp_crt_bundle`), which has names and keys of authorities but not their certificates.

mod certificates;
mod hosts;
mod key;
mod pem;
mod sequence;

use std::borrow::Cow;

use otary_fleet::{Embedded, unpack};

/// How every gzip file begins (RFC 1952, section 2.3.1, with the only compression method that there is).
const GZIP: &[u8] = &[0x1F, 0x8B, 0x08];

/// Searches an image as it is served to devices. A gzip file is unpacked before, to at most
/// [`otary_fleet::Artifact::MAX_SIZE`] bytes, and the offsets are those of the unpacked image; one that cannot be unpacked
/// is searched as it is.
pub fn search(image: &[u8]) -> Embedded {
    let image = match image.starts_with(GZIP).then(|| unpack(image)) {
        Some(Ok(unpacked)) => Cow::Owned(unpacked),
        _ => Cow::Borrowed(image),
    };
    let blocks = pem::Blocks::of(&image);
    let (hosts, urls) = hosts::find(&image);
    Embedded {
        certificates: certificates::find(&image, &blocks),
        hosts,
        urls,
        private_keys: key::find(&image, &blocks),
    }
}

/// The first [`Embedded::MAX_EACH`] of `found`, in the order of their offsets.
fn first<T>(mut found: Vec<T>, offset: impl Fn(&T) -> u64) -> Vec<T> {
    found.sort_by_key(offset);
    found.truncate(Embedded::MAX_EACH);
    found
}
