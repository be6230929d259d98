//! Bringing a data directory back: all is checked, then there at once under its name, or nothing is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use otary_store::{Disk, DiskOptions, Finding, NotedHead, Store};
use tempfile::TempDir;

use super::{Archive, WITHOUT_KEYS};
use crate::advice::{Advise, advised};
use crate::file::sync_folder;
use crate::platform;
use crate::table::{plain, size};

/// Room for what a database takes beside itself when it is opened.
const SPARE: u64 = 16 * 1024 * 1024;

/// Brings the backup into the data directory `new`, where nothing is yet. `with_keys` gets the directory while nobody sees it: what
/// it finds wrong leaves nothing behind.
pub fn restore(archive: &Archive, new: &Path, with_keys: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    check_vacant(new)?;
    check_schema(archive)?;
    let parent = parent(new)?;
    check_room(archive, &parent)?;
    archive.check().map_err(damaged)?;
    let staging = staging(&parent)?;
    let data = staging.path().join("data");
    platform::create_private_folder(&data).with_context(|| format!("making {}", data.display()))?;
    unpack(archive, &data)?;
    check_store(archive, &data)?;
    with_keys(&data)?;
    sync_all(&data)?;
    let placing = || format!("putting the data directory to {}", new.display());
    // An empty folder may be there; not every system renames over one.
    match fs::remove_dir(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).with_context(placing),
        _ => fs::rename(&data, new).with_context(placing)?,
    }
    sync_folder(&parent)
}

/// Refuses a place where something is.
fn check_vacant(new: &Path) -> Result<()> {
    let found = match fs::symlink_metadata(new) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.with_context(|| format!("looking at {}", new.display()))?,
    };
    let empty = found.is_dir() && fs::read_dir(new).is_ok_and(|mut entries| entries.next().is_none());
    if empty {
        return Ok(());
    }
    Err(advised(
        anyhow!("{} is there already", new.display()),
        "name a folder that is not, or move that one away: nothing is ever overwritten",
    ))
}

fn check_schema(archive: &Archive) -> Result<()> {
    let (found, known) = (archive.manifest.schema, Disk::schema());
    if (1..=known).contains(&found) {
        return Ok(());
    }
    let made_by = plain(&archive.manifest.otary);
    Err(advised(
        anyhow!("the backup's database has schema {found}, this otary knows up to {known}"),
        format!(
            "restore it with otary {made_by}, which made it, or a newer one; this is {}",
            env!("CARGO_PKG_VERSION")
        ),
    ))
}

/// The folder that `new` will be in.
fn parent(new: &Path) -> Result<PathBuf> {
    let parent = new.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        return Err(advised(anyhow!("there is no folder {}", parent.display()), "make it first"));
    }
    Ok(parent.to_owned())
}

fn check_room(archive: &Archive, parent: &Path) -> Result<()> {
    let needed = archive.manifest.total().saturating_add(SPARE);
    let room = platform::room(parent).with_context(|| format!("looking at {}", parent.display()))?;
    match room {
        Some(room) if room < needed => Err(too_little(room, needed, parent)),
        _ => Ok(()),
    }
}

fn too_little(room: u64, needed: u64, parent: &Path) -> anyhow::Error {
    let (room, needed) = (size(room), size(needed));
    advised(anyhow!("there is room for {room} in {}, and {needed} are needed", parent.display()), "make room")
}

fn staging(parent: &Path) -> Result<TempDir> {
    let made = tempfile::Builder::new().prefix(".otary-restore-").tempdir_in(parent);
    made.with_context(|| format!("writing to {}", parent.display()))
}

fn damaged(fault: super::Fault) -> anyhow::Error {
    advised(fault.into(), "nothing was written; take another copy of the backup, or an older one")
}

fn unpack(archive: &Archive, data: &Path) -> Result<()> {
    let unpacked = archive.read(|entry| {
        let path = entry.name.path_in(data, WITHOUT_KEYS);
        platform::create_private_folder(path.parent().unwrap_or(data))?;
        platform::create_private_file(&path)
    });
    unpacked.map_err(damaged)
}

/// Opens the store, which brings an older schema up to date, and holds it against the manifest. Whoever was signed in when the
/// backup was made may have been shut out since, and signs in again.
fn check_store(archive: &Archive, data: &Path) -> Result<()> {
    let store = Disk::open(data, DiskOptions::default()).context("opening the backup's database")?;
    let found = store.verify_audit(Some(NotedHead::from(archive.manifest.audit)))?;
    if !matches!(found.finding, Finding::Confirmed { newer: 0 }) {
        return Err(anyhow!("{}", found.finding))
            .help("the backup is not what it was when it was made; take another one");
    }
    for artifact in store.catalogue().artifacts() {
        let there =
            fs::metadata(Disk::blob_file(data, &artifact.id)).is_ok_and(|file| file.len() == artifact.size);
        if !there {
            bail!("the backup lacks the artifact {}", artifact.id);
        }
    }
    for session in store.sessions()? {
        store.delete_session(&session.hash)?;
    }
    Ok(())
}

/// Brings files and names to the disk, deepest first.
fn sync_all(folder: &Path) -> Result<()> {
    let syncing = || format!("writing {}", folder.display());
    for entry in fs::read_dir(folder).with_context(syncing)? {
        let entry = entry.with_context(syncing)?;
        if entry.file_type().with_context(syncing)?.is_dir() {
            sync_all(&entry.path())?;
        } else {
            let file = fs::File::open(entry.path());
            file.and_then(|file| file.sync_all())
                .with_context(|| format!("writing {}", entry.path().display()))?;
        }
    }
    sync_folder(folder)
}
