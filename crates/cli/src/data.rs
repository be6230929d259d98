//! The data directory: what lies where in it, and that only its owner gets in.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use otary_server::operator::Announcement;
use otary_store::{Disk, DiskOptions, StoreError};
use otary_trust::Authority;

use crate::advice::{Advise, advised};
use crate::config::Trust;
use crate::{passphrase, platform};

/// How long a store that another process has open is waited for, and how often is looked.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// A data directory that is there.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The data directory at `path`, which is made, for its owner alone, if there is none.
    ///
    /// One that others may write to is refused, since they could change what devices are sent; one that others may
    /// read is told of in the log.
    pub fn prepare(path: &Path) -> anyhow::Result<Self> {
        if !path.try_exists().with_context(|| format!("looking at {}", path.display()))? {
            platform::create_private_folder(path).with_context(|| format!("making {}", path.display()))?;
        }
        let folder = fs::metadata(path).with_context(|| format!("looking at {}", path.display()))?;
        if !folder.is_dir() {
            return Err(advised(anyhow!("{} is no folder", path.display()), "name one with --data"));
        }
        let mode = platform::mode_for_others(&folder);
        if mode & 0o022 != 0 {
            return Err(advised(
                anyhow!("others may write to {}", path.display()),
                format!("chmod 0700 {}", quoted(path)),
            ));
        }
        if mode != 0 {
            tracing::warn!(target: "data", "others may read {}: chmod 0700 {}", path.display(), quoted(path));
        }
        Ok(Self(path.to_owned()))
    }

    /// The data directory at `path`, where `otary serve` or `otary push` has worked before.
    pub fn existing(path: &Path) -> anyhow::Result<Self> {
        if path.is_dir() {
            return Ok(Self(path.to_owned()));
        }
        Err(advised(
            anyhow!("there is no data directory {}", path.display()),
            "name it with --data; `otary serve` makes it at its first start",
        ))
    }

    /// The data directory at `path`, there or not, for what only names it.
    pub fn named(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the authority is.
    pub fn trust(&self) -> PathBuf {
        self.0.join("trust")
    }

    /// Opens the store, which one process at a time can do: waits for another one to end.
    pub fn open_store(&self, options: DiskOptions) -> anyhow::Result<Disk> {
        let mut turn = Turn::new(self);
        loop {
            if let Some(store) = self.try_open_store(options)? {
                return Ok(store);
            }
            turn.wait()?;
        }
    }

    /// Opens the store; none while another process has it open.
    pub fn try_open_store(&self, options: DiskOptions) -> anyhow::Result<Option<Disk>> {
        match Disk::open(&self.0, options) {
            Ok(store) => {
                // A server that was killed has left it: nobody is to look for that server any more.
                Announcement::remove(&self.0).context("removing what a server told of itself")?;
                Ok(Some(store))
            }
            Err(StoreError::Locked(_)) => Ok(None),
            Err(error) => Err(self.unopened(error)),
        }
    }

    /// Why the store did not open, and what to do about it. A database is moved away only if it is none: one on a full
    /// disk is well.
    fn unopened(&self, error: StoreError) -> anyhow::Error {
        let path = self.0.display();
        let damaged = error.is_damaged_database();
        let database = matches!(error, StoreError::Database(_));
        if error.is_full_disk() || (database && !damaged && no_space_left(&self.0)) {
            let context = format!("no space left on the disk of {path}");
            return advised(anyhow::Error::new(error).context(context), "make room");
        }
        let error = anyhow::Error::new(error).context(format!("opening {path}"));
        if !damaged {
            return error;
        }
        let files = quoted(&self.database());
        advised(error, format!("move its files away ({files}*): a new one is begun, and the authority stays"))
    }

    /// Where the database is.
    pub fn database(&self) -> PathBuf {
        self.0.join("otary.db")
    }

    /// Reads the authority and changes nothing. Keys under a passphrase stay closed: this is for its certificates.
    pub fn open_authority(&self) -> anyhow::Result<Authority> {
        trusted(Authority::open(&self.trust()))
    }

    /// Reads the authority with its keys and changes nothing. The passphrase, if they are under one, comes from the file
    /// that `settings` name, else from the terminal.
    pub fn unlock_authority(&self, settings: &Trust) -> anyhow::Result<Authority> {
        let unlock = |passphrase| trusted(Authority::unlock(&self.trust(), passphrase));
        if let Some(passphrase) = passphrase::of_keys(settings)? {
            return unlock(passphrase);
        }
        let authority = self.open_authority()?;
        match authority.locked() {
            Some(key) => unlock(passphrase::ask_for_keys(&key)?),
            None => Ok(authority),
        }
    }
}

/// Whether nothing more can be written to the disk of `folder`.
fn no_space_left(folder: &Path) -> bool {
    /// What a database at rest needs to be opened: its shared memory is of this size.
    static NEEDED: [u8; 32 * 1024] = [0xFF; 32 * 1024];
    let written = tempfile::tempfile_in(folder).and_then(|mut file| {
        file.write_all(&NEEDED)?;
        file.sync_all()
    });
    let full = |error: io::Error| matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    written.is_err_and(full)
}

/// A turn on a data directory that another process has open.
pub struct Turn<'a> {
    data: &'a DataDir,
    began: Option<Instant>,
}

impl<'a> Turn<'a> {
    /// A turn that nobody waits for yet.
    pub const fn new(data: &'a DataDir) -> Self {
        Self { data, began: None }
    }

    /// Waits a moment; an error when it was waited long enough.
    pub fn wait(&mut self) -> anyhow::Result<()> {
        let path = self.data.path().display();
        let began = *self.began.get_or_insert_with(|| {
            tracing::info!(target: "data", "waiting for another otary that works on {path}");
            Instant::now()
        });
        if began.elapsed() > PATIENCE {
            return Err(anyhow!("another otary works on {path}"))
                .help("end it, or wait until it has ended; one data directory has one server");
        }
        thread::sleep(PAUSE);
        Ok(())
    }
}

/// A result of the authority's with the advice that its error carries.
pub fn trusted<T>(result: Result<T, otary_trust::Error>) -> anyhow::Result<T> {
    result.or_else(|error| match error.help() {
        Some(help) => Err(error).help(help),
        None => Err(error.into()),
    })
}

/// `path` as it is typed into a shell.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./~+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advice::Report;

    #[test]
    fn a_path_can_be_pasted_into_a_shell() {
        assert_eq!(quoted(Path::new("./x")), "./x");
        assert_eq!(quoted(Path::new("my data")), "'my data'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }

    #[test]
    fn only_what_is_no_database_is_to_be_moved_away() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::named(folder.path());
        fs::write(data.database(), "no database ".repeat(1000)).unwrap();
        let error = data.try_open_store(DiskOptions::default()).unwrap_err();
        assert!(Report(&error).to_string().contains("\nhelp: move its files away ("), "{error:?}");

        let source = ErrorKind::StorageFull.into();
        let full = StoreError::File { action: "writing", path: data.database(), source };
        let told = Report(&data.unopened(full)).to_string();
        let begins = format!("error: no space left on the disk of {}: ", folder.path().display());
        assert!(told.starts_with(&begins) && told.ends_with("\nhelp: make room\n"), "{told}");
        assert!(!no_space_left(folder.path()), "it was told so");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_data_directory_is_its_owners_alone_and_one_open_to_writers_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("x");
        DataDir::prepare(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(DataDir::prepare(&path).unwrap_err().to_string().starts_with("others may write to "));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(DataDir::prepare(&path).is_ok());
    }
}
