//! `otary status`: how things stand.

use otary_server::operator::Status;

use crate::client::{Client, Connection, path};
use crate::clock;
use crate::global::Global;
use crate::say;
use crate::table::{ago, count, size};
use crate::terminal::{in_two_lines, print_json};

/// See how things stand: counts, room, limits, the authority and its backup
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
    let status: Status = client.get(&path(["status"]))?;
    if args.json {
        return print_json(&status);
    }
    let Status { products, releases, artifacts, devices, held, strangers, .. } = status;
    let running = if status.open_files.is_some() { "serving" } else { "not serving" };
    say!("otary {}, {running}", status.version)?;
    say!("  data       {}", status.data)?;
    match &status.fingerprint {
        Some(digest) => {
            let [first, second] = in_two_lines(digest);
            say!("  authority  SHA-256 {first}\n                     {second}")?;
        }
        None => say!("  authority  none yet: `otary serve` makes it")?,
    }
    match status.backed_up {
        Some(time) => say!("  backup     {}", ago(time, clock::now()))?,
        None => say!("  backup     never: otary trust backup FILE")?,
    }
    say!("  catalogue  {}, {}", count(products, "product"), count(releases, "release"))?;
    let (used, room) = (size(status.artifact_bytes), size(status.max_artifact_bytes));
    say!("  artifacts  {artifacts}, {used} of {room}")?;
    say!("  devices    {devices}, {held} held")?;
    say!("  strangers  {strangers} of {}", status.max_strangers)?;
    say!("  audit log  {}", status.audit)?;
    if let Some(files) = status.open_files {
        say!("  files      {files} may be open")?;
    }
    Ok(())
}
