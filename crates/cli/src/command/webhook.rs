//! `otary webhook`: who is told by an HTTP request of what happens.

use anyhow::{Result, bail};
use otary_fleet::ProductName;
use otary_fleet::notice::{Dispatch, Progress, Subject};
use otary_server::mirror::Reaching;
use otary_server::operator::{CreatedWebhook, NewWebhook, WebhookView};

use crate::client::{Client, Connection, path};
use crate::clock;
use crate::global::Global;
use crate::say;
use crate::table::{Table, ago, plain, until};
use crate::terminal::print_json;

/// Tell other programs what happens: signed HTTP requests, tried for a day
///
/// A notice is sent when a campaign stops or finishes, when devices fall silent or loop, when the trust needs a person, when the disk is
/// nearly full, and once a day with the audit log's head. The signature is that of Standard Webhooks; docs/SIGNALS.md has the data.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add a webhook and print its secret, this once
    Add {
        /// What to call it: a-z, 0-9, '-', '_' and '.'
        name: ProductName,
        /// Where to: `https://example.org/hooks/otary`
        url: String,
        /// Only for notices of this kind; again for more
        #[arg(long, value_name = "KIND", value_parser = Subject::NAMES)]
        about: Vec<String>,
        /// Send over plain HTTP too, where anybody on the way can read and change it
        #[arg(long)]
        allow_http: bool,
        /// Let this host be in this machine's own networks; what is not named has to be on the public Internet
        #[arg(long, value_name = "HOST")]
        allow_host: Vec<String>,
    },
    /// List the webhooks
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Send a test, and say what came of it
    Test {
        /// The webhook
        name: ProductName,
    },
    /// What went to a webhook, or is to go
    Deliveries {
        /// The webhook
        name: ProductName,
        /// At most so many, the newest first
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a webhook and what is on its way to it
    Remove {
        /// The webhook
        name: ProductName,
    },
}

/// Carries it out.
pub fn run(args: Args, global: &Global) -> Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    match args.action {
        Action::Add { name, url, about, allow_http, allow_host } => {
            let hosts = allow_host.iter().map(|host| host.to_ascii_lowercase()).collect();
            let reach = Reaching { plain_http: allow_http, hosts };
            let new = NewWebhook { name, url, about: about.into_iter().collect(), reach };
            let made: CreatedWebhook = client.post(&path(["webhooks"]), &new)?;
            let name = &made.webhook.name;
            // The secret alone on standard output: `otary webhook add desk URL > desk.secret`.
            eprintln!(
                "The webhook {name} is there; its secret is not shown again. Next: otary webhook test {name}"
            );
            Ok(say!("{}", made.secret)?)
        }
        Action::List { json } => {
            let webhooks: Vec<WebhookView> = client.get(&path(["webhooks"]))?;
            if json { print_json(&webhooks) } else { list(&webhooks) }
        }
        Action::Test { name } => told(&client.act::<Dispatch>(&path(["webhooks", name.as_str(), "test"]))?),
        Action::Deliveries { name, limit, json } => {
            let path = format!("{}?limit={limit}", path(["webhooks", name.as_str(), "deliveries"]));
            let dispatches: Vec<Dispatch> = client.get(&path)?;
            if json { print_json(&dispatches) } else { deliveries(&dispatches) }
        }
        Action::Remove { name } => {
            client.delete(&path(["webhooks", name.as_str()]))?;
            Ok(say!("{name} is told nothing any more.")?)
        }
    }
}

/// What came of a test.
pub fn told(test: &Dispatch) -> Result<()> {
    let said = test.said.as_deref().unwrap_or_default();
    match test.state {
        Progress::Delivered { .. } => Ok(say!("It arrived: {}", plain(said))?),
        _ => bail!("the test did not arrive: {}", plain(said)),
    }
}

/// What went out, the newest first.
pub fn deliveries(dispatches: &[Dispatch]) -> Result<()> {
    let now = clock::now();
    let mut table = Table::new(["MADE", "KIND", "STATE", "TRIES", "SAID"]);
    for dispatch in dispatches {
        let state = match dispatch.state {
            Progress::Waiting { next } if next <= now => "to be sent".to_owned(),
            Progress::Waiting { next } => format!("again {}", until(next, now)),
            Progress::Delivered { delivered } => format!("delivered {}", ago(delivered, now)),
            Progress::GivenUp { .. } => "given up".to_owned(),
        };
        table.row([
            ago(dispatch.notice.at, now),
            dispatch.notice.subject.name().to_owned(),
            state,
            dispatch.attempts.to_string(),
            plain(dispatch.said.as_deref().unwrap_or("-")),
        ]);
    }
    Ok(say!("{table}")?)
}

fn list(webhooks: &[WebhookView]) -> Result<()> {
    if webhooks.is_empty() {
        return Ok(say!("No webhooks: `otary webhook add NAME URL` tells another program what happens.")?);
    }
    let now = clock::now();
    let mut table = Table::new(["WEBHOOK", "SERVER", "ABOUT", "LAST"]);
    for webhook in webhooks {
        let about: Vec<&str> = webhook.about.iter().map(String::as_str).collect();
        table.row([
            webhook.name.clone(),
            webhook.server.clone(),
            if about.is_empty() { "everything".to_owned() } else { about.join(", ") },
            last(webhook, now),
        ]);
    }
    Ok(say!("{table}")?)
}

fn last(webhook: &WebhookView, now: otary_fleet::Time) -> String {
    if webhook.gone.is_some() {
        return "gone, as it said itself".to_owned();
    }
    match webhook.last.as_ref().map(|last| last.state) {
        None => "nothing yet".to_owned(),
        Some(Progress::Delivered { delivered }) => format!("delivered {}", ago(delivered, now)),
        Some(Progress::Waiting { .. }) => "on its way".to_owned(),
        Some(Progress::GivenUp { .. }) => "given up".to_owned(),
    }
}
