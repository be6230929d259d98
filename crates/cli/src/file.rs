//! Files that the user names: read whole and never without a bound, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use zeroize::Zeroizing;

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
    text.map(Zeroizing::new).map_err(|_| anyhow::anyhow!("{} is no text", name(path)))
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

fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}
