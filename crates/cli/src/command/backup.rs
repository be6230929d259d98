//! `otary backup`: all that a data directory has, in one file.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};

use crate::advice::advised;
use crate::backup::{Source, make};
use crate::clock;
use crate::command::trust::backup::back_up;
use crate::data::{DataDir, quoted};
use crate::global::Global;
use crate::passphrase::PassphraseArgs;
use crate::say;
use crate::table::{count, size};

/// Write all that the server knows to one file, while it runs
///
/// The file is a tar archive with the database as of one moment, every artifact, the settings, and the authority's certificates.
/// Its manifest has each file's SHA-256. The server works on meanwhile.
///
/// The authority's keys are not in it. They go into a file of their own, under a passphrase: with --keys in the same go, or by
/// `otary trust backup`. Keep the two apart, and the passphrase elsewhere: together they are the fleet.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to write; it must not be there
    file: PathBuf,
    /// Write the keys as well, to this file
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Writes it.
pub fn run(args: &Args, global: &Global) -> Result<()> {
    let values = global.settings(Vec::new())?.values;
    let data = DataDir::existing(&values.data)?;
    let file = &args.file;
    if file.try_exists().with_context(|| format!("looking at {}", file.display()))? {
        let error = anyhow!("{} is there already", file.display());
        return Err(advised(error, "name a file that is not: a backup is never overwritten"));
    }
    if let Some(keys) = &args.keys {
        back_up(keys, &args.passphrase, &data, global)?;
    }
    let settings = global.config.clone().unwrap_or_else(|| data.path().join("otary.toml"));
    let source = Source { data, settings };
    let made = make(&source, file, clock::now())?;
    let artifacts = count(made.artifacts(), "artifact");
    say!("{} holds the database and {artifacts}, {}.", quoted(file), size(made.total()))?;
    say!("The head of its audit log:\n  {}", made.audit)?;
    if args.keys.is_none() {
        let data = quoted(source.data.path());
        say!("The authority's keys are not in it: otary trust backup authority.age --data {data}")?;
    }
    say!("Next: otary restore {} --data ELSEWHERE, to see that it can be", quoted(file))?;
    Ok(())
}
