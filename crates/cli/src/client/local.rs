//! The data directory of this machine: opened, or found open in the hands of a server.

use std::io;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use axum::Router;
use otary_server::operator::{Announcement, Operator, Site, router};
use otary_server::{Clock, Custody, Held};
use otary_store::{Disk, DiskOptions};
use otary_trust::{Authority, PageAuthority};
use tokio::runtime::Runtime;

use super::remote::Remote;
use crate::advice::advised;
use crate::clock;
use crate::config::Values;
use crate::data::{DataDir, Turn};
use crate::global::Global;
use crate::serve::{Names, Supplied, retention, with_fetcher, with_mailer};

/// Where the data directory is worked on.
pub(super) enum Place {
    /// In this process.
    Here(Router),
    /// In a server's, which answers.
    Served(Box<Remote>),
}

/// What a command takes of the authority when no server runs that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// Certificates alone: nobody is asked for a passphrase.
    Closed,
    /// The keys as well.
    Open,
}

/// Opens the data directory, or finds the server that has; waits while another command works on it.
pub(super) fn open(global: &Global, runtime: &Runtime, keys: Keys) -> anyhow::Result<Place> {
    let values = global.settings(Vec::new())?.values;
    let data = DataDir::existing(&values.data)?;
    if !data.database().exists() {
        let error = anyhow!("{} is no data directory of otary's", data.path().display());
        return Err(advised(error, "name it with --data; `otary serve` makes one at its first start"));
    }
    let max_strangers = usize::try_from(values.limits.unknown_devices).unwrap_or(usize::MAX);
    let options = DiskOptions { max_strangers, ..DiskOptions::default() };
    let mut turn = Turn::new(&data);
    loop {
        if let Some(store) = data.try_open_store(options)? {
            return Ok(Place::Here(router(operator(store, &data, &values, keys)?)));
        }
        if let Some((remote, _)) = reach(&data, runtime)? {
            return Ok(Place::Served(Box::new(remote)));
        }
        turn.wait()?;
    }
}

/// The server that says that it works on the data directory, if it answers. One that was killed, or that is ending,
/// does not.
pub(super) fn reach(data: &DataDir, runtime: &Runtime) -> anyhow::Result<Option<(Remote, Announcement)>> {
    let announced = Announcement::read(data.path()).context("reading what the server tells of itself")?;
    let Some(mut announced) = announced else { return Ok(None) };
    if let Ok(Some(page)) = PageAuthority::open(&data.trust()) {
        // It may have another one since it began, for another name.
        page.root().pem().clone_into(&mut announced.ca);
    }
    let mut remote = Remote::announced(&announced)?;
    match runtime.block_on(remote.reach()) {
        Ok(()) => Ok(Some((remote, announced))),
        Err(error) if is_refused(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_refused(error: &anyhow::Error) -> bool {
    let refused = |cause: &io::Error| cause.kind() == io::ErrorKind::ConnectionRefused;
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(refused)
}

fn operator(store: Disk, data: &DataDir, values: &Values, keys: Keys) -> anyhow::Result<Operator> {
    let authority = match keys {
        Keys::Open if data.trust().exists() => Some(data.unlock_authority(&values.trust)?),
        _ => authority(data)?,
    };
    let site = Site {
        data: data.path().to_owned(),
        fingerprint: authority.as_ref().map(|authority| authority.root().fingerprint().to_string()),
        retention: retention(values),
        horizon: values.trust.horizon.0,
        max_strangers: values.limits.unknown_devices,
        open_files: None,
    };
    let operator = with_fetcher(Operator::new(Arc::new(store), Clock::system(), site, None));
    let operator = with_mailer(operator, &values.mail)?;
    let Some(authority) = authority else { return Ok(operator) };
    let elsewhere = Supplied::read(&values.tls)?.as_ref().map(Supplied::elsewhere);
    let held = Held {
        authority,
        names: Names::find(&values.names)?.all(),
        elsewhere,
        page: PageAuthority::open(&data.trust())?,
    };
    let custody = Custody::new(held, clock::built());
    Ok(operator.with_custody(Arc::new(custody)))
}

/// The certificate of the page's authority in a data directory, as PEM, if there is one.
pub(super) fn page_anchor(data: &DataDir) -> anyhow::Result<Option<String>> {
    Ok(PageAuthority::open(&data.trust())?.map(|page| page.root().pem().to_owned()))
}

/// The authority in a data directory, if there is one; its certificates alone.
pub(super) fn authority(data: &DataDir) -> anyhow::Result<Option<Authority>> {
    data.trust().exists().then(|| data.open_authority()).transpose()
}
