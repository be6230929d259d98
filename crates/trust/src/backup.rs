//! A backup of the authority in one file: everything without which a fleet is lost.
//!
//! The file is armored age with a passphrase (scrypt), so the `age` program opens it without otary. Inside is JSON
//! with the keys and certificates as PEM. [`restore`] checks all of it, and that nothing stands where it goes, before
//! it writes anything.

mod contents;

use std::iter;
use std::path::Path;

use age::scrypt;
use contents::{Contents, VERSION};
use otary_fleet::Time;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::authority::Authority;
use crate::defect::Defect;
use crate::error::Error;
use crate::folder::Folder;
use crate::passphrase::{Passphrase, TooShort};

/// scrypt with N = 2^17: 128 MiB and about a second on a small server; an attacker pays it for every guess.
const WORK_FACTOR: u8 = 17;
/// A file that asks for more than 1 GiB is not ours, and could stop a small server.
const MAX_WORK_FACTOR: u8 = 20;
/// Room for keys and certificates in the text, so that it never moves and leaves a copy behind.
const KEYS_ROOM: usize = 256 * 1024;
/// Largest backup that is read, in bytes.
const MAX_BACKUP: usize = 4 * 1024 * 1024;

/// Why a backup could not be made or restored. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The passphrase would not protect it.
    #[error(transparent)]
    TooShort(#[from] TooShort),
    /// The file is not made by age, or is cut off.
    #[error("this is no backup of otary, or a part of it is missing")]
    NotABackup,
    /// The passphrase does not open the file.
    #[error("the passphrase is wrong, or the file is damaged")]
    WrongPassphrase,
    /// The passphrase is right, but the contents were changed since.
    #[error("the backup is damaged: its contents are not what was written")]
    Damaged,
    /// The contents could not be encrypted.
    #[error("the backup could not be encrypted")]
    Encrypt(#[source] age::EncryptError),
    /// Opening it would take more memory than any backup of ours.
    #[error("the backup asks for 2^{required} scrypt rounds, at most 2^{MAX_WORK_FACTOR} are done")]
    TooMuchWork {
        /// The binary logarithm of the rounds.
        required: u8,
    },
    /// More bytes than a backup has.
    #[error("the backup has {found} bytes, at most {MAX_BACKUP} are read")]
    TooLong {
        /// Its size in bytes.
        found: usize,
    },
    /// A later otary made it.
    #[error("the backup has version {found}, this program reads versions 1 to {VERSION}")]
    Version {
        /// The version in the file.
        found: u32,
    },
    /// The contents are no authority.
    #[error("the backup's contents are not those of an otary authority")]
    Contents(#[source] serde_json::Error),
    /// A key or certificate in it cannot be used.
    #[error("the backup's {member} cannot be used")]
    Member {
        /// Which pair.
        member: &'static str,
        /// What is wrong with it.
        #[source]
        defect: Defect,
    },
    /// Each part can be used, but they are not those of one authority.
    #[error("the backup's keys and certificates are not those that its record of generations names")]
    Unfit,
    /// It could not be written to its folder.
    #[error(transparent)]
    Folder(#[from] Error),
}

/// What a backup held.
#[derive(Debug)]
pub struct Restored {
    /// The authority, now in its folder.
    pub authority: Authority,
    /// The settings that were saved with it.
    pub settings: Value,
    /// When the backup was made.
    pub created: Time,
}

/// What a backup holds, whole and fit to be restored, and not in its folder yet.
#[derive(Debug)]
pub struct Saved(Restored);

/// Saves the authority, and whatever settings belong to it, as ASCII text. Its keys must be open, and those of its roots
/// here: what lacks one is no backup.
pub fn backup(
    authority: &Authority,
    settings: &Value,
    created: Time,
    passphrase: &Passphrase,
) -> Result<String, BackupError> {
    passphrase.check_length()?;
    if let Some(path) = authority.locked() {
        return Err(Error::Locked { path }.into());
    }
    if let Some(path) = authority.missing_root_key() {
        return Err(Error::Missing { path }.into());
    }
    let contents = Contents::of(authority, settings, created)?;
    let room = KEYS_ROOM + settings.to_string().len();
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer(&mut *text, &contents).map_err(BackupError::Contents)?;
    let mut recipient = scrypt::Recipient::new(passphrase.secret());
    recipient.set_work_factor(WORK_FACTOR);
    age::encrypt_and_armor(&recipient, &text).map_err(BackupError::Encrypt)
}

/// Brings an authority back into `dir`, which must be empty or not exist. There its keys are under `keys`, or in the
/// clear without one, whatever they were under when they were saved.
pub fn restore(
    file: &[u8],
    passphrase: &Passphrase,
    dir: &Path,
    keys: Option<Passphrase>,
) -> Result<Restored, BackupError> {
    Saved::open(file, passphrase, dir, keys)?.restore()
}

impl Saved {
    /// Opens a backup that is to go into `dir`, as [`restore`] does, and checks all of it. Nothing is written.
    pub fn open(
        file: &[u8],
        passphrase: &Passphrase,
        dir: &Path,
        keys: Option<Passphrase>,
    ) -> Result<Self, BackupError> {
        let folder = Folder::new(dir, keys);
        if !folder.is_empty()? {
            return Err(Error::Occupied { dir: dir.to_owned() }.into());
        }
        let contents = Contents::parse(&decrypt(file, passphrase)?)?;
        let (settings, created) = (contents.settings.clone(), contents.created);
        Ok(Self(Restored { authority: contents.check(folder)?, settings, created }))
    }

    /// The authority that it will be.
    pub const fn authority(&self) -> &Authority {
        &self.0.authority
    }

    /// Brings it into its folder, which must still be empty or not exist.
    pub fn restore(self) -> Result<Restored, BackupError> {
        self.0.authority.publish()?;
        Ok(self.0)
    }
}

fn decrypt(file: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    if file.len() > MAX_BACKUP {
        return Err(BackupError::TooLong { found: file.len() });
    }
    let mut identity = scrypt::Identity::new(passphrase.secret());
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    let decryptor =
        age::Decryptor::new_buffered(age::armor::ArmoredReader::new(file)).map_err(|e| fault(&e))?;
    let mut reader = decryptor.decrypt(iter::once(&identity as &dyn age::Identity)).map_err(|e| fault(&e))?;
    let mut text = Zeroizing::new(Vec::with_capacity(file.len()));
    std::io::Read::read_to_end(&mut reader, &mut text).map_err(|_| BackupError::Damaged)?;
    Ok(text)
}

fn fault(error: &age::DecryptError) -> BackupError {
    match error {
        age::DecryptError::ExcessiveWork { required, .. } => BackupError::TooMuchWork { required: *required },
        age::DecryptError::InvalidMac => BackupError::Damaged,
        age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed => {
            BackupError::WrongPassphrase
        }
        _ => BackupError::NotABackup,
    }
}
