//! A backup's table of contents.

use otary_fleet::{Sha256, Time};
use otary_store::Head;
use serde::{Deserialize, Serialize};

use super::member::Member;

const FORMAT: &str = "otary backup";
const VERSION: u32 = 1;

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    version: u32,
    /// The version of the otary that made it.
    pub otary: String,
    /// The schema of its database.
    pub schema: i64,
    /// When it was made.
    pub created: Time,
    /// The last entry of its audit log.
    pub audit: Head,
    /// The files behind this one, in order.
    pub files: Vec<Entry>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub name: Member,
    /// Its size.
    pub bytes: u64,
    /// What its bytes have.
    pub sha256: Sha256,
}

/// The two fields that every version has, so that a later version is called by its name.
#[derive(Deserialize)]
struct Form {
    format: String,
    version: u32,
}

/// Why a text is no table of contents.
#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    /// It is not JSON, or not as a manifest is.
    #[error("its manifest cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// It says that it is something else.
    #[error("its manifest is one of something else")]
    Foreign,
    /// A later otary wrote it.
    #[error(
        "it has the form {found}, this otary reads form {VERSION}: use the otary that made it, or a newer one"
    )]
    Newer {
        /// The form that it has.
        found: u32,
    },
    /// It has no database.
    #[error("there is no database in it")]
    NoDatabase,
    /// A file is named twice, or not in its place.
    #[error("`{0}` stands twice in its manifest, or in the wrong place")]
    Disorder(Member),
    /// A file is larger than such a file can be.
    #[error("`{name}` has {found} bytes, at most {most} are taken")]
    TooLarge {
        /// The file.
        name: Member,
        /// Its size.
        found: u64,
        /// The limit.
        most: u64,
    },
    /// An artifact does not have the digest that it is named by.
    #[error("`{0}` is not named by its digest")]
    Misnamed(Member),
}

impl Manifest {
    /// The manifest of these files, in their order.
    pub fn of(schema: i64, created: Time, audit: Head, mut files: Vec<Entry>) -> Self {
        files.sort_by(|one, other| one.name.cmp(&other.name));
        let (format, otary) = (FORMAT.to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        Self { format, version: VERSION, otary, schema, created, audit, files }
    }

    /// Its text.
    pub fn text(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Reads one, and checks what can be checked of it alone.
    pub fn parse(text: &[u8]) -> Result<Self, Flaw> {
        let form: Form = serde_json::from_slice(text)?;
        match form {
            Form { format, .. } if format != FORMAT => return Err(Flaw::Foreign),
            Form { version: found, .. } if found != VERSION => return Err(Flaw::Newer { found }),
            _ => {}
        }
        let manifest: Self = serde_json::from_slice(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), Flaw> {
        if self.files.first().is_none_or(|entry| entry.name != Member::Database) {
            return Err(Flaw::NoDatabase);
        }
        let pairs = self.files.iter().zip(self.files.iter().skip(1));
        if let Some((_, entry)) = pairs.into_iter().find(|(one, next)| one.name >= next.name) {
            return Err(Flaw::Disorder(entry.name.clone()));
        }
        self.files.iter().try_for_each(Entry::check)
    }

    /// Bytes of all files together.
    pub fn total(&self) -> u64 {
        self.files.iter().fold(0, |sum, entry| sum.saturating_add(entry.bytes))
    }

    /// How many artifacts there are.
    pub fn artifacts(&self) -> u64 {
        self.files.iter().filter(|entry| matches!(entry.name, Member::Blob(_))).count() as u64
    }
}

impl Entry {
    fn check(&self) -> Result<(), Flaw> {
        let Self { name, bytes, sha256 } = self;
        let (found, most) = (*bytes, name.most());
        match name {
            name if found > most => Err(Flaw::TooLarge { name: name.clone(), found, most }),
            Member::Blob(id) if id != sha256 => Err(Flaw::Misnamed(name.clone())),
            _ => Ok(()),
        }
    }
}
