//! `otary restore`: a data directory out of a backup.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use otary_trust::{Authority, Certificate, Saved};

use crate::advice::{Report, advised};
use crate::backup::{Archive, WITHOUT_KEYS, restore};
use crate::command::trust::backup::{MAX_BACKUP, in_folder};
use crate::config::{Flag, Layers, Trust};
use crate::data::{DataDir, quoted};
use crate::file::{read_file, read_text};
use crate::global::Global;
use crate::passphrase::{PassphraseArgs, of_keys};
use crate::say;
use crate::table::{count, minute, plain_lines};

/// Bring a data directory back from a backup, where none is
///
/// Everything is checked first: every digest, the database's schema, the audit log, the room on the disk. Then the data directory is
/// there at once, or nothing is.
///
/// The keys come from the file that `otary trust backup` or `otary backup --keys` wrote, and have to be those of the same authority.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["keys", "without_keys"]))]
pub struct Args {
    /// The backup
    file: PathBuf,
    /// The file with the authority's keys
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Bring the keys back later, by `otary trust restore`; nothing is served before
    #[arg(long)]
    without_keys: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Where the roots lie in the folder of an authority.
const ROOTS: [&str; 3] = ["root.crt", "next-root.crt", "new-generation/root.crt"];

/// Brings it back.
pub fn run(args: &Args, global: &Global) -> Result<()> {
    let values = global.settings(Vec::new())?.values;
    let reading = || format!("reading {}", args.file.display());
    let archive = Archive::open(&args.file).with_context(reading)?;
    let keys = args.keys.as_deref();
    let restored = restore(&archive, &values.data, |data| match keys {
        Some(keys) => bring_keys(keys, data, &args.passphrase, &values.trust),
        None => Ok(()),
    });
    restored.with_context(|| format!("restoring {}", args.file.display()))?;
    let made = &archive.manifest;
    let at = quoted(&values.data);
    say!("{at} is as it was at {}: {}.", minute(made.created), count(made.artifacts(), "artifact"))?;
    say!("What happened since is not in it: compare with `otary audit head` if you noted a later one.")?;
    if let Some(fault) = settings_fault(&values.data) {
        say!("Its otary.toml is none for this otary, which says of it:\n{fault}")?;
    }
    if args.without_keys {
        say!("Next: otary trust restore authority.age --data {at}")?;
    } else {
        say!("Next: otary serve --data {at}")?;
    }
    Ok(())
}

/// What is wrong with the settings that came with the data, if anything is: a backup may be older than a setting's form, and is
/// brought back all the same.
fn settings_fault(data: &Path) -> Option<String> {
    let flags = vec![Flag::new("--data", "data", &data.display())];
    let fault = Layers { flags, ..Layers::default() }.resolve().err()?;
    Some(plain_lines(&Report(&fault).to_string()))
}

/// Brings the keys in the file `keys` into a data directory that has come without.
fn bring_keys(keys: &Path, data: &Path, passphrase: &PassphraseArgs, settings: &Trust) -> Result<()> {
    let contents = read_file(keys, MAX_BACKUP)?;
    let (under, passphrase) = (of_keys(settings)?, passphrase.read("the keys' backup")?);
    let trust = DataDir::named(data).trust();
    let saved = in_folder(Saved::open(&contents, &passphrase, &trust, under))?;
    check_certificates(data, saved.authority())?;
    in_folder(saved.restore())?;
    drop_certificates(data)
}

/// Refuses an authority that knows nothing of a root that the data came with: devices may trust that one alone.
pub fn check_certificates(data: &Path, authority: &Authority) -> Result<()> {
    for place in ROOTS {
        let file = data.join(WITHOUT_KEYS).join(place);
        if !file.try_exists().with_context(|| format!("looking at {}", file.display()))? {
            continue;
        }
        let text = read_text(&file, MAX_BACKUP)?;
        let root = Certificate::from_pem(text.as_bytes());
        let root = root.with_context(|| format!("reading {place} of the backup"))?.fingerprint();
        if !authority.anchors().iter().any(|anchor| anchor.fingerprint() == root) {
            return Err(advised(
                anyhow!("the keys are not those of the data: they know nothing of the root {root}"),
                "take the keys' backup that was made at the time of the data's",
            ));
        }
    }
    Ok(())
}

/// Removes the certificates that the data came with: the authority has its own again.
pub fn drop_certificates(data: &Path) -> Result<()> {
    let without = data.join(WITHOUT_KEYS);
    match fs::remove_dir_all(&without) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", without.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_this_otary_does_not_take_are_told() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(settings_fault(data.path()), None, "none is as good");
        let write = |text: &str| fs::write(data.path().join("otary.toml"), text).unwrap();
        write("drain = \"2s\"\n");
        assert_eq!(settings_fault(data.path()), None);
        write("\"drian\\u001b[2J\" = \"2s\"\n");
        let fault = settings_fault(data.path()).unwrap();
        assert!(fault.contains("otary.toml") && fault.contains("drian\u{FFFD}[2J"), "{fault}");
    }
}
