//! Every change that is made to the disk, one function each: so that a test can cut the power at any of them, also in
//! the middle of a file, and look at what is left.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::defect::Defect;
use crate::error::Error;
use crate::permissions;

/// No file of an authority comes near this size, in bytes.
pub(crate) const MAX_FILE: u64 = 64 * 1024;

/// Opens a file and tells what it is; none if it is not there.
pub(crate) fn open(path: &Path) -> Result<Option<(File, Metadata)>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open", path)(error)),
    };
    let metadata = file.metadata().map_err(failed("read", path))?;
    Ok(Some((file, metadata)))
}

/// The rest of an open file, into memory that is wiped.
pub(crate) fn read_text(path: &Path, file: File, metadata: &Metadata) -> Result<Zeroizing<Vec<u8>>, Error> {
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

/// What is in a folder; nothing if it is not there.
pub(crate) fn list(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("read", path)(error)),
    };
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed("read", path))).collect()
}

/// Writes a file that is not there yet and that only its owner can read, and brings it to the disk.
pub(crate) fn write_file(path: &Path, text: &[u8]) -> Result<(), Error> {
    power::holds(path)?;
    let mut file = permissions::create_file(path).map_err(failed("make", path))?;
    power::fill(path, &mut file, text)?;
    file.sync_all().map_err(failed("write", path))
}

/// Makes a folder that only its owner can enter.
pub(crate) fn create_folder(path: &Path) -> Result<(), Error> {
    power::holds(path)?;
    permissions::create_folder(path).map_err(failed("make", path))
}

/// Gives a file or folder another name, over what is there.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    power::holds(to)?;
    fs::rename(from, to).map_err(failed("replace", to))
}

/// Removes a file; none there is fine.
pub(crate) fn remove_file(path: &Path) -> Result<(), Error> {
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(());
    }
    power::holds(path)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a folder with all that is in it; none there is fine.
pub(crate) fn remove_folder(path: &Path) -> Result<(), Error> {
    for entry in list(path)? {
        if entry.is_dir() { remove_folder(&entry)? } else { remove_file(&entry)? }
    }
    if !path.exists() {
        return Ok(());
    }
    power::holds(path)?;
    fs::remove_dir(path).map_err(failed("remove", path))
}

/// Brings the names in a folder to the disk, so that a rename outlives a power cut.
pub(crate) fn sync_folder(path: &Path) -> Result<(), Error> {
    permissions::sync_folder(path).map_err(failed("write", path))
}

/// The error of an operation on a path.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}

/// The power, which holds.
#[cfg(not(test))]
mod power {
    use std::fs::File;
    use std::io::Write;
    use std::path::Path;

    use super::{Error, failed};

    #[expect(clippy::unnecessary_wraps, reason = "in a test it may not hold")]
    pub(super) const fn holds(_: &Path) -> Result<(), Error> {
        Ok(())
    }

    pub(super) fn fill(path: &Path, file: &mut File, text: &[u8]) -> Result<(), Error> {
        file.write_all(text).map_err(failed("write", path))
    }
}

/// The power of this thread, which a test can cut.
#[cfg(test)]
pub(crate) mod power {
    use std::cell::Cell;
    use std::fs::File;
    use std::io::{self, Write};
    use std::path::Path;

    use super::{Error, failed};

    /// What happens at one of the changes to come.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Fault {
        /// The power goes: neither that change nor a later one is made.
        Cut,
        /// That change alone fails, as on a full disk.
        Full,
    }

    thread_local! {
        static PLAN: Cell<Option<(Fault, usize)>> = const { Cell::new(None) };
        static MADE: Cell<usize> = const { Cell::new(0) };
    }

    /// Does `work` with a fault at the change that `after` others precede; also tells how many changes were tried.
    pub(crate) fn with_fault<T>(fault: Fault, after: usize, work: impl FnOnce() -> T) -> (T, usize) {
        PLAN.set(Some((fault, after)));
        MADE.set(0);
        let result = work();
        PLAN.set(None);
        (result, MADE.get())
    }

    pub(super) fn holds(path: &Path) -> Result<(), Error> {
        let Some((fault, after)) = PLAN.get() else { return Ok(()) };
        let made = MADE.replace(MADE.get() + 1);
        let strikes = match fault {
            Fault::Cut => made >= after,
            Fault::Full => made == after,
        };
        if strikes { Err(failed("write", path)(io::ErrorKind::StorageFull.into())) } else { Ok(()) }
    }

    pub(super) fn fill(path: &Path, file: &mut File, text: &[u8]) -> Result<(), Error> {
        let (first, second) = text.split_at(text.len() / 2);
        file.write_all(first).map_err(failed("write", path))?;
        holds(path)?;
        file.write_all(second).map_err(failed("write", path))
    }
}
