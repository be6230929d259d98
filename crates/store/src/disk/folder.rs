//! The data folder: its layout, that one process holds it, and renames that outlast a power cut.
//!
//! ```text
//! otary.db       records (with otary.db-wal and otary.db-shm while open)
//! blobs/ab/cd…   an artifact's bytes, under its SHA-256
//! tmp/           uploads under way; emptied when the store opens
//! lock           held by the process that works here
//! ```
//!
//! All of it is for its owner alone, whoever may look into the data folder: in the records are secrets of webhooks and slow hashes of
//! passwords, and an image may be private.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// A data folder that this process holds until the value is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// The operating system lets go of it when the process ends, however it ends.
    lock: File,
}

impl Drop for Folder {
    /// Closing the file is not enough: a child that is being started holds it as well, until it becomes another program.
    fn drop(&mut self) {
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(folder = %self.root.display(), %error, "the folder stays locked until the process ends");
        }
    }
}

impl Folder {
    /// Takes the folder, makes what is missing in it, and empties `tmp/`.
    pub(super) fn open(root: &Path) -> Result<Self, StoreError> {
        create(root)?;
        let path = root.join("lock");
        let file = File::options().create(true).append(true).open(&path).map_err(writing(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked(root.to_owned())),
            Err(TryLockError::Error(source)) => {
                return Err(StoreError::File { action: "locking", path, source });
            }
        }
        let folder = Self { root: root.to_owned(), lock: file };
        let tmp = folder.tmp();
        match fs::remove_dir_all(&tmp) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(writing(&tmp)(error)),
            _ => create(&tmp)?,
        }
        create(&folder.blobs())?;
        for path in [folder.tmp(), folder.blobs()] {
            keep_private(&path);
        }
        sync(root)?;
        Ok(folder)
    }

    pub(super) fn database(&self) -> PathBuf {
        database_in(&self.root)
    }

    pub(super) fn blobs(&self) -> PathBuf {
        blobs_in(&self.root)
    }

    pub(super) fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }
}

/// Makes a folder for its owner alone, unless it is there.
pub(super) fn create(path: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(writing(path))
}

/// Makes an empty file for its owner alone, unless it is there. What is kept beside it has its mode (SQLite's journals).
pub(super) fn create_file(path: &Path) -> Result<(), StoreError> {
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(writing(path))?;
    keep_private(path);
    Ok(())
}

/// Takes from others what an older otary let them have. Somebody else's file stays as it is.
#[cfg(unix)]
fn keep_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(found) = fs::metadata(path) else { return };
    let mode = found.permissions().mode();
    if mode & 0o077 != 0 {
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700));
    }
}

/// Elsewhere a file has the protection of its folder.
#[cfg(not(unix))]
fn keep_private(_path: &Path) {}

/// Makes the names in a folder outlast a power cut (POSIX: `fsync` of the folder itself).
#[cfg(unix)]
pub(super) fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(writing(path))
}

/// Elsewhere a folder cannot be synced; the file system's own journal has to do.
#[cfg(not(unix))]
pub(super) fn sync(_path: &Path) -> Result<(), StoreError> {
    Ok(())
}

/// The error of a write that failed at `path`.
pub(super) fn writing(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::File { action: "writing", path: path.to_owned(), source }
}

/// The error of a read that failed at `path`.
pub(super) fn reading(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::File { action: "reading", path: path.to_owned(), source }
}

/// Where the database lies in a folder.
pub(super) fn database_in(folder: &Path) -> PathBuf {
    folder.join("otary.db")
}

/// Where the blobs lie in a folder.
pub(super) fn blobs_in(folder: &Path) -> PathBuf {
    folder.join("blobs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_let_go_of_is_free_though_a_child_that_is_being_started_has_its_handles() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path()).unwrap();
        let inherited = folder.lock.try_clone().unwrap();
        assert!(matches!(Folder::open(root.path()), Err(StoreError::Locked(_))));
        drop(folder);
        Folder::open(root.path()).unwrap();
        drop(inherited);
    }
}
