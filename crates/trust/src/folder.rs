//! The authority's folder: which file is which, and how pairs in it change without ever being half changed.
//!
//! ```text
//! trust/                 0700
//!   root.key             0600  the key that signs server certificates
//!   root.crt                   the anchor that devices hold
//!   next-root.key        0600  the key that will sign when the root is replaced; absent once it was exported
//!   next-root.crt              the anchor that devices hold in advance
//!   leaf.key leaf.crt          the server's key and certificate, P-256
//!   leaf-rsa.key leaf-rsa.crt  the same, RSA
//!   order.key            0600  the key that signs orders, once releases are signed
//!   release.key          0600  a release key, if the owner has this server hold one
//!   records/                   the chain of signed root records: 1.cbor, 2.cbor, ...
//!   generations.json           which generations there are, and how far a rollover is
//!   new-generation/            during a rollover: the same files of the new generation, and bridge.crt
//!   adopted/                   an adopted certificate, until the rollover from it ends
//!   ended/                     the certificates of roots that are no more
//!   page/                      the authority of the operator's page, which is another one: `page.rs`
//! ```
//!
//! - A new authority is written whole into `trust.new/`, and then renamed: a power cut leaves the whole authority, or
//!   none and a folder of keys that nobody has seen, which the next start removes.
//! - A pair is replaced by writing `leaf.key.new` and `leaf.crt.new`, then renaming the key, then the certificate.
//!   Cut off between the two renames, the key's certificate is still called `leaf.crt.new`, and is found there.
//! - Reading changes nothing, so a command may read while the server renews.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::defect::Defect;
use crate::disk::{self, failed};
use crate::error::Error;
use crate::identity::{Identity, Kept};
use crate::key::PrivateKey;
use crate::key_file::KeyFile;
use crate::passphrase::Passphrase;
use crate::pem;
use crate::permissions;

/// Where a rollover keeps the new generation.
pub(crate) const NEW_GENERATION: &str = "new-generation";
/// Where an adopted certificate is.
pub(crate) const ADOPTED: &str = "adopted";
/// Where the certificates of roots that are no more are.
pub(crate) const ENDED: &str = "ended";
/// The new root's name and key, signed by the old root's key.
pub(crate) const BRIDGE: &str = "bridge.crt";

/// A folder with pairs of key and certificate, and the passphrase under which its keys are.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    passphrase: Option<Passphrase>,
}

/// One of the pairs of key and certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    Root,
    NextRoot,
    Leaf,
    RsaLeaf,
    Adopted,
}

impl Member {
    /// Those of a generation, in the order in which they take the place of another's: the roots last, since it is seen
    /// by them whether all is done.
    pub(crate) const ALL: [Self; 4] = [Self::Leaf, Self::RsaLeaf, Self::Root, Self::NextRoot];

    pub(crate) const fn key_file(self) -> &'static str {
        match self {
            Self::Root => "root.key",
            Self::NextRoot => "next-root.key",
            Self::Leaf => "leaf.key",
            Self::RsaLeaf => "leaf-rsa.key",
            Self::Adopted => "adopted.key",
        }
    }

    pub(crate) const fn certificate_file(self) -> &'static str {
        match self {
            Self::Root => "root.crt",
            Self::NextRoot => "next-root.crt",
            Self::Leaf => "leaf.crt",
            Self::RsaLeaf => "leaf-rsa.crt",
            Self::Adopted => "adopted.crt",
        }
    }
}

impl Folder {
    pub(crate) fn new(path: &Path, passphrase: Option<Passphrase>) -> Self {
        Self { path: path.to_owned(), passphrase }
    }

    /// A folder inside, under the same passphrase.
    pub(crate) fn inner(&self, name: &str) -> Self {
        Self { path: self.path.join(name), passphrase: self.passphrase.clone() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn key_path(&self, member: Member) -> PathBuf {
        self.path.join(member.key_file())
    }

    pub(crate) fn certificate_path(&self, member: Member) -> PathBuf {
        self.path.join(member.certificate_file())
    }

    pub(crate) const fn passphrase(&self) -> Option<&Passphrase> {
        self.passphrase.as_ref()
    }

    /// Whether there is nothing here yet: no folder, or an empty one.
    pub(crate) fn is_empty(&self) -> Result<bool, Error> {
        disk::list(&self.path).map(|entries| entries.is_empty())
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

    /// Reads a pair whose certificate has to be there.
    pub(crate) fn read(&self, member: Member) -> Result<Identity, Error> {
        self.find(member)?.ok_or_else(|| Error::Missing { path: self.certificate_path(member) })
    }

    /// Reads a pair of which nothing is there unless both are.
    pub(crate) fn read_whole(&self, member: Member) -> Result<Option<Identity>, Error> {
        Ok(self.find(member)?.filter(|identity| identity.is_locked() || identity.key().is_some()))
    }

    /// Reads what is there of a pair, which may be in the middle of its replacement. Without a certificate there is
    /// nothing.
    fn find(&self, member: Member) -> Result<Option<Identity>, Error> {
        let (key_path, path) = (self.key_path(member), self.certificate_path(member));
        let key = self.read_key::<PrivateKey>(&key_path)?;
        let first = read_certificate(&path)?;
        let Kept::Open(key) = key else {
            let unusable = |defect| Error::Unusable { path: key_path, defect };
            return first.map(|certificate| Identity::kept(certificate, key).map_err(unusable)).transpose();
        };
        let subject = first.as_ref().map(|certificate| certificate.common_name().to_owned());
        // Then the new name; then again, for a replacement that ended while we were looking.
        let later =
            || [new_name(&path), path.clone()].into_iter().filter_map(|path| read_certificate(&path).ok()?);
        let found =
            first.into_iter().chain(later()).find(|certificate| certificate.public_key() == key.public_key());
        let unusable = |defect| Error::Unusable { path: key_path, defect };
        match (found, subject) {
            (Some(certificate), _) => Identity::new(certificate, key).map(Some).map_err(unusable),
            (None, Some(subject)) => Err(unusable(Defect::KeyMismatch { subject })),
            (None, None) => Ok(None),
        }
    }

    /// Replaces a pair. On an error the old pair, or the new one, is still whole.
    pub(crate) fn replace(&self, member: Member, identity: &Identity) -> Result<(), Error> {
        if identity.is_locked() {
            return Err(Error::Locked { path: self.key_path(member) });
        }
        self.settle(member)?;
        let (key, certificate) = (self.key_path(member), self.certificate_path(member));
        self.write(&new_name(&key), &new_name(&certificate), identity)?;
        match identity.key() {
            Some(_) => disk::rename(&new_name(&key), &key)?,
            None => disk::remove_file(&key)?,
        }
        // In this order on the disk too: a new certificate beside an old key could not be mended.
        disk::sync_folder(&self.path)?;
        disk::rename(&new_name(&certificate), &certificate)?;
        disk::sync_folder(&self.path)
    }

    /// Ends or forgets a replacement that was cut off. Only whoever writes this folder may call it.
    pub(crate) fn settle(&self, member: Member) -> Result<(), Error> {
        let (key, certificate) = (self.key_path(member), self.certificate_path(member));
        if let Ok(Some(new)) = read_certificate(&new_name(&certificate)) {
            let renamed_halfway = matches!(self.read_key::<PrivateKey>(&key)?, Kept::Open(key) if key.public_key() == new.public_key());
            if renamed_halfway {
                disk::rename(&new_name(&certificate), &certificate)?;
            }
        }
        disk::remove_file(&new_name(&key))?;
        disk::remove_file(&new_name(&certificate))
    }

    /// Writes the key in a file anew as this folder keeps its keys: under its passphrase, or in the clear without one. One
    /// that is kept so already stays. `former` opens one that was under a passphrase until now.
    pub(crate) fn seal<K: KeyFile>(&self, path: &Path, former: Option<&Passphrase>) -> Result<(), Error> {
        let Some((file, metadata)) = disk::open(path)? else {
            return Ok(());
        };
        let text = disk::read_text(path, file, &metadata)?;
        let unusable = |defect| Error::Unusable { path: path.to_owned(), defect };
        let is_sealed = matches!(pem::decode_key(&text).map_err(unusable)?.0, pem::KeyForm::Sealed);
        if is_sealed == self.passphrase.is_some() {
            return Ok(());
        }
        self.put_key(path, &K::unlock(&text, former).map_err(unusable)?)
    }

    /// Puts a key in place, over what is there; on an error one of the two is still whole.
    pub(crate) fn put_key<K: KeyFile>(&self, path: &Path, key: &K) -> Result<(), Error> {
        disk::remove_file(&new_name(path))?;
        self.write_key(&new_name(path), key)?;
        disk::rename(&new_name(path), path)?;
        disk::sync_folder(&self.path)
    }

    /// Writes a folder where nothing is yet, whole or not at all; `fill` puts the files into it.
    pub(crate) fn publish(&self, fill: impl FnOnce(&Self) -> Result<(), Error>) -> Result<(), Error> {
        if !self.is_empty()? {
            return Err(Error::Occupied { dir: self.path.clone() });
        }
        let staging = Self { path: new_name(&self.path), passphrase: self.passphrase.clone() };
        disk::remove_folder(&staging.path)?;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(failed("make", parent))?;
        disk::create_folder(&staging.path)?;
        fill(&staging)?;
        disk::sync_folder(&staging.path)?;
        // Not every platform renames over an empty folder; this removes no other.
        let _ = fs::remove_dir(&self.path);
        disk::rename(&staging.path, &self.path)?;
        disk::sync_folder(parent)
    }

    /// Removes it, and what a [`Self::publish`] that was cut off left.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        disk::remove_folder(&new_name(&self.path))?;
        disk::remove_folder(&self.path)
    }

    /// Writes a pair that is not here yet.
    pub(crate) fn add(&self, member: Member, identity: &Identity) -> Result<(), Error> {
        self.write(&self.key_path(member), &self.certificate_path(member), identity)
    }

    /// Puts a file that is no key in place, over what is there; on an error one of the two is still whole.
    pub(crate) fn put(&self, file: &str, text: &[u8]) -> Result<(), Error> {
        let path = self.path.join(file);
        disk::remove_file(&new_name(&path))?;
        disk::write_file(&new_name(&path), text)?;
        disk::rename(&new_name(&path), &path)?;
        disk::sync_folder(&self.path)
    }

    /// Forgets a [`Self::put`] that was cut off.
    pub(crate) fn forget(&self, file: &str) -> Result<(), Error> {
        disk::remove_file(&new_name(&self.path.join(file)))
    }

    /// The text of a file that is no key; none if it is not there.
    pub(crate) fn text(&self, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let path = self.path.join(file);
        let opened = disk::open(&path)?;
        opened.map(|(file, metadata)| disk::read_text(&path, file, &metadata)).transpose()
    }

    /// A certificate by its file name; none if it is not there.
    pub(crate) fn certificate(&self, file: &str) -> Result<Option<Certificate>, Error> {
        read_certificate(&self.path.join(file))
    }

    fn write(&self, key: &Path, certificate: &Path, identity: &Identity) -> Result<(), Error> {
        if let Some(private) = identity.key() {
            self.write_key(key, private)?;
        }
        disk::write_file(certificate, identity.certificate().pem().as_bytes())?;
        disk::sync_folder(&self.path)
    }

    pub(crate) fn write_key<K: KeyFile>(&self, path: &Path, key: &K) -> Result<(), Error> {
        let text = key.text(self.passphrase.as_ref());
        let text = text.map_err(|defect| Error::Unusable { path: path.to_owned(), defect })?;
        disk::write_file(path, text.as_bytes())
    }

    pub(crate) fn read_key<K: KeyFile>(&self, path: &Path) -> Result<Kept<K>, Error> {
        let Some((file, metadata)) = disk::open(path)? else {
            return Ok(Kept::Absent);
        };
        if let Some(mode) = permissions::loose_mode(&metadata) {
            return Err(Error::Loose { path: path.to_owned(), mode, wanted: 0o600 });
        }
        let text = disk::read_text(path, file, &metadata)?;
        match K::unlock(&text, self.passphrase.as_ref()) {
            Ok(key) => Ok(Kept::Open(key)),
            Err(Defect::Locked) => Ok(Kept::Locked),
            Err(defect) => Err(Error::Unusable { path: path.to_owned(), defect }),
        }
    }
}

fn read_certificate(path: &Path) -> Result<Option<Certificate>, Error> {
    let Some((file, metadata)) = disk::open(path)? else {
        return Ok(None);
    };
    let text = disk::read_text(path, file, &metadata)?;
    Certificate::from_pem(&text).map(Some).map_err(|defect| Error::Unusable { path: path.to_owned(), defect })
}

pub(crate) fn new_name(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}
