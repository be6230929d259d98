//! What is remembered of the name across restarts: `ddns.json` in the data directory. A file that is damaged is as none:
//! the worst is one update too many.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::plan::State;
use crate::data::DataDir;
use crate::platform::create_private_file;

/// The largest file that is read, in bytes.
const MAX: u64 = 64 * 1024;

fn path(data: &DataDir) -> PathBuf {
    data.path().join("ddns.json")
}

/// What is remembered, if anything is.
pub fn recall(data: &DataDir) -> Option<State> {
    let path = path(data);
    let small = fs::metadata(&path).is_ok_and(|metadata| metadata.len() <= MAX);
    let bytes = small.then(|| fs::read(&path).ok()).flatten()?;
    serde_json::from_slice(&bytes).ok()
}

/// Remembers: the old or the new is there, whatever happens meanwhile.
pub fn remember(data: &DataDir, state: &State) -> io::Result<()> {
    let path = path(data);
    let new = path.with_extension(format!("json.{}", std::process::id()));
    remove_if_there(&new)?;
    let mut file = create_private_file(&new)?;
    let written = file.write_all(&serde_json::to_vec_pretty(state)?).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&new, &path)).inspect_err(|_| {
        // A part of a file; the next try takes another name perhaps.
        let _ = fs::remove_file(&new);
    })
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
