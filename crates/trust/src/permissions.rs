//! Files and folders that only their owner can read: the one module with calls that exist on Unix alone.
//!
//! On Unix, what is made here has mode 0600 (files) or 0700 (folders) from its first moment, and what others can
//! reach is not used. Elsewhere [`ENFORCED`] is false: files get what their folder gives them, and nothing is
//! checked; the caller says so to the operator.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Whether this platform's file permissions are set and checked here.
pub const ENFORCED: bool = cfg!(unix);

/// Makes an empty file that only its owner can read and write; fails if the path exists.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a folder that only its owner can enter; fails if the path exists.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The permission bits, if anybody but the owner can read, write or enter.
pub(crate) fn loose_mode(metadata: &Metadata) -> Option<u32> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
        (mode & 0o077 != 0).then_some(mode)
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}

/// Writes the names in a folder to the disk, so that a rename outlives a power cut.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    // Only on Unix can a folder be opened as a file; elsewhere the file system's own journal has to do.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
