//! esp32FOTA: `/fota/PRODUCT.json`, `/fota/PRODUCT/CHIP.json`.
//!
//! The client takes the image if `type` is the name that it was given and `version` is greater than its own. So *wait* is
//! the version that it should keep, as far as that is known, and else 0.0.0, which is greater than none.
//!
//! - `type` is the product's name, or what `?type=` says.
//! - An object, or an array of one with `?form=array`.
//! - `url`; or `host`, `port` and `bin` with `?keys=host`, beside which alone the client reads the path of a file system, and
//!   takes it first. It speaks TLS then on the ports 443 and 4433 alone, so elsewhere it is told a `url`.
//! - Its parser has 2048 bytes and no patience for chunks: an answer is smaller, and of known length.
//!
//! A file with its signature in front is opaque to otary: such a device gets what was pushed as raw.

use otary_fleet::{Artifact, Dialect, FileSystem, Kind, Sequence};
use serde::Serialize;

use super::answered::{Meant, Said};
use super::asked::{Asked, Form, parts};
use super::words::value;
use super::{Answer, Placed, json};
use crate::limits::FOTA_MANIFEST;

/// The client.
pub(super) struct Esp32Fota;

/// One entry. Of the optional keys either `url` is there or the others.
#[derive(Default, Serialize)]
struct Entry<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    /// A number, or the client does not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    littlefs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spiffs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fatfs: Option<String>,
}

/// The two forms of a version that the client reads.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Version {
    Number(u16),
    Semver(String),
}

impl Default for Version {
    /// Greater than none.
    fn default() -> Self {
        Self::Semver("0.0.0".into())
    }
}

impl Placed for Esp32Fota {
    fn dialect(&self) -> Dialect {
        Dialect::Esp32Fota
    }

    fn find(&self, path: &str) -> Option<Asked> {
        match parts(path.strip_suffix(".json")?, "/fota/")? {
            (product, None) => Asked::of(product, Form::Manifest),
            (product, Some(chip)) => Asked::for_part(product, chip, Form::Manifest),
        }
    }

    fn answer(&self, said: &Said<'_>) -> Answer {
        let refused = || said.refused().unwrap_or(Answer::NotFound);
        let Some(meant) = said.decision().and_then(|decision| said.meant(decision)) else { return refused() };
        let named = value(said.head, "type");
        let Some(version) = version_of(meant.version) else { return Answer::NoSuchVersion };
        let kind = named.as_deref().unwrap_or(said.asked.product.as_str());
        let entry = entry(said, meant, Entry { kind, version, ..Entry::default() });
        let array = value(said.head, "form").is_some_and(|form| form == "array");
        let answer = if array { json(&[entry]) } else { json(&entry) };
        match answer {
            Answer::Document(text) if text.len() >= FOTA_MANIFEST => Answer::NotFound,
            answer => said.refused().unwrap_or(answer),
        }
    }
}

/// The entry with the place of the image, if there is one to take or to keep.
fn entry<'a>(said: &Said<'a>, meant: Meant<'a>, entry: Entry<'a>) -> Entry<'a> {
    let Some(artifact) = meant.artifact else { return entry };
    let secure = said.base.origin.starts_with("https");
    let reaches = |port: u16| secure == matches!(port, 443 | 4433);
    let place = said.base.host_and_port().filter(|(_, port)| reaches(*port));
    let by_host = value(said.head, "keys").is_some_and(|keys| keys == "host");
    let Some((host, port)) = place.filter(|_| by_host) else {
        return Entry { url: Some(said.base.url(artifact, Dialect::Esp32Fota)), ..entry };
    };
    let mut entry = Entry {
        host: Some(host),
        port: Some(port),
        bin: Some(said.base.path(artifact, Dialect::Esp32Fota)),
        ..entry
    };
    if let Some(files) = files(said, meant) {
        let path = Some(said.base.path(files, Dialect::Esp32Fota));
        match files.filesystem {
            Some(FileSystem::LittleFs) => entry.littlefs = path,
            Some(FileSystem::Fat) => entry.fatfs = path,
            // Before otary looked, and what the client itself falls back on.
            Some(FileSystem::Spiffs) | None => entry.spiffs = path,
        }
    }
    entry
}

/// The file system of the release, if it goes first: that is the client's own order.
fn files<'a>(said: &Said<'a>, meant: Meant<'a>) -> Option<&'a Artifact> {
    let release = meant.release.filter(|release| release.order == Sequence::FilesFirst)?;
    release.artifact_for(|id| said.catalogue.artifact(id), None, Kind::Filesystem)
}

/// A version as the client reads it: a number of 16 bits, or three numbers with what semver allows behind them.
fn version_of(text: &str) -> Option<Version> {
    if text.is_empty() {
        return Some(Version::default());
    }
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    if text.bytes().all(|c| c.is_ascii_digit()) {
        return text.parse().ok().map(Version::Number);
    }
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at_checked(end)?;
    let numbers: Vec<u32> = numbers.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-+.".contains(&c);
    let three = match *numbers.as_slice() {
        [major] => format!("{major}.0.0"),
        [major, minor] => format!("{major}.{minor}.0"),
        [major, minor, patch] => format!("{major}.{minor}.{patch}"),
        _ => return None,
    };
    rest.bytes().all(plain).then(|| Version::Semver(three + rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_or_semver() {
        let semver = |text: &str| Some(Version::Semver(text.to_owned()));
        assert_eq!(version_of("7"), Some(Version::Number(7)));
        assert_eq!(version_of("v0.3"), semver("0.3.0"));
        assert_eq!(version_of("1.2.3-rc.1+b7"), semver("1.2.3-rc.1+b7"));
        assert_eq!(version_of(""), semver("0.0.0"));
        for none in ["65536", "1.2.3.4", "blue", "1.x", "1.2.3-\u{e4}", "12.1.1(tasmota)", "."] {
            assert_eq!(version_of(none), None, "{none}");
        }
    }
}
