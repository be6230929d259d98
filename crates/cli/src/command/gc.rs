//! `otary gc`: lets go of what is no longer kept.

use otary_server::operator::Collected;

use crate::client::{Client, Connection, path};
use crate::global::Global;
use crate::say;
use crate::table::{count, size};
use crate::terminal::print_json;

/// Free the room of what is no longer kept
///
/// Withdrawn releases, superseded ones when there is too little room, artifacts that no release holds, and old events
/// go, as the `retention` settings say (`otary config show`). Nothing that is pinned, offered or run by a device goes.
/// A server does this by itself every hour.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Carries it out.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    let collected: Collected = client.act(&path(["gc"]))?;
    if args.json {
        return print_json(&collected);
    }
    if collected.artifacts.is_empty() && collected.events == 0 && collected.releases.is_empty() {
        return Ok(say!("Nothing to free.")?);
    }
    for release in &collected.releases {
        say!("Let go of {release}")?;
    }
    let artifacts = count(collected.artifacts.len() as u64, "artifact");
    say!("Freed {} of {artifacts} and {}.", size(collected.bytes), count(collected.events, "event"))?;
    Ok(())
}
