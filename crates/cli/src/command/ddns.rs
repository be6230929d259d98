//! `otary ddns`: a name at a dynamic-DNS provider, kept on this machine's address.

use std::sync::mpsc;

use anyhow::{Context, Result, anyhow};

use crate::advice::{Advise, advised};
use crate::config::{Flag, Log};
use crate::data::DataDir;
use crate::ddns::{Answer, Keeper, Outcome};
use crate::global::Global;
use crate::platform::Closing;
use crate::say;
use crate::serve::start_log;
use crate::signals::on_ending;
use crate::table::minute;

use super::config::assignment;

/// Keep a dynamic-DNS name on this machine's address
///
/// Speaks the dyndns2 protocol that No-IP, Dyn and others take. The settings are under `[ddns]` in the settings file:
/// `server` (the provider's URL), `hostname`, `user`, `password_file` (a file of mode 0600) and `address` ("lan",
/// "public", or an address). `otary serve` does the same by itself where they are set; this is for a machine without
/// a server, or to try them.
///
/// Nothing is sent when nothing changed. After a refusal nothing is sent until the settings or the password change.
///
/// The URLs of some providers: `https://dynupdate.no-ip.com/nic/update` (No-IP),
/// `https://members.dyndns.org/nic/update` (Dyn), `https://dyn.dns.he.net/nic/update` (Hurricane Electric).
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Look once, send an update if it is time, print what came of it, and end
    #[arg(long)]
    once: bool,
    /// Print what would be sent, without the password, and send nothing
    #[arg(long, conflicts_with = "once")]
    dry_run: bool,
    /// A setting: `--set ddns.address=public`
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    set: Vec<Flag>,
}

/// Keeps the name until told to end, or once.
pub fn run(args: &Args, global: &Global) -> Result<()> {
    let values = global.settings(args.set.clone())?.values;
    if args.dry_run {
        let keeper = Keeper::new(&values.ddns, &DataDir::named(&values.data))?;
        return keeper.draft()?.iter().try_for_each(|line| Ok(say!("{line}")?));
    }
    let keeper = Keeper::new(&values.ddns, &DataDir::prepare(&values.data)?)?;
    if args.once { print(keeper.look()?) } else { keep(keeper, &values.log) }
}

/// Keeps the name, with a log, until Ctrl-C.
fn keep(keeper: Keeper, log: &Log) -> Result<()> {
    let _log = start_log(log, None)?;
    let (end, ended) = mpsc::channel();
    on_ending(Closing::Goes, move |_| {
        // Once is enough: nobody listens to a second one.
        let _ = end.send(());
    })?;
    let _keeping = keeper.start()?;
    ended.recv().context("nobody watches for Ctrl-C any more")
}

/// Says what came of one look; what needs somebody's hand is an error.
fn print(outcome: Outcome) -> Result<()> {
    match outcome {
        Outcome::Sent { hostname, address, answer: answer @ (Answer::Good(_) | Answer::NoChange(_)) } => {
            match address {
                Some(address) => say!("{hostname} leads to {address}")?,
                None => say!("{hostname} leads to where the provider sees this machine")?,
            }
            Ok(say!("The provider answered {answer}.")?)
        }
        Outcome::Sent { answer: Answer::Refused(refusal), .. } => {
            Err(anyhow!("the provider answered {refusal}")).help(refusal.help())
        }
        Outcome::Sent { answer: Answer::Later(trouble), .. } => {
            let help = "`otary ddns` and `otary serve` try again when the provider's rules allow it";
            Err(advised(anyhow!("{trouble}"), help))
        }
        Outcome::Kept { hostname, known } => {
            let address = known.address.map(|address| address.to_string()).unwrap_or_default();
            Ok(say!("Nothing to send: {hostname} leads to {address} since {}.", minute(known.at))?)
        }
        Outcome::Waiting(until) => Ok(say!("Nothing to send before {}.", minute(until))?),
        Outcome::Stopped { answer, help } => {
            let error = anyhow!("nothing is sent since the provider answered {answer}");
            Err(advised(
                error,
                format!("{help}; when the settings or the password file change, it is tried again"),
            ))
        }
    }
}
