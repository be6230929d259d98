//! A backup that is read: its manifest first, then all of it against that, as often as it is wanted.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use otary_fleet::{Sha256, Time};

use super::manifest::{Entry, Flaw, Manifest};
use super::tape::{Reader, TapeFault};

/// The manifest's name and that of its digest.
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const MANIFEST_DIGEST: &str = "manifest.json.sha256";
/// The largest manifest, in bytes: some 200,000 artifacts.
const MAX_MANIFEST: u64 = 64 * 1024 * 1024;

/// Why a file is no whole backup.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It is another kind of file.
    #[error("this is no backup of otary's")]
    NotABackup,
    /// Its outer form is not as it was written.
    #[error(transparent)]
    Tape(#[from] TapeFault),
    /// Its table of contents is not to be trusted.
    #[error(transparent)]
    Manifest(#[from] Flaw),
    /// A file's bytes are not those that were put there.
    #[error("`{name}` is damaged: its bytes have the digest {found}")]
    Digest {
        /// The file.
        name: String,
        /// What its bytes have.
        found: Sha256,
    },
}

/// An open backup whose manifest was read.
pub struct Archive {
    file: File,
    /// Where the first file behind the manifest begins.
    begin: u64,
    /// What is in it.
    pub manifest: Manifest,
}

impl Archive {
    /// Opens one and reads its manifest.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let file = File::open(path).map_err(TapeFault::Io)?;
        let mut reader = Reader::new(BufReader::new(&file), 0);
        let first = reader.block().map_err(too_short)?;
        let size = size_of_manifest(&first)?;
        let mut text = Vec::new();
        let digest = reader.contents(MANIFEST, size, &mut text)?;
        pass_digest(&mut reader, digest, made(&first)?)?;
        let manifest = Manifest::parse(&text)?;
        if super::tape::header(MANIFEST, size, manifest.created).map_err(TapeFault::Io)? != first {
            return Err(TapeFault::Damaged { at: 0, name: MANIFEST.to_owned() }.into());
        }
        let begin = reader.at();
        Ok(Self { file, begin, manifest })
    }

    /// Reads all of it, and checks every byte. Nothing is written.
    pub fn check(&self) -> Result<(), Fault> {
        self.read(|_| Ok(io::sink()))
    }

    /// Reads all of it, checks every byte, and writes each file to where `to` says.
    pub fn read<W: Write>(&self, mut to: impl FnMut(&Entry) -> io::Result<W>) -> Result<(), Fault> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.begin)).map_err(TapeFault::Io)?;
        let mut reader = Reader::new(BufReader::new(file), self.begin);
        for entry in &self.manifest.files {
            let name = entry.name.to_string();
            reader.pass_header(&name, entry.bytes, self.manifest.created)?;
            let found = reader.contents(&name, entry.bytes, to(entry).map_err(TapeFault::Io)?)?;
            if found != entry.sha256 {
                return Err(Fault::Digest { name, found });
            }
        }
        Ok(reader.end()?)
    }
}

/// What `sha256sum manifest.json` prints.
pub(super) fn digest_line(digest: &Sha256) -> String {
    format!("{digest}  {MANIFEST}\n")
}

fn pass_digest<R: Read>(reader: &mut Reader<R>, found: Sha256, made: Time) -> Result<(), Fault> {
    let expected = digest_line(&found);
    reader.pass_header(MANIFEST_DIGEST, expected.len() as u64, made)?;
    let mut line = Vec::new();
    reader.contents(MANIFEST_DIGEST, expected.len() as u64, &mut line)?;
    if line == expected.as_bytes() {
        return Ok(());
    }
    Err(Fault::Digest { name: MANIFEST.to_owned(), found })
}

fn size_of_manifest(first: &[u8; super::tape::BLOCK]) -> Result<u64, Fault> {
    let header = tar::Header::from_byte_slice(first);
    let named = header.path_bytes().as_ref() == MANIFEST.as_bytes();
    let size = header.entry_size().ok().filter(|size| named && *size <= MAX_MANIFEST);
    size.ok_or(Fault::NotABackup)
}

fn made(first: &[u8; super::tape::BLOCK]) -> Result<Time, Fault> {
    let seconds = tar::Header::from_byte_slice(first).mtime().map_err(|_| Fault::NotABackup)?;
    Ok(Time(seconds.saturating_mul(1000)))
}

fn too_short(fault: TapeFault) -> Fault {
    match fault {
        TapeFault::CutOff { .. } => Fault::NotABackup,
        other => other.into(),
    }
}
