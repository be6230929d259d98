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
    say!("{table}\n")?;
    say!(
        "Proven: by the image that the device runs, and it showed who it is. Claimed: by the image that it"
    )?;
    say!(
        "says it runs. Perhaps: it accepted a chain that this anchor leads to, or only some of its claims do."
    )?;
    say!("\nOf {}", count(ledger.devices, "device"))?;
    let rest = [
        (ledger.unknown, "show nothing that tells what they trust"),
        (ledger.plain, "come by plain HTTP, which needs no certificate"),
        (ledger.never_asked, "never asked"),
    ];
    Ok(rest
        .iter()
        .filter(|(number, _)| *number > 0)
        .try_for_each(|(number, what)| say!("  {number:>6} {what}"))?)
}
