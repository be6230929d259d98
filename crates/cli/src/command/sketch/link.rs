//! A device's link, as `otary device link` prints it into a file.

use std::path::Path;

use anyhow::{Result, anyhow};
use zeroize::Zeroizing;

use crate::advice::advised;
use crate::file::read_text;

/// The largest file that a link is looked for in, in bytes.
const MOST_BYTES: u64 = 4096;

/// The link in a file's first line.
pub fn read_link(path: &Path) -> Result<Zeroizing<String>> {
    let text = read_text(path, MOST_BYTES)?;
    let line = text.lines().next().unwrap_or_default().trim();
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    match line.strip_prefix("/d/") {
        Some(token) if token.len() == 24 && token.bytes().all(plain) => Ok(Zeroizing::new(line.to_owned())),
        _ => Err(advised(
            anyhow!("the first line of {} is no link", path.display()),
            format!("otary device link MAC > {}", path.display()),
        )),
    }
}
