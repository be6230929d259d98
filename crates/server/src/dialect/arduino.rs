//! What the two Arduino libraries have in common: the same header fields under a prefix of their own, and the same
//! three ways to say that there is nothing.
//!
//! Read from the libraries' sources: ESP32 `HTTPUpdate` 1.x to 3.x, ESP8266 `ESP8266httpUpdate`.

use http::header::{HeaderMap, HeaderValue, USER_AGENT};
use http::request::Parts;
use otary_fleet::{Build, CheckIn, Decision, Dialect, Mac, Mode, Reason};

use super::{Answer, NoCheckIn, Origin, chip_in_query};

/// The fields of one request, by the names that follow the prefix. Of a repeated field the last one counts.
#[derive(Default)]
struct Fields {
    station: Option<Mac>,
    base: Option<Mac>,
    access_point: Option<Mac>,
    build: Build,
    version: Option<String>,
    free_space: Option<u64>,
    chip_size: Option<u64>,
    sdk: Option<String>,
    mode: Option<Result<Mode, NoCheckIn>>,
}

/// Whether a library with this prefix or user agent sent the request. The user agent alone is enough, and so is any one
/// field: old cores, forks and request callbacks differ in what they send.
pub(super) fn sent(head: &Parts, prefix: &str, user_agent: &str) -> bool {
    head.headers.get(USER_AGENT).is_some_and(|value| value.as_bytes() == user_agent.as_bytes())
        || head.headers.keys().any(|name| name.as_str().starts_with(prefix))
}

/// Reads the fields behind `prefix`. `mode` says what a mode's word means to this library.
pub(super) fn read(
    head: &Parts,
    origin: Origin,
    dialect: Dialect,
    prefix: &str,
    mode: fn(&str) -> Option<Mode>,
) -> Result<CheckIn, NoCheckIn> {
    let fields = Fields::of(&head.headers, prefix, mode);
    Ok(CheckIn {
        dialect,
        mode: fields.mode.unwrap_or(Ok(Mode::Sketch))?,
        // The station's address first: all versions send it, and it is the one on the board's label.
        device: fields.station.or(fields.base).or(fields.access_point),
        product: origin.product,
        chip: chip_in_query(head),
        build: fields.build,
        version: fields.version,
        free_space: fields.free_space,
        chip_size: fields.chip_size,
        sdk: fields.sdk,
        source: origin.source,
        transport: origin.transport,
    })
}

impl Fields {
    fn of(headers: &HeaderMap, prefix: &str, mode: fn(&str) -> Option<Mode>) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            if let Some(field) = name.as_str().strip_prefix(prefix) {
                fields.take(field, value, mode);
            }
        }
        fields
    }

    fn take(&mut self, field: &str, value: &HeaderValue, mode: fn(&str) -> Option<Mode>) {
        match field {
            "sta-mac" => self.station = parsed(value),
            "base-mac" => self.base = parsed(value),
            "ap-mac" => self.access_point = parsed(value),
            "sketch-md5" => self.build.md5 = parsed(value),
            "sketch-sha256" => self.build.sha256 = parsed(value),
            "version" => self.version = text(value),
            "sdk-version" => self.sdk = text(value),
            "free-space" => self.free_space = parsed(value),
            "chip-size" => self.chip_size = parsed(value),
            "mode" => {
                let known = value.to_str().ok().and_then(mode);
                self.mode = Some(known.ok_or(NoCheckIn::UnknownMode));
            }
            _ => {}
        }
    }
}

fn parsed<T: std::str::FromStr>(value: &HeaderValue) -> Option<T> {
    value.to_str().ok()?.trim().parse().ok()
}

/// A text as it was sent, cut to [`CheckIn::MAX_TEXT`] bytes; nothing in it can move a terminal's cursor. Sketches pass
/// whatever they like.
fn text(value: &HeaderValue) -> Option<String> {
    let text = String::from_utf8_lossy(value.as_bytes());
    let shown = text.trim().replace(char::is_control, "\u{FFFD}");
    let cut = shown.floor_char_boundary(CheckIn::MAX_TEXT);
    shown.get(..cut).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The answer in the modes that ask for an image. 304 is the one "no update" that every version understands; a 403 or
/// 404 ends the attempt and shows on the device's console.
pub(super) fn answer(decision: &Decision) -> Answer {
    match (&decision.reason, decision.offered()) {
        (_, Some(artifact)) => Answer::Image(artifact),
        (Reason::PlainHttp { .. }, None) => Answer::Forbidden,
        (Reason::UnknownProduct { .. }, None) => Answer::NotFound,
        _ => Answer::NoUpdate,
    }
}
