//! Making a backup, on whatever data directory, in whoever's hands that is.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use otary_fleet::{Sha256, Time};
use otary_store::{Disk, Snapshot};
use tempfile::TempDir;

use super::archive::{MANIFEST, MANIFEST_DIGEST, digest_line};
use super::manifest::{Entry, Manifest};
use super::member::Member;
use super::tape::Writer;
use crate::advice::advised;
use crate::data::DataDir;
use crate::file::{read_file, sync_folder};
use crate::platform;

/// How often it is begun again because a release was deleted, and its bytes with it, while they were to be copied.
const TRIES: u32 = 3;
/// The folder of the authority.
const TRUST: &str = "trust";

/// What a backup is made of.
#[derive(Debug)]
pub struct Source {
    /// The data directory.
    pub data: DataDir,
    /// The settings file, there or not.
    pub settings: PathBuf,
}

/// Writes a backup to `file`, which is not there before, and there whole afterwards.
pub fn make(source: &Source, file: &Path, now: Time) -> Result<Manifest> {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for _ in 0..TRIES {
        let work = tempfile::Builder::new().prefix(".otary-backup-").tempdir_in(folder);
        let work = work.with_context(|| format!("writing to {}", folder.display()))?;
        if let Some(manifest) = attempt(source, &work, now)? {
            let written = work.path().join(ARCHIVE);
            // A link takes no name that somebody has: a rename would.
            fs::hard_link(&written, file).or_else(|_| rename_new(&written, file))?;
            sync_folder(folder)?;
            return Ok(manifest);
        }
    }
    Err(advised(
        anyhow!("releases were deleted faster than they could be copied"),
        "try again when nobody deletes any",
    ))
}

/// The archive's name while it is made.
const ARCHIVE: &str = "archive";

/// For file systems without links.
fn rename_new(from: &Path, to: &Path) -> Result<()> {
    if to.try_exists()? {
        bail!("{} is there already", to.display());
    }
    fs::rename(from, to).with_context(|| format!("writing {}", to.display()))
}

/// Makes one in the folder `work`; none if something that belongs to it went away meanwhile.
fn attempt(source: &Source, work: &TempDir, now: Time) -> Result<Option<Manifest>> {
    let database = work.path().join("otary.db");
    let snapshot = Disk::snapshot(source.data.path(), &database)
        .with_context(|| format!("copying the database of {}", source.data.path().display()))?;
    let small = small_files(source)?;
    let manifest = manifest(&snapshot, &database, &small, now)?;
    let path = work.path().join(ARCHIVE);
    let file = platform::create_private_file(&path).with_context(|| format!("writing {}", path.display()))?;
    let mut tape = Writer::new(BufWriter::new(file), manifest.created);
    let text = manifest.text()?;
    let digest = digest_line(&Sha256::of(&text));
    tape.put(MANIFEST, text.len() as u64, text.as_slice())?;
    tape.put(MANIFEST_DIGEST, digest.len() as u64, digest.as_bytes())?;
    for entry in &manifest.files {
        let put = match &entry.name {
            Member::Database => put(&mut tape, entry, &database)?,
            Member::Blob(_) => put(&mut tape, entry, &entry.name.path_in(source.data.path(), TRUST))?,
            small_file => {
                let bytes =
                    small.iter().find(|(name, _)| name == small_file).map(|(_, bytes)| bytes.as_slice());
                Some(tape.put(&small_file.to_string(), entry.bytes, bytes.unwrap_or_default())?)
            }
        };
        match put {
            None => return Ok(None),
            Some(digest) if digest != entry.sha256 => {
                bail!("{} is damaged: its bytes have the digest {digest}", entry.name)
            }
            Some(_) => {}
        }
    }
    let file = tape.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all().with_context(|| format!("writing {}", path.display()))?;
    Ok(Some(manifest))
}

/// Puts the file at `path` there; none if it is gone, or not of its size.
fn put<W: Write>(tape: &mut Writer<W>, entry: &Entry, path: &Path) -> Result<Option<Sha256>> {
    let copying = || format!("copying {}", path.display());
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.with_context(copying)?,
    };
    let found = file.metadata().with_context(copying)?.len();
    if found != entry.bytes {
        bail!("{} is damaged: it has {found} bytes instead of {}", entry.name, entry.bytes);
    }
    tape.put(&entry.name.to_string(), entry.bytes, BufReader::new(file)).map(Some).with_context(copying)
}

fn manifest(
    snapshot: &Snapshot,
    database: &Path,
    small: &[(Member, Vec<u8>)],
    now: Time,
) -> Result<Manifest> {
    let of_file = |(name, bytes): &(Member, Vec<u8>)| Entry {
        name: name.clone(),
        bytes: bytes.len() as u64,
        sha256: Sha256::of(bytes),
    };
    let blobs = snapshot.artifacts.iter().map(|(id, bytes)| Entry {
        name: Member::Blob(*id),
        bytes: *bytes,
        sha256: *id,
    });
    let (bytes, sha256) = measure(database).context("reading the copy of the database")?;
    let first = Entry { name: Member::Database, bytes, sha256 };
    let files = std::iter::once(first).chain(small.iter().map(of_file)).chain(blobs).collect();
    // tar counts in seconds.
    let created = Time::from_secs(now.0 / 1000);
    Ok(Manifest::of(snapshot.schema, created, snapshot.head, files))
}

/// Size and digest of a file.
fn measure(path: &Path) -> io::Result<(u64, Sha256)> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let digest = Writer::new(io::sink(), Time(0)).put("otary.db", bytes, BufReader::new(file))?;
    Ok((bytes, digest))
}

/// The settings file and what is public of the authority.
fn small_files(source: &Source) -> Result<Vec<(Member, Vec<u8>)>> {
    let mut files = Vec::new();
    if source.settings.try_exists()? {
        files.push((Member::Settings, read_file(&source.settings, Member::Settings.most())?));
    }
    let trust = source.data.trust();
    for place in public_places(&trust, "")? {
        if let Some(member) = Member::of_trust(&place) {
            let bytes = read_file(&trust.join(&place), member.most())?;
            if holds_private_key(&bytes) {
                bail!("there is a private key in {}, where none belongs", trust.join(&place).display());
            }
            files.push((member, bytes));
        }
    }
    Ok(files)
}

/// The places of all files in the folder of an authority, one folder deep.
fn public_places(trust: &Path, below: &str) -> Result<Vec<String>> {
    let folder = trust.join(below);
    let reading = || format!("reading {}", folder.display());
    if !folder.try_exists().with_context(reading)? {
        return Ok(Vec::new());
    }
    let mut places = Vec::new();
    for entry in fs::read_dir(&folder).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type().with_context(reading)?;
        if kind.is_file() {
            places.push(format!("{below}{name}"));
        } else if kind.is_dir() && below.is_empty() {
            places.extend(public_places(trust, &format!("{name}/"))?);
        }
    }
    Ok(places)
}

fn holds_private_key(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"PRIVATE KEY").is_some()
}
