//! `otary trust rollover`: from one generation to the next, a step at a time.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use otary_fleet::{Due, GenerationId, Generations, GivenUp, Mac, Phase, Rollover, Step};
use otary_server::operator::{Begin, Losses, RolloverView, TrustView};
use otary_trust::HostName;
use zeroize::Zeroizing;

use super::MAX_KEY;
use crate::advice::Advise;
use crate::client::{Client, path};
use crate::clock;
use crate::file::{check_private, read_text};
use crate::global::Global;
use crate::say;
use crate::table::{Table, ago, count, date};
use crate::terminal::print_json;

/// Devices that a status lists for a step; the rest are counted.
const LISTED: usize = 20;
/// The word that gives up all devices that otary never updated and nobody spoke of.
const STRANGERS: &str = "strangers";

/// What to do with the rollover.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Begin: the next root becomes a generation, beside the one in charge
    ///
    /// The old root signs the new one, so that devices that hold the old one alone are led to the new one. Publish
    /// firmware with the certificates that `otary trust export` prints from now on; devices move by ordinary updates.
    Begin {
        /// A host name of the new generation's own: whoever asks for it is shown the new chain at once [may be repeated]
        #[arg(long = "host", value_name = "NAME")]
        hosts: Vec<HostName>,
        /// The file with the next root's key, if it was taken off this machine
        #[arg(long, value_name = "FILE")]
        next_key: Option<PathBuf>,
        /// The old root is not to sign the new one, since its key was stolen or is lost
        #[arg(long)]
        without_bridge: bool,
        #[command(flatten)]
        given_up: StepArgs,
    },
    /// See how far it is, and whom each step would cut off
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Put the new generation in charge; the old one is shown only under the names that it had
    Switch(StepArgs),
    /// Let the old generation go: its key is destroyed
    Finish(StepArgs),
    /// Go back to the old generation
    Abort(StepArgs),
}

#[derive(Debug, clap::Args)]
pub struct StepArgs {
    /// Give a device up that would be cut off, by its address; `strangers` for all that otary never updated and nobody
    /// spoke of [may be repeated]
    #[arg(long, value_name = "MAC")]
    pub give_up: Vec<String>,
}

/// Carries it out.
pub fn run(action: Action, global: &Global) -> Result<()> {
    let mut client = match action {
        Action::Status { .. } => Client::at_home(global)?,
        _ => Client::at_home_with_keys(global)?,
    };
    match action {
        Action::Begin { hosts, next_key, without_bridge, given_up: StepArgs { give_up } } => {
            let next_key = next_key.map(|file| read_next_key(&file)).transpose()?;
            let hosts = hosts.iter().map(|host| host.as_str().to_owned()).collect();
            let start = Begin { hosts, next_key, without_bridge, give_up: given_up(&give_up)? };
            let begun: TrustView = client.post(&path(["trust", "rollover"]), &start)?;
            print_begun(&begun)
        }
        Action::Status { json } => {
            let view: RolloverView = client.get(&path(["trust", "rollover"]))?;
            if json { print_json(&view) } else { print_status(&view) }
        }
        Action::Switch(args) => take(&mut client, Step::Switch, &args),
        Action::Finish(args) => take(&mut client, Step::Finish, &args),
        Action::Abort(args) => take(&mut client, Step::Abort, &args),
    }
}

fn read_next_key(file: &Path) -> Result<Zeroizing<String>> {
    check_private(file, "the next root's key")?;
    read_text(file, MAX_KEY)
}

fn take(client: &mut Client, step: Step, args: &StepArgs) -> Result<()> {
    let after: TrustView =
        client.post(&path(["trust", "rollover", step.name()]), &given_up(&args.give_up)?)?;
    let generations = &after.generations;
    match step {
        Step::Switch => print_switched(generations)?,
        Step::Finish => say!(
            "Generation {} is alone. Back the authority up: otary trust backup FILE",
            generations.current
        )?,
        Step::Abort => say!("Generation {} is in charge, as before.", generations.current)?,
    }
    print_due(&after.due)
}

fn print_switched(generations: &Generations) -> Result<()> {
    let Some(Rollover { from, to, .. }) = generations.rollover else {
        return Err(anyhow!("the server says that no rollover is under way"));
    };
    say!("Generation {to} is in charge.")?;
    let hosts = hosts_of(generations, from);
    if !hosts.is_empty() {
        say!("Generation {from} is shown under {hosts} until `finish`.")?;
    }
    if generations.get(to).is_some_and(|new| new.bridged_from.is_some()) {
        say!("Devices that hold the old root alone follow the bridge until `finish`.")?;
    }
    Ok(())
}

/// The host names of a generation's own, in words.
fn hosts_of(generations: &Generations, id: GenerationId) -> String {
    let hosts = generations.get(id).into_iter().flat_map(|generation| &generation.hosts);
    hosts.map(String::as_str).collect::<Vec<_>>().join(", ")
}

pub fn given_up(texts: &[String]) -> Result<GivenUp> {
    let mut given_up = GivenUp::default();
    for text in texts {
        if text == STRANGERS {
            given_up.strangers = true;
            continue;
        }
        let mac: Result<Mac, _> = text.parse();
        let mac = mac.map_err(|error| anyhow!("--give-up {text}: {error}"));
        given_up.devices.insert(mac.help(format!("a device's address, or `{STRANGERS}`"))?);
    }
    Ok(given_up)
}

fn print_begun(view: &TrustView) -> Result<()> {
    let Some(Rollover { from, to, .. }) = view.generations.rollover else {
        return Err(anyhow!("the server says that no rollover is under way"));
    };
    say!("A rollover from generation {from} to {to} is under way.")?;
    let hosts = hosts_of(&view.generations, to);
    if !hosts.is_empty() {
        say!("Generation {to} is shown under {hosts}.")?;
    }
    say!("\nNext")?;
    say!("  otary trust export             prints what new firmware is to trust")?;
    say!("  otary push ...                 gives it to the devices")?;
    say!("  otary trust rollover status    shows who has not moved yet")?;
    print_due(&view.due)
}

fn print_status(view: &RolloverView) -> Result<()> {
    let generations = &view.trust.generations;
    match generations.rollover {
        None => say!("No rollover is under way; generation {} is in charge.", generations.current)?,
        Some(Rollover { from, to, phase, began, switched }) => {
            let phase = match (phase, switched) {
                (Phase::Switched, Some(at)) => format!("in charge since {}", date(at)),
                (Phase::Switched | Phase::Begun, _) => "not in charge yet".to_owned(),
            };
            say!("Rollover from generation {from} to {to}, begun on {}.", date(began))?;
            say!("Generation {to} is {phase}.")?;
        }
    }
    for losses in &view.steps {
        print_losses(losses)?;
    }
    print_due(&view.trust.due)
}

fn print_losses(losses: &Losses) -> Result<()> {
    let Losses { step, devices, strangers, named } = losses;
    if named.is_empty() {
        return Ok(say!("\n{}: cuts nobody off", step.name())?);
    }
    let strangers = match strangers {
        0 => String::new(),
        strangers => format!(", and {} that otary never updated", count(*strangers, "stranger")),
    };
    say!("\n{}: cuts off {}{strangers}", step.name(), count(*devices, "device"))?;
    let now = clock::now();
    let mut table = Table::new(["DEVICE", "LAST SEEN", "WHY"]);
    for straggler in named.iter().take(LISTED) {
        let mac = straggler.device.to_string();
        table.row([mac, ago(straggler.last_seen, now), straggler.to_string()]);
    }
    say!("{table}")?;
    let more = (devices + losses.strangers).saturating_sub(LISTED as u64);
    if more > 0 { Ok(say!("and {more} more: --json lists them")?) } else { Ok(()) }
}

/// What a person has to do, and by when.
pub fn print_due(due: &[Due]) -> Result<()> {
    if !due.is_empty() {
        say!("\nTo do")?;
    }
    Ok(due.iter().try_for_each(|Due { act, by }| {
        say!("  by {}  {act}:\n                 {}", date(*by), act.command())
    })?)
}
