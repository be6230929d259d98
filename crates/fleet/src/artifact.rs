//! Artifacts: the bytes of one image, and what is known of them.

use otary_image::Chip;
use serde::{Deserialize, Serialize};

use crate::{Build, Embedded, Md5, Sha256, Time};

/// What an artifact is to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// The bytes of one image, named by their SHA-256, with the facts that were read at upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub chip: Option<Chip>,
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

    /// Whether a device that reports `build` runs these bytes.
    pub fn is_run_by(&self, build: &Build) -> bool {
        build.sha256.is_some_and(|digest| self.digests.contains(&digest))
            || build.md5.is_some_and(|md5| self.md5s.contains(&md5))
    }
}
