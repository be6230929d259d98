//! Other people's manifests: which files make the newest version.
//!
//! Read are those of ESP Web Tools and ESPHome (`builds`), esp32FOTA (`url`, or `host` and `bin`; one or a list) and
//! micropython-esp32-ota (`firmware`). What a manifest says is a hint, but for what its files have to be: an MD5 or SHA-256 in it is
//! compared.

use otary_fleet::{Md5, Order, Sha256, compare};
use serde::Deserialize;
use thiserror::Error;

use super::Mirror;

/// What a manifest lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The version, if it says one.
    pub version: Option<String>,
    /// The files.
    pub files: Vec<Listed>,
}

/// A file in a manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Where, relative to the manifest.
    pub path: String,
    /// MD5 of its bytes.
    pub md5: Option<Md5>,
    /// SHA-256 of its bytes.
    pub sha256: Option<Sha256>,
}

/// Why a manifest says nothing.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// It is no JSON.
    #[error("the manifest is no JSON")]
    Json(#[source] serde_json::Error),
    /// It is JSON of none of the known forms.
    #[error(
        "the manifest has neither `builds` (ESPHome, ESP Web Tools) nor `url` or `bin` (esp32FOTA) nor `firmware` (MicroPython)"
    )]
    UnknownForm,
    /// It lists more than could be meant.
    #[error("the manifest lists {found} files, at most {} are fetched", Mirror::MAX_FILES)]
    TooManyFiles {
        /// How many.
        found: usize,
    },
    /// A digest in it is none.
    #[error("the manifest's `{field}` is no digest")]
    Digest {
        /// Where it stands.
        field: &'static str,
    },
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
enum Form {
    Builds(Builds),
    MicroPython(MicroPython),
    // All of its keys may be absent, so it is asked last.
    Fota(Fota),
    Fotas(Vec<Fota>),
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Builds {
    version: Option<String>,
    builds: Vec<Build>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Build {
    ota: Option<Ota>,
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Ota {
    path: String,
    md5: Option<String>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Part {
    path: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Fota {
    version: Option<serde_json::Value>,
    url: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    bin: Option<String>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct MicroPython {
    firmware: String,
    sha: Option<String>,
}

impl Listing {
    /// Whether bytes look like a manifest rather than like firmware: no image begins with a brace or a bracket.
    pub fn is_one(bytes: &[u8]) -> bool {
        let text = bytes.trim_ascii_start();
        text.starts_with(b"{") || text.starts_with(b"[")
    }

    /// Reads a manifest.
    pub fn read(bytes: &[u8]) -> Result<Self, ManifestError> {
        let json: serde_json::Value = serde_json::from_slice(bytes).map_err(ManifestError::Json)?;
        let form = serde_json::from_value(json).map_err(|_| ManifestError::UnknownForm)?;
        let listing = match form {
            Form::Builds(builds) => Self::of_builds(builds)?,
            Form::Fota(fota) => Self::of_fota(fota)?,
            Form::Fotas(fotas) => newest(fotas).map_or(Err(ManifestError::UnknownForm), Self::of_fota)?,
            Form::MicroPython(only) => Self::of_micropython(only)?,
        };
        match listing.files.len() {
            0 => Err(ManifestError::UnknownForm),
            found if found > Mirror::MAX_FILES => Err(ManifestError::TooManyFiles { found }),
            _ => Ok(listing),
        }
    }

    /// Of each build the file for updates, else its only part: a factory image, of which `push` takes the app. Several parts
    /// are a boot loader and others for a first flash over the cable.
    fn of_builds(builds: Builds) -> Result<Self, ManifestError> {
        let mut files = Vec::new();
        for build in builds.builds {
            match (build.ota, <[Part; 1]>::try_from(build.parts)) {
                (Some(Ota { path, md5 }), _) => files.push(Listed { path, md5: md5_of(md5)?, sha256: None }),
                (None, Ok([Part { path }])) => files.push(Listed { path, md5: None, sha256: None }),
                (None, Err(_)) => {}
            }
        }
        Ok(Self { version: builds.version, files })
    }

    fn of_fota(fota: Fota) -> Result<Self, ManifestError> {
        let path = match (fota.url, fota.host, fota.bin) {
            (Some(url), ..) => url,
            (None, Some(host), Some(bin)) => at(&host, fota.port.unwrap_or(80), &bin),
            _ => return Err(ManifestError::UnknownForm),
        };
        let version = fota.version.as_ref().map(text_of);
        Ok(Self { version, files: vec![Listed { path, md5: None, sha256: None }] })
    }

    fn of_micropython(only: MicroPython) -> Result<Self, ManifestError> {
        let sha256 = only.sha.map(|text| text.trim().parse()).transpose();
        let sha256 = sha256.map_err(|_| ManifestError::Digest { field: "sha" })?;
        Ok(Self { version: None, files: vec![Listed { path: only.firmware, md5: None, sha256 }] })
    }
}

fn md5_of(text: Option<String>) -> Result<Option<Md5>, ManifestError> {
    let read = text.map(|text| text.trim().parse()).transpose();
    read.map_err(|_| ManifestError::Digest { field: "builds[].ota.md5" })
}

/// esp32FOTA takes ports 443 and 4433 for HTTPS.
fn at(host: &str, port: u16, bin: &str) -> String {
    let scheme = if matches!(port, 443 | 4433) { "https" } else { "http" };
    format!("{scheme}://{host}:{port}/{}", bin.trim_start_matches('/'))
}

/// A version is a number or a text there.
fn text_of(version: &serde_json::Value) -> String {
    version.as_str().map_or_else(|| version.to_string(), str::to_owned)
}

/// Of a list, the entry with the newest version; of equals, the first.
fn newest(fotas: Vec<Fota>) -> Option<Fota> {
    let version = |fota: &Fota| fota.version.as_ref().map(text_of).unwrap_or_default();
    fotas.into_iter().reduce(|best, next| {
        if compare(&version(&best), &version(&next)) == Order::Older { next } else { best }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(listing: &Listing) -> Vec<&str> {
        listing.files.iter().map(|file| file.path.as_str()).collect()
    }

    #[test]
    fn a_manifest_of_esphome_and_esp_web_tools_names_the_update_of_each_build() {
        let listing = Listing::read(
            br#"{"name": "lamp", "version": "2026.1", "home_assistant_domain": "esphome", "builds": [
                {"chipFamily": "ESP32", "ota": {"path": "lamp.ota.bin", "md5": "900150983cd24fb0d6963f7d28e17f72"},
                 "parts": [{"path": "lamp.factory.bin", "offset": 0}]},
                {"chipFamily": "ESP32-C3", "parts": [{"path": "/c3.bin", "offset": 0}]},
                {"chipFamily": "ESP8266", "parts": [{"path": "boot.bin", "offset": 0}, {"path": "app.bin", "offset": 65536}]}]}"#,
        )
        .unwrap();
        assert_eq!(listing.version.as_deref(), Some("2026.1"));
        assert_eq!(
            paths(&listing),
            ["lamp.ota.bin", "/c3.bin"],
            "of several parts nobody knows which is the app"
        );
        assert_eq!(listing.files[0].md5, Some(Md5::of(b"abc")));
    }

    #[test]
    fn a_manifest_of_esp32fota_names_a_url_or_host_port_and_file() {
        for (json, path, version) in [
            (r#"{"type": "lamp", "version": "1.2.0", "url": "https://h/x.bin"}"#, "https://h/x.bin", "1.2.0"),
            (
                r#"{"type": "lamp", "version": 7, "host": "h", "port": 443, "bin": "/x.bin"}"#,
                "https://h:443/x.bin",
                "7",
            ),
            (
                r#"{"type": "lamp", "version": 7, "host": "h", "port": 80, "bin": "x.bin"}"#,
                "http://h:80/x.bin",
                "7",
            ),
            (
                r#"[{"version": "0.9.0", "url": "a"}, {"version": "0.10.0", "url": "b"}, {"version": "0.2.0", "url": "c"}]"#,
                "b",
                "0.10.0",
            ),
        ] {
            let listing = Listing::read(json.as_bytes()).unwrap();
            assert_eq!((paths(&listing), listing.version.as_deref()), (vec![path], Some(version)), "{json}");
        }
    }

    #[test]
    fn a_manifest_of_micropython_names_a_file_and_its_digest() {
        let sha = Sha256::of(b"abc");
        let json = format!(r#"{{"firmware": "micropython.bin", "sha": "{sha}", "length": 3}}"#);
        let listing = Listing::read(json.as_bytes()).unwrap();
        assert_eq!((paths(&listing), listing.files[0].sha256), (vec!["micropython.bin"], Some(sha)));
    }

    #[test]
    fn what_is_no_manifest_says_so() {
        let many = format!(r#"{{"builds": [{}]}}"#, [r#"{"ota": {"path": "a"}}"#; 17].join(","));
        assert!(matches!(Listing::read(many.as_bytes()), Err(ManifestError::TooManyFiles { found: 17 })));
        assert!(matches!(Listing::read(b"{"), Err(ManifestError::Json(_))));
        for unknown in ["{}", "[]", "[1]", r#"{"builds": []}"#, r#"{"version": "1"}"#, r#"{"builds": 3}"#] {
            assert!(
                matches!(Listing::read(unknown.as_bytes()), Err(ManifestError::UnknownForm)),
                "{unknown}"
            );
        }
        for wrong in
            [r#"{"builds": [{"ota": {"path": "a", "md5": "x"}}]}"#, r#"{"firmware": "a", "sha": "0"}"#]
        {
            assert!(matches!(Listing::read(wrong.as_bytes()), Err(ManifestError::Digest { .. })), "{wrong}");
        }
    }

    #[test]
    fn firmware_does_not_look_like_a_manifest() {
        assert!(Listing::is_one(b"  \n{}"));
        assert!(Listing::is_one(b"[{}]"));
        for bytes in [&b"\xE9\x02"[..], b"\x1F\x8B\x08", b"", b"<html>"] {
            assert!(!Listing::is_one(bytes));
        }
    }
}
