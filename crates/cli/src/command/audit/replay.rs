//! `otary audit replay`: the decisions of a recording, made again by this otary.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use otary_server::recording::{Difference, Divergence, Replay, Replayed};

use crate::say;
use crate::table::{count, minute, or_dash, plain};
use crate::terminal::print_json;

/// The longest line of a recording, in bytes: a large catalogue fits.
const MAX_LINE: u64 = 256 * 1024 * 1024;

/// Which recording.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The recording
    file: PathBuf,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Replays a recording. Other decisions are an error, so that a script notices.
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let replayed = replay(args).with_context(|| format!("replaying {}", args.file.display()))?;
    if args.json {
        print_json(&replayed)?;
    } else {
        replayed.shown.iter().try_for_each(print)?;
    }
    match replayed.differences {
        0 if args.json => Ok(()),
        0 => Ok(say!("{}: all the same.", count(replayed.decisions, "decision"))?),
        some => Err(anyhow!("{} of {} would be otherwise", some, count(replayed.decisions, "decision"))),
    }
}

/// A last line that a crash cut off is left out.
fn replay(args: &Args) -> anyhow::Result<Replayed> {
    let mut lines = BufReader::new(File::open(&args.file)?);
    let mut replay = Replay::default();
    loop {
        let mut line = String::new();
        std::io::Read::take(&mut lines, MAX_LINE).read_line(&mut line)?;
        if !line.ends_with('\n') {
            return Ok(replay.end());
        }
        replay.line(&line)?;
    }
}

fn print(difference: &Difference) -> anyhow::Result<()> {
    let Difference { line, at, device, what } = difference;
    say!("line {line}, {}, {}:", minute(*at), or_dash(*device))?;
    match what {
        Divergence::Record => Ok(say!("  what is remembered of it is not the same any more")?),
        Divergence::Decision { recorded, now } => {
            say!("  was  {}: {}", recorded.verdict().name(), plain(&recorded.reason.to_string()))?;
            Ok(say!("  now  {}: {}", now.verdict().name(), plain(&now.reason.to_string()))?)
        }
    }
}
