//! The authority at a server's start: opened, put under its passphrase, made, or waited for.

use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use otary_store::Store;
use otary_trust::{Authority, Passphrase};

use super::Names;
use crate::advice::advised;
use crate::backup::WITHOUT_KEYS;
use crate::config::Trust;
use crate::data::{DataDir, quoted, trusted};
use crate::{clock, passphrase};

/// How long the clock is given before it is looked at again.
const CLOCK_PATIENCE: Duration = Duration::from_secs(2);

/// The authority in the data directory, made if there is none; its keys are under the passphrase that the settings
/// name, if they do, and one that they are under already is asked for. Where nothing can be made because the clock is
/// wrong, waits until the clock is right: a Raspberry Pi has none before the network has set it.
pub fn open(data: &DataDir, names: &Names, store: &dyn Store, settings: &Trust) -> Result<Authority> {
    refuse_without_keys(data)?;
    let mut passphrase = passphrase::of_keys(settings)?;
    let mut told = None;
    loop {
        let facts = clock::facts(store)?;
        match start(data, names, &facts, passphrase.clone()) {
            Err(otary_trust::Error::Locked { path }) if passphrase.is_none() => {
                passphrase = Some(passphrase::ask_for_keys(&path)?);
            }
            Err(otary_trust::Error::Clock(fault)) => {
                if told.replace(std::mem::discriminant(&fault)) != Some(std::mem::discriminant(&fault)) {
                    tracing::warn!(target: "clock", "waiting to make a key and a certificate: {fault}; {}", fault.help());
                }
                thread::sleep(CLOCK_PATIENCE);
            }
            opened => {
                let authority = trusted(opened)?;
                if let Err(fault) = authority.check_clock(&facts) {
                    tracing::warn!(target: "clock", "no key or certificate is made, those there are serve on: {fault}; {}", fault.help());
                }
                warn_of_missing_key(&authority);
                warn_of_order_key(&authority);
                return Ok(authority);
            }
        }
    }
}

/// Refuses a data directory that was restored without its keys: its devices would not believe a new authority.
fn refuse_without_keys(data: &DataDir) -> Result<()> {
    if !data.path().join(WITHOUT_KEYS).exists() {
        return Ok(());
    }
    let error = anyhow!("{} was restored without its authority's keys", data.path().display());
    Err(advised(error, format!("otary trust restore FILE --data {}", quoted(data.path()))))
}

/// Warns of a key without which the server serves on, until its certificates end.
fn warn_of_missing_key(authority: &Authority) {
    if let Some(path) = authority.missing_root_key() {
        let missing = otary_trust::Error::Missing { path };
        tracing::warn!(target: "trust", "{missing}, and without it nothing is renewed: {}", missing.help().unwrap_or_default());
    }
}

/// Warns of an order key that devices do not take: their agents refuse every answer of this server.
fn warn_of_order_key(authority: &Authority) {
    if let Some(fault) = authority.holding().order_fault() {
        tracing::warn!(target: "trust", "{fault}; {}", fault.help());
    }
}

fn start(
    data: &DataDir,
    names: &Names,
    facts: &otary_trust::Clock,
    passphrase: Option<Passphrase>,
) -> Result<Authority, otary_trust::Error> {
    let (dir, names) = (data.trust(), names.all());
    match passphrase {
        Some(passphrase) => Authority::unlock_or_create(&dir, passphrase, &names, facts),
        None => Authority::open_or_create(&dir, &names, facts),
    }
}
