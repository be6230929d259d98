//! Files that the user names: read whole and never without a bound, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use zeroize::Zeroizing;

use crate::advice::advised;
use crate::data::quoted;
use crate::platform::{self, mode_for_others};

/// The bytes of a file, or of standard input for `-`; more than `most` are refused.
pub fn read_file(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(most + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("reading {}", name(path)))?;
    if bytes.len() as u64 > most {
        bail!("{} has more than {most} bytes", name(path));
    }
    Ok(bytes)
}

/// The same as text, wiped from memory afterwards: it may be a secret.
pub fn read_text(path: &Path, most: u64) -> Result<Zeroizing<String>> {
    let text = String::from_utf8(read_file(path, most)?);
    // The error would show the bytes.
    text.map(Zeroizing::new).map_err(|_| anyhow!("{} is no text", name(path)))
}

/// Refuses a file that others than its owner may read, since `secret` is in it. Standard input passes.
pub fn check_private(path: &Path, secret: &str) -> Result<()> {
    if path == Path::new("-") {
        return Ok(());
    }
    let metadata = fs::metadata(path).with_context(|| format!("reading {secret} in {}", path.display()))?;
    if mode_for_others(&metadata) != 0 {
        let error = anyhow!("others may read {secret} in {}", path.display());
        return Err(advised(error, format!("chmod 0600 {}", quoted(path))));
    }
    Ok(())
}

/// Writes a file that `create` makes, which fails if the path exists.
pub fn write_new(path: &Path, create: fn(&Path) -> io::Result<File>, bytes: &[u8]) -> Result<()> {
    let writing = || format!("writing {}", path.display());
    let mut file = create(path).with_context(writing)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // What is there is a part, and stands in the way of the next try.
        let _ = fs::remove_file(path);
    }
    written.with_context(writing)
}

/// Writes a file anew, which has what it had or all of `bytes` whenever the power goes; `create` makes it.
pub fn replace(path: &Path, create: fn(&Path) -> io::Result<File>, bytes: &[u8]) -> Result<()> {
    let mut new = path.to_owned();
    new.as_mut_os_string().push(".new");
    write_new(&new, create, bytes)?;
    let renamed = fs::rename(&new, path).with_context(|| format!("writing {}", path.display()));
    if renamed.is_err() {
        // What is there is whole, and stands in the way of the next try.
        let _ = fs::remove_file(&new);
    }
    renamed?;
    sync_folder(path.parent().unwrap_or(Path::new("")))
}

/// Has the names in a folder survive a power cut; the contents of its files do by themselves. The empty path is this folder.
pub fn sync_folder(path: &Path) -> Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    platform::sync_folder(path).with_context(|| format!("writing {}", path.display()))
}

fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}
