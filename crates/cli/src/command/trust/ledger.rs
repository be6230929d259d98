//! `otary trust ledger`: the fleet by anchor.

use anyhow::Result;
use otary_server::operator::Ledger;

use crate::client::{Client, Connection, path};
use crate::global::Global;
use crate::say;
use crate::table::{Table, count, date, plain};
use crate::terminal::print_json;

/// What is listed, and of which server.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Prints it.
pub fn run(args: &Args, global: &Global) -> Result<()> {
    let ledger: Ledger = Client::open(global, &args.connection)?.get(&path(["trust", "ledger"]))?;
    if args.json {
        return print_json(&ledger);
    }
    let mut table = Table::new(["ANCHOR", "WHAT IT IS", "ENDS", "PROVEN", "CLAIMED", "PERHAPS"]);
    for line in &ledger.anchors {
        table.row([
            plain(&line.anchor.name),
            line.role.to_string(),
            date(line.anchor.not_after),
            line.proven.to_string(),
            line.claimed.to_string(),
            line.perhaps.to_string(),
        ]);
    }
    say!("{table}")?;
    if ledger.devices == 0 {
        return Ok(say!("\nNo device has asked yet.")?);
    }
    say!("\n{LEGEND}\n")?;
    print_rest(&ledger)
}

/// What the numbers mean.
const LEGEND: &str = "\
Proven: by the image that the device runs, and it showed who it is.
Claimed: by the image that it says it runs.
Perhaps: it accepted a chain that this anchor leads to, or only some of its
claims have it.";

/// How many devices there are, and those that the table says nothing of.
fn print_rest(ledger: &Ledger) -> Result<()> {
    let rest = [
        (ledger.unknown, "show nothing that tells what they trust"),
        (ledger.plain, "come by plain HTTP, which needs no certificate"),
        (ledger.never_asked, "never asked"),
    ];
    let mut rest = rest.into_iter().filter(|(number, _)| *number > 0).peekable();
    let devices = count(ledger.devices, "device");
    if rest.peek().is_none() {
        return Ok(say!("{devices} in all.")?);
    }
    say!("Of {devices}")?;
    Ok(rest.try_for_each(|(number, what)| say!("  {number:>6} {what}"))?)
}
