//! What the two Arduino libraries have in common: the same header fields under a prefix of their own, and the same
//! three ways to say that there is nothing.
//!
//! Read from the libraries' sources: ESP32 `HTTPUpdate` 1.x to 3.x, ESP8266 `ESP8266httpUpdate`.

use std::borrow::Cow;

use otary_fleet::{Build, CheckIn, Decision, Dialect, Mode, Proof, Reason, Version};

use super::{Answer, Heard, NoCheckIn, Origin, chip_in_query};
use crate::http1::Head;

/// The fields of one request, as they came. Of a repeated field the last one counts.
#[derive(Default)]
struct Fields<'a> {
    station: &'a [u8],
    base: &'a [u8],
    access_point: &'a [u8],
    md5: &'a [u8],
    digest: &'a [u8],
    version: &'a [u8],
    free_space: &'a [u8],
    chip_size: &'a [u8],
    sdk: &'a [u8],
    mode: Option<&'a [u8]>,
}

/// The longest name behind a prefix, in bytes: `sketch-sha256`.
const LONGEST_FIELD: usize = 13;

/// Whether a library with this prefix or user agent sent the request. The user agent alone is enough, and so is any one
/// field: old cores, forks and request callbacks differ in what they send.
pub(super) fn sent(head: &Head<'_>, prefix: &str, user_agent: &str) -> bool {
    head.field("user-agent") == Some(user_agent) || has_fields(head, prefix)
}

/// Whether a request has any field behind `prefix`.
pub(super) fn has_fields(head: &Head<'_>, prefix: &str) -> bool {
    head.fields().any(|(name, _)| behind(prefix, name).is_some())
}

/// Reads the fields behind `prefix`. `mode` says what a mode's word means to this library.
pub(super) fn read(
    head: &Head<'_>,
    origin: Origin,
    dialect: Dialect,
    prefix: &str,
    mode: fn(&str) -> Option<Mode>,
) -> Result<Heard, NoCheckIn> {
    let mode = match Fields::of(head, prefix).mode {
        None => Mode::Sketch,
        Some(word) => std::str::from_utf8(word).ok().and_then(mode).ok_or(NoCheckIn::UnknownMode)?,
    };
    Ok(Heard { check_in: check_in(head, origin, dialect, prefix, mode), nonce: [0; 16] })
}

/// The check-in that the fields behind `prefix` make. Who does not say who it is there is whoever its link or credential
/// names.
pub(super) fn check_in(
    head: &Head<'_>,
    origin: Origin,
    dialect: Dialect,
    prefix: &str,
    mode: Mode,
) -> CheckIn {
    let fields = Fields::of(head, prefix);
    // The station's address first: all versions send it, and it is the one on the board's label.
    let device =
        parsed(fields.station).or_else(|| parsed(fields.base)).or_else(|| parsed(fields.access_point));
    CheckIn {
        dialect,
        mode,
        device: device.or(origin.link).or(origin.user),
        product: origin.product,
        chip: chip_in_query(head),
        build: Build { md5: parsed(fields.md5), sha256: parsed(fields.digest) },
        version: text(fields.version).map(Version::from),
        free_space: parsed(fields.free_space),
        chip_size: parsed(fields.chip_size),
        sdk: text(fields.sdk),
        source: origin.source,
        transport: origin.transport,
        // It takes the device's record to tell.
        proof: Proof::None,
        handshake: origin.handshake,
        agent: None,
        report: None,
        name: None,
    }
}

/// What of a field's name is behind the prefix.
fn behind<'a>(prefix: &str, name: &'a str) -> Option<&'a str> {
    let (head, field) = name.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(field)
}

impl<'a> Fields<'a> {
    fn of(head: &Head<'a>, prefix: &str) -> Self {
        let mut fields = Self::default();
        for (name, value) in head.fields() {
            if let Some(field) = behind(prefix, name) {
                fields.take(field, value);
            }
        }
        fields
    }

    fn take(&mut self, field: &str, value: &'a [u8]) {
        let mut lower = [0; LONGEST_FIELD];
        let Some(lower) = lower.get_mut(..field.len()) else { return };
        lower.copy_from_slice(field.as_bytes());
        lower.make_ascii_lowercase();
        match &*lower {
            b"sta-mac" => self.station = value,
            b"base-mac" => self.base = value,
            b"ap-mac" => self.access_point = value,
            b"sketch-md5" => self.md5 = value,
            b"sketch-sha256" => self.digest = value,
            b"version" => self.version = value,
            b"sdk-version" => self.sdk = value,
            b"free-space" => self.free_space = value,
            b"chip-size" => self.chip_size = value,
            b"mode" => self.mode = Some(value),
            _ => {}
        }
    }
}

/// A value that was understood. White space around it is not part of it (RFC 9112, section 5.1).
fn parsed<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// A text as it was sent, cut to [`CheckIn::MAX_TEXT`] bytes; nothing in it can move a terminal's cursor. Sketches pass
/// whatever they like.
pub(super) fn text(value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value);
    let mut text = Cow::Borrowed(text.trim());
    if text.contains(char::is_control) {
        text = text.replace(char::is_control, "\u{FFFD}").into();
    }
    let cut = text.floor_char_boundary(CheckIn::MAX_TEXT);
    text.get(..cut).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The answer in the modes that ask for an image. 304 is the one "no update" that every version understands; a 403 or
/// 404 ends the attempt and shows on the device's console. A product that the client may not know of is answered as one
/// that does not exist.
pub(super) fn answer(check_in: &CheckIn, decision: &Decision) -> Answer {
    let offered = decision.offered().map(Answer::Image);
    offered.or_else(|| refused(check_in, decision)).unwrap_or(Answer::NoUpdate)
}

/// The answer where the client may not be served this way, or the product is none that it may know of.
pub(super) const fn refused(check_in: &CheckIn, decision: &Decision) -> Option<Answer> {
    match &decision.reason {
        Reason::PlainHttp { .. } => Some(Answer::Forbidden),
        Reason::UnknownProduct { .. } => Some(Answer::NotFound),
        Reason::NotProven { .. } if check_in.product.is_some() => Some(Answer::NotFound),
        _ => None,
    }
}
