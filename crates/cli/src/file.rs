//! Files that the user names, read whole and never without a bound.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The bytes of a file, or of standard input for `-`; more than `most` are refused.
pub fn read_file(path: &Path, most: u64) -> Result<Vec<u8>> {
    let name =
        || if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(most + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("reading {}", name()))?;
    if bytes.len() as u64 > most {
        bail!("{} has more than {most} bytes", name());
    }
    Ok(bytes)
}
