//! What can be in a backup, by its name there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use otary_fleet::{Artifact, Sha256};
use otary_store::Disk;
use serde::{Deserialize, Serialize};

/// A file of a backup. In this order they lie there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Member {
    /// The database.
    Database,
    /// The settings file.
    Settings,
    /// A certificate or record of the authority, by its place in the folder `trust`.
    Trust(String),
    /// An artifact's bytes.
    Blob(Sha256),
}

/// A name that no file of a backup has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is the name of nothing that is in a backup")]
pub struct UnknownName(String);

const DATABASE: &str = "otary.db";
const SETTINGS: &str = "otary.toml";
const TRUST: &str = "trust/";
const BLOBS: &str = "blobs/";
/// What is public in the folder of an authority, by the ends of the names: never `.key`.
const PUBLIC: [&str; 3] = [".crt", ".cbor", ".json"];
/// The longest name and the deepest folder in it.
const MAX_NAME: usize = 90;
const MAX_DEPTH: usize = 2;
/// The largest database, settings file and file of the authority, in bytes.
const MAX_DATABASE: u64 = 1 << 40;
const MAX_SETTINGS: u64 = 64 * 1024;
const MAX_TRUST: u64 = 64 * 1024;

impl Member {
    /// The file of the authority at this place in its folder; none if it is not one that is public.
    pub fn of_trust(place: &str) -> Option<Self> {
        let plain = |part: &str| {
            let letters = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && !part.starts_with('.') && part.chars().all(letters)
        };
        let parts = place.split('/').count();
        let fits = place.len() <= MAX_NAME && parts <= MAX_DEPTH && place.split('/').all(plain);
        let public = PUBLIC.iter().any(|end| place.ends_with(end));
        (fits && public).then(|| Self::Trust(place.to_owned()))
    }

    /// The most bytes that it may have.
    pub const fn most(&self) -> u64 {
        match self {
            Self::Database => MAX_DATABASE,
            Self::Settings => MAX_SETTINGS,
            Self::Trust(_) => MAX_TRUST,
            Self::Blob(_) => Artifact::MAX_SIZE,
        }
    }

    /// Where it lies in a data directory whose authority is in the folder `trust`.
    pub fn path_in(&self, data: &Path, trust: &str) -> PathBuf {
        match self {
            Self::Database => data.join(DATABASE),
            Self::Settings => data.join(SETTINGS),
            Self::Trust(place) => data.join(trust).join(place),
            Self::Blob(id) => Disk::blob_file(data, id),
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str(DATABASE),
            Self::Settings => f.write_str(SETTINGS),
            Self::Trust(place) => write!(f, "{TRUST}{place}"),
            Self::Blob(id) => {
                let digits = id.to_string();
                let (head, tail) = digits.split_at(2);
                write!(f, "{BLOBS}{head}/{tail}")
            }
        }
    }
}

impl FromStr for Member {
    type Err = UnknownName;

    /// Takes exactly what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let read = match text {
            DATABASE => Some(Self::Database),
            SETTINGS => Some(Self::Settings),
            _ => match (text.strip_prefix(TRUST), text.strip_prefix(BLOBS)) {
                (Some(place), _) => Self::of_trust(place),
                (_, Some(digits)) => digits.replacen('/', "", 1).parse().ok().map(Self::Blob),
                _ => None,
            },
        };
        let unknown = || UnknownName(text.chars().take(MAX_NAME).flat_map(char::escape_default).collect());
        read.filter(|member| member.to_string() == text).ok_or_else(unknown)
    }
}

impl TryFrom<String> for Member {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}

impl From<Member> for String {
    fn from(member: Member) -> Self {
        member.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        let blob = format!("blobs/ab/{}", "0".repeat(62));
        let names =
            ["otary.db", "otary.toml", "trust/root.crt", "trust/records/1.cbor", "trust/generations.json"];
        for name in names.into_iter().chain([blob.as_str()]) {
            assert_eq!(name.parse::<Member>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn path_traversal_has_no_name() {
        let hex = "0".repeat(62);
        for name in [
            "../otary.db",
            "/etc/passwd",
            "trust/../otary.db",
            "trust/../../x.crt",
            "trust//root.crt",
            "trust/a/b/c.crt",
            "trust/.hidden.crt",
            "trust/root.key",
            "trust/root.crt/",
            "trust/x\0.crt",
            "trust/x\\..\\y.crt",
            "./otary.db",
            "otary.db ",
            "blobs/../otary.db",
            "server.json",
            "",
            &format!("blobs/a/b{hex}"),
            &format!("blobs/AB/{hex}"),
            &format!("blobs/ab/{hex}/"),
            &format!("trust/{}.crt", "x".repeat(100)),
        ] {
            assert!(name.parse::<Member>().is_err(), "{name:?}");
        }
    }
}
