//! The authority's folder: which file is which, and how it changes without ever being half changed.
//!
//! ```text
//! trust/            0700
//!   root.key        0600  the key that signs server certificates
//!   root.crt              the anchor that devices hold
//!   next-root.key   0600  the key that will sign when the root is replaced
//!   next-root.crt         the anchor that devices hold in advance
//!   leaf.key        0600  the server's key
//!   leaf.crt              the server's certificate
//! ```
//!
//! - A new authority is written whole into `trust.new/`, and then renamed: a power cut leaves the whole authority, or
//!   none and a folder of keys that nobody has seen, which the next start removes.
//! - A pair is replaced by writing `leaf.key.new` and `leaf.crt.new`, then renaming the key, then the certificate.
//!   Cut off between the two renames, the key's certificate is still called `leaf.crt.new`, and is found there.
//! - Reading changes nothing, so a command may read while the server renews.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::defect::Defect;
use crate::error::Error;
use crate::identity::Identity;
use crate::key::PrivateKey;
use crate::permissions;

/// No key or certificate of ours comes near this size, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// A folder with the files of one authority.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
}

/// One of the three pairs of key and certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    Root,
    NextRoot,
    Leaf,
}

impl Member {
    pub(crate) const fn key_file(self) -> &'static str {
        match self {
            Self::Root => "root.key",
            Self::NextRoot => "next-root.key",
            Self::Leaf => "leaf.key",
        }
    }

    pub(crate) const fn certificate_file(self) -> &'static str {
        match self {
            Self::Root => "root.crt",
            Self::NextRoot => "next-root.crt",
            Self::Leaf => "leaf.crt",
        }
    }
}

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is nothing here yet: no folder, or an empty one.
    pub(crate) fn is_empty(&self) -> Result<bool, Error> {
        match fs::read_dir(&self.path) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(failed("read", &self.path)(error)),
        }
    }

    /// An error if others can enter the folder, or if it is not there.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_empty()? {
            return Err(Error::NoAuthority { dir: self.path.clone() });
        }
        let metadata = fs::metadata(&self.path).map_err(failed("read", &self.path))?;
        match permissions::loose_mode(&metadata) {
            Some(mode) => Err(Error::Loose { path: self.path.clone(), mode, wanted: 0o700 }),
            None => Ok(()),
        }
    }

    /// Reads a pair that has to be there.
    pub(crate) fn read(&self, member: Member) -> Result<Identity, Error> {
        let key_path = self.path.join(member.key_file());
        let key = read_key(&key_path)?.ok_or_else(|| Error::Missing { path: key_path.clone() })?;
        let path = self.path.join(member.certificate_file());
        let certificate = read_certificate(&path)?.ok_or(Error::Missing { path })?;
        Identity::new(certificate, key).map_err(|defect| Error::Unusable { path: key_path, defect })
    }

    /// Reads a pair that may be absent, or in the middle of its replacement.
    pub(crate) fn read_replaceable(&self, member: Member) -> Result<Option<Identity>, Error> {
        let key_path = self.path.join(member.key_file());
        let Some(key) = read_key(&key_path)? else {
            return Ok(None);
        };
        let path = self.path.join(member.certificate_file());
        let first = read_certificate(&path)?;
        let subject = first.as_ref().map(|certificate| certificate.common_name().to_owned());
        // Then the new name; then again, for a replacement that ended while we were looking.
        let later =
            [new_name(&path), path].into_iter().filter_map(|path| read_certificate(&path).ok().flatten());
        let found =
            first.into_iter().chain(later).find(|certificate| certificate.public_key() == key.public_key());
        let unusable = |defect| Error::Unusable { path: key_path, defect };
        match (found, subject) {
            (Some(certificate), _) => Identity::new(certificate, key).map(Some).map_err(unusable),
            (None, Some(subject)) => Err(unusable(Defect::KeyMismatch { subject })),
            (None, None) => Ok(None),
        }
    }

    /// Replaces a pair. On an error the old pair, or the new one, is still whole.
    pub(crate) fn replace(&self, member: Member, identity: &Identity) -> Result<(), Error> {
        self.settle(member)?;
        let key = self.path.join(member.key_file());
        let certificate = self.path.join(member.certificate_file());
        self.write(&new_name(&key), &new_name(&certificate), identity)?;
        rename(&new_name(&key), &key)?;
        // In this order on the disk too: a new certificate beside an old key could not be mended.
        permissions::sync_folder(&self.path).map_err(failed("write", &self.path))?;
        rename(&new_name(&certificate), &certificate)?;
        permissions::sync_folder(&self.path).map_err(failed("write", &self.path))
    }

    /// Ends or forgets a replacement that was cut off. Only whoever writes this folder may call it.
    pub(crate) fn settle(&self, member: Member) -> Result<(), Error> {
        let certificate = self.path.join(member.certificate_file());
        let renamed_halfway = read_key(&self.path.join(member.key_file()))?
            .zip(read_new_certificate(&certificate))
            .is_some_and(|(key, certificate)| certificate.public_key() == key.public_key());
        if renamed_halfway {
            rename(&new_name(&certificate), &certificate)?;
        }
        remove_file(&new_name(&self.path.join(member.key_file())))?;
        remove_file(&new_name(&certificate))
    }

    /// Writes a new authority where nothing is yet, whole or not at all.
    pub(crate) fn publish(&self, members: &[(Member, &Identity)]) -> Result<(), Error> {
        if !self.is_empty()? {
            return Err(Error::Occupied { dir: self.path.clone() });
        }
        let staging = Self { path: new_name(&self.path) };
        staging.clear()?;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(failed("make", parent))?;
        permissions::create_folder(&staging.path).map_err(failed("make", &staging.path))?;
        for (member, identity) in members {
            let key = staging.path.join(member.key_file());
            staging.write(&key, &staging.path.join(member.certificate_file()), identity)?;
        }
        permissions::sync_folder(&staging.path).map_err(failed("write", &staging.path))?;
        // Not every platform renames over an empty folder; this removes no other.
        let _ = fs::remove_dir(&self.path);
        rename(&staging.path, &self.path)?;
        permissions::sync_folder(parent).map_err(failed("write", parent))
    }

    fn clear(&self) -> Result<(), Error> {
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", &self.path)(error)),
            _ => Ok(()),
        }
    }

    fn write(&self, key: &Path, certificate: &Path, identity: &Identity) -> Result<(), Error> {
        let text = identity.key().pem().map_err(|defect| Error::Unusable { path: key.to_owned(), defect })?;
        write_file(key, text.as_bytes())?;
        write_file(certificate, identity.certificate().pem().as_bytes())?;
        permissions::sync_folder(&self.path).map_err(failed("write", &self.path))
    }
}

fn read_key(path: &Path) -> Result<Option<PrivateKey>, Error> {
    let Some((file, metadata)) = open_file(path)? else {
        return Ok(None);
    };
    if let Some(mode) = permissions::loose_mode(&metadata) {
        return Err(Error::Loose { path: path.to_owned(), mode, wanted: 0o600 });
    }
    let text = read_text(path, file, &metadata)?;
    PrivateKey::from_pem(&text).map(Some).map_err(|defect| Error::Unusable { path: path.to_owned(), defect })
}

fn read_certificate(path: &Path) -> Result<Option<Certificate>, Error> {
    let Some((file, metadata)) = open_file(path)? else {
        return Ok(None);
    };
    let text = read_text(path, file, &metadata)?;
    Certificate::from_pem(&text).map(Some).map_err(|defect| Error::Unusable { path: path.to_owned(), defect })
}

/// The certificate of a replacement; a half-written one is none.
fn read_new_certificate(path: &Path) -> Option<Certificate> {
    read_certificate(&new_name(path)).ok().flatten()
}

fn open_file(path: &Path) -> Result<Option<(File, Metadata)>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open", path)(error)),
    };
    let metadata = file.metadata().map_err(failed("read", path))?;
    Ok(Some((file, metadata)))
}

fn read_text(path: &Path, file: File, metadata: &Metadata) -> Result<Zeroizing<Vec<u8>>, Error> {
    let found = metadata.len();
    if found > MAX_FILE {
        let defect = Defect::TooLong { most: MAX_FILE, found };
        return Err(Error::Unusable { path: path.to_owned(), defect });
    }
    // With room for all of it, no part of a key is left behind in a smaller buffer.
    let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(found).unwrap_or(0) + 1));
    file.take(MAX_FILE).read_to_end(&mut text).map_err(failed("read", path))?;
    Ok(text)
}

fn write_file(path: &Path, text: &[u8]) -> Result<(), Error> {
    let mut file = permissions::create_file(path).map_err(failed("make", path))?;
    file.write_all(text).and_then(|()| file.sync_all()).map_err(failed("write", path))
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(failed("replace", to))
}

fn remove_file(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

fn new_name(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}
