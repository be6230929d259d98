//! Secrets that a product's devices share: read from a file, never from the command line, where every process of this
//! machine could read them.

use std::path::Path;

use anyhow::{Result, anyhow};
use otary_trust::LEAST_CHARACTERS;
use zeroize::Zeroizing;

use crate::advice::advised;
use crate::file::read_text;

/// The most characters of a secret: it goes into a sketch and into a header field.
const MOST_CHARACTERS: usize = 64;
/// The largest file that a secret is looked for in, in bytes.
const MOST_BYTES: u64 = 4096;

/// The secret in a file's first line, or in that of standard input for `-`.
pub fn read_secret(path: &Path) -> Result<Zeroizing<String>> {
    let text = read_text(path, MOST_BYTES)?;
    let line = text.lines().next().unwrap_or_default().trim();
    check(line).map_err(|fault| {
        let error = anyhow!("the first line of {} is no secret: {fault}", path.display());
        advised(error, "otary product set PRODUCT --new-secret makes a good one")
    })?;
    Ok(Zeroizing::new(line.to_owned()))
}

/// Whether a text can be a secret, or what is wrong with it.
fn check(text: &str) -> Result<(), String> {
    if text.len() < LEAST_CHARACTERS || text.len() > MOST_CHARACTERS {
        return Err(format!("it has {} bytes, not {LEAST_CHARACTERS} to {MOST_CHARACTERS}", text.len()));
    }
    if !text.bytes().all(|c| c.is_ascii_graphic()) {
        return Err("it has something other than ASCII letters, digits and signs in it".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &str) -> Result<String, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        read_secret(file.path()).map(|secret| secret.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_line_counts_without_its_end() {
        assert_eq!(read("correct-horse-9\r\nnotes\n"), Ok("correct-horse-9".to_owned()));
    }

    #[test]
    fn what_would_not_protect_or_not_fit_is_refused_and_not_repeated() {
        let long = "a".repeat(65);
        for text in ["", "short", "with spaces in it", "umläutiges-wort", &long] {
            let refused = read(text).unwrap_err();
            assert!(
                refused.contains("is no secret") && (text.is_empty() || !refused.contains(text)),
                "{refused}"
            );
        }
    }
}
