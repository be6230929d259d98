//! Artifacts: the bytes of one image, and what is known of them.

use otary_image::Chip;
use serde::{Deserialize, Serialize};

use crate::{Build, Embedded, Md5, Sha256, Time};

/// What an artifact is to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A program for an app slot.
    App,
    /// A file system image.
    Filesystem,
    /// Opaque to otary: encrypted, or of another maker's making.
    Raw,
}

impl Kind {
    /// The kind's word in commands and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Filesystem => "filesystem",
            Self::Raw => "raw",
        }
    }
}

/// Which of several images for one chip it is. All but the first are Tasmota's, told by the file's name: an image that
/// makes room or stands by, and never the one that a device is to stay with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// The one that there always is.
    #[default]
    Whole,
    /// `-minimal`: small enough to be taken where the whole one does not fit beside what runs (ESP8266).
    Minimal,
    /// `-safeboot`: for the partition from which an ESP32 with one app slot updates.
    Safeboot,
}

impl Variant {
    /// The word in a file's name, and for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Minimal => "minimal",
            Self::Safeboot => "safeboot",
        }
    }

    /// What the name of a file of Tasmota's says: `tasmota-minimal.bin.gz`, `tasmota32-safeboot.bin`. Other names say nothing:
    /// somebody's `lamp-minimal.bin` is a lamp's whole image.
    pub fn of(file_name: &str) -> Self {
        let stem = file_name.trim_end_matches(".gz").trim_end_matches(".bin");
        match stem.rsplit_once('-') {
            Some((front, "minimal")) if front.starts_with("tasmota") => Self::Minimal,
            Some((front, "safeboot")) if front.starts_with("tasmota") => Self::Safeboot,
            _ => Self::Whole,
        }
    }
}

/// How a file system image is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FileSystem {
    /// LittleFS.
    LittleFs,
    /// SPIFFS.
    Spiffs,
    /// FAT.
    Fat,
}

/// What of a release would do for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The kinds that it can take, the preferred one first.
    pub kinds: &'static [Kind],
    /// Which image of that kind.
    pub variant: Variant,
}

impl From<Kind> for Wanted {
    /// The one image of a kind.
    fn from(kind: Kind) -> Self {
        let kinds: &[Kind] = match kind {
            Kind::App => &[Kind::App],
            Kind::Filesystem => &[Kind::Filesystem],
            Kind::Raw => &[Kind::Raw],
        };
        Self { kinds, variant: Variant::Whole }
    }
}

/// The bytes of one image, named by their SHA-256, with the facts that were read at upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Artifact {
    /// SHA-256 of the bytes as they are served.
    pub id: Sha256,
    /// Their number.
    pub size: u64,
    /// MD5 of the bytes as they are served: what `x-MD5` says.
    pub md5: Md5,
    /// What they are.
    pub kind: Kind,
    /// The chip that they run on; none for what names no chip (file systems, raw files).
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::ChipSchema>"))]
    pub chip: Option<Chip>,
    /// Which of several images for its chip.
    #[serde(default)]
    pub variant: Variant,
    /// How a file system is laid out; none for what is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filesystem: Option<FileSystem>,
    /// Whether they are a gzip file, which only an ESP8266's boot loader unpacks.
    pub gzip: bool,
    /// What `sketch-md5` may say on a device that runs it: MD5 of the bytes, of the image without what follows it
    /// (signature, padding), of the unpacked image.
    pub md5s: Vec<Md5>,
    /// What `sketch-sha256` may say: the digest appended to the image, or that of the image where none is appended.
    pub digests: Vec<Sha256>,
    /// The name of the file that was pushed.
    pub file_name: String,
    /// The version that the image itself proposes; never the Arduino library builder's.
    pub proposed_version: Option<String>,
    /// The project that the image names, likewise.
    pub project: Option<String>,
    /// The SDK that it was built with, in its own words.
    pub sdk: Option<String>,
    /// What lies inside: certificates, host names, keys.
    #[serde(default)]
    pub embedded: Embedded,
    /// When it was added.
    pub added: Time,
}

impl Artifact {
    /// The largest artifact, in bytes: no chip of the family has more flash than 128 MiB, and no slot comes near.
    pub const MAX_SIZE: u64 = 32 * 1024 * 1024;

    /// Whether a device that reports `build` runs these bytes. One that knows its image by the file's SHA-256 may say that.
    pub fn is_run_by(&self, build: &Build) -> bool {
        build.sha256.is_some_and(|digest| self.digests.contains(&digest) || digest == self.id)
            || build.md5.is_some_and(|md5| self.md5s.contains(&md5))
    }
}
