//! `otary mail`: notices by mail.

use anyhow::Result;
use otary_fleet::notice::Dispatch;
use otary_server::operator::MailView;

use super::webhook::{deliveries, told};
use crate::client::{Client, Connection, path};
use crate::global::Global;
use crate::say;
use crate::table::plain;
use crate::terminal::print_json;

/// Try whether mail goes out, and see what went
///
/// Mail is set up under `[mail]` in the settings file: `server`, `from`, `to`, and where the server asks for an account `user` and
/// `password_file`. It tells what webhooks tell, to people.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Send a mail now, and say what came of it
    Test,
    /// How mail is set up, and what went out
    Show {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Carries it out.
pub fn run(args: &Args, global: &Global) -> Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    match args.action {
        Action::Test => told(&client.act::<Dispatch>(&path(["mail", "test"]))?),
        Action::Show { json } => {
            let mail: MailView = client.get(&path(["mail"]))?;
            if json { print_json(&mail) } else { show(&mail) }
        }
    }
}

fn show(mail: &MailView) -> Result<()> {
    say!("By {} from {} to {}", plain(&mail.server), plain(&mail.from), plain(&mail.to.join(", ")))?;
    if mail.deliveries.is_empty() {
        return Ok(say!("Nothing went out yet: `otary mail test` tries it.")?);
    }
    deliveries(&mail.deliveries)
}
