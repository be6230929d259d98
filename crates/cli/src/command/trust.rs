//! `otary trust`: the authority that devices trust, its backup and its return, and the change from one root to the next.

mod adopt;
pub mod backup;
mod export;
mod ledger;
mod lock;
mod next_key;
mod rollover;
mod show;
mod simulate;

use std::path::PathBuf;

use anyhow::Result;
use otary_server::operator::TrustView;

use crate::client::{Client, path};
use crate::data::DataDir;
use crate::global::Global;
use crate::passphrase::PassphraseArgs;
use crate::say;
use crate::table::date;

/// The authority that devices trust: see it, back it up, renew it, replace it
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// See the authority: names, dates, fingerprints, and what is to be done by when
    Show {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the certificates that devices are to trust: this root and the next
    Export(export::Args),
    /// See which anchors the devices hold, and how that is known
    Ledger(ledger::Args),
    /// Make new server certificates now
    Renew,
    /// Go from one root to the next without losing a device
    #[command(subcommand)]
    Rollover(rollover::Action),
    /// Take over a certificate that devices pin, as the tutorials make one; they move to the authority by an update
    Adopt(adopt::Args),
    /// Write the next root's key to a file, and remove it here: who takes over this machine must not get both roots
    ExportNextKey {
        /// The file to write; it must not be there
        file: PathBuf,
    },
    /// Write keys, certificates and settings to a file that a passphrase protects
    ///
    /// Without these keys no server certificate can be made that the devices would believe: every one of them would
    /// have to be flashed by cable. Keep the file on another machine. `age` opens it as well.
    Backup {
        /// The file to write; it must not be there
        file: PathBuf,
        #[command(flatten)]
        passphrase: PassphraseArgs,
    },
    /// Bring an authority back from a backup, into a data directory that has none
    Restore {
        /// The backup
        file: PathBuf,
        #[command(flatten)]
        passphrase: PassphraseArgs,
    },
    /// Put the keys under a passphrase, while no server runs
    ///
    /// From then on `otary serve` asks for it, and so does what signs while no server runs. Where nobody sits at a
    /// terminal, name a file with it by the setting `trust.passphrase_file`. Keys that are under one already go under
    /// this one.
    Lock {
        #[command(flatten)]
        passphrase: PassphraseArgs,
    },
    /// Take the keys out from under their passphrase, while no server runs
    Unlock,
    Simulate(simulate::Args),
}

/// The largest file with a certificate or a key that is read, in bytes.
const MAX_KEY: u64 = 64 * 1024;

/// Does what was asked for.
pub fn run(args: Args, global: &Global) -> Result<()> {
    let values = global.settings(Vec::new())?.values;
    let data = || DataDir::existing(&values.data);
    match args.action {
        Action::Simulate(args) => simulate::run(&args),
        Action::Show { json } => show::run(&data()?, json, global),
        Action::Export(args) => export::run(&args, &data()?),
        Action::Ledger(args) => ledger::run(&args, global),
        Action::Renew => renew(global),
        Action::Rollover(action) => rollover::run(action, global),
        Action::Adopt(args) => adopt::run(&args, global),
        Action::ExportNextKey { file } => next_key::run(&file, global),
        Action::Backup { file, passphrase } => backup::back_up(&file, &passphrase, &data()?, global),
        Action::Restore { file, passphrase } => backup::bring_back(&file, &passphrase, &values),
        Action::Lock { passphrase } => lock::lock(&passphrase, &data()?, &values),
        Action::Unlock => lock::unlock(&data()?, &values),
    }
}

fn renew(global: &Global) -> Result<()> {
    let renewed: TrustView = Client::at_home_with_keys(global)?.act(&path(["trust", "renew"]))?;
    for leaf in &renewed.leaves {
        let (generation, key, end) = (leaf.generation, &leaf.key, date(leaf.not_after));
        say!("Generation {generation} has a new {key} certificate, until {end}.")?;
    }
    Ok(())
}
