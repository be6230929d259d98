//! `otary audit`: what happened, and whether the log of it is still what was written.

mod replay;
mod show;

use std::path::PathBuf;

use anyhow::anyhow;
use otary_fleet::Mac;
use otary_server::operator::Status;
use otary_store::{Disk, NotedHead, Verification};

use crate::client::{Client, Connection, encode, path};
use crate::config::Span;
use crate::global::Global;
use crate::say;
use crate::table::count;
use crate::terminal::print_json;

/// See what was done and decided, and verify that the log of it was not changed
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show the log, oldest first: what operators did, what devices were answered, what became of it
    Show(ShowArgs),
    /// Print the log's head; noted elsewhere, it shows later whether anything before it was changed
    Head {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Verify that the log is what it was when a head was noted
    Verify {
        /// The head, as `otary audit head`, `otary status` and a backup print it
        #[arg(long, value_name = "HASH")]
        head: Option<NotedHead>,
        /// A copy of a data directory: it is only read, and no server is asked
        #[arg(long, value_name = "FOLDER")]
        copy: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Decide again what a recorded log of inputs says, and compare (`record` in otary.toml writes one)
    Replay(replay::Args),
}

/// Which entries.
#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// Not older than this, such as 2h or 7d
    #[arg(long, value_name = "TIME")]
    since: Option<Span>,
    /// Of this device only
    #[arg(long, value_name = "MAC")]
    device: Option<Mac>,
    /// What operators did only
    #[arg(long)]
    operators: bool,
    /// As JSON, an entry a line, with its digests
    #[arg(long)]
    json: bool,
}

/// Carries it out.
pub fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    match args.action {
        Action::Replay(replay) => replay::run(&replay),
        Action::Verify { head, copy: Some(folder), json } => told(&Disk::verify_copy(folder, head)?, json),
        Action::Verify { head, copy: None, json } => {
            let against = head.map(|head| format!("?head={}", encode(&head.to_string()))).unwrap_or_default();
            let mut client = Client::open(global, &args.connection)?;
            told(&client.get(&(path(["audit", "verification"]) + &against))?, json)
        }
        Action::Show(which) => show::show(&which, &mut Client::open(global, &args.connection)?),
        Action::Head { json } => {
            let status: Status = Client::open(global, &args.connection)?.get(&path(["status"]))?;
            if json { print_json(&status.audit) } else { Ok(say!("{}", status.audit)?) }
        }
    }
}

/// Says what was found. A log that does not hold is an error, so that a script notices.
fn told(found: &Verification, json: bool) -> anyhow::Result<()> {
    if json {
        print_json(found)?;
    } else {
        let forgotten = match found.forgotten {
            0 => String::new(),
            some => format!(", {some} of them forgotten"),
        };
        say!("{}{forgotten}", count(found.entries, "entry").replace("entrys", "entries"))?;
        if found.checkpoint.number > 0 {
            say!("  begins behind entry {}, which was pruned with those before it", found.checkpoint.number)?;
        }
        say!("  head  {}", found.head)?;
    }
    if found.finding.holds() {
        return if json { Ok(()) } else { Ok(say!("{}.", sentence(&found.finding.to_string()))?) };
    }
    Err(anyhow!("{}", found.finding))
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
