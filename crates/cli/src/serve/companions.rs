//! What runs beside a server: answers to mDNS, a dynamic-DNS name, the time. None of them stops the server when it fails
//! while that runs; a setting that cannot work is refused before.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use otary_store::Disk;

use super::{Names, everywhere};
use crate::advice::Advise;
use crate::clock;
use crate::config::Values;
use crate::data::DataDir;
use crate::ddns::{Keeper, Keeping};
use crate::mdns::{Plan, Responder};
use crate::sntp;

/// Those of one server, ready to begin.
pub struct Companions {
    mdns: Option<Plan>,
    ddns: Option<Keeper>,
    sntp: Option<sntp::Server>,
}

/// Those at work, until dropped.
pub struct Company {
    _mdns: Option<Responder>,
    _ddns: Option<Keeping>,
    _sntp: Option<sntp::Telling>,
}

impl Companions {
    /// Those that the settings ask for, beside a server that is `listening` there for devices.
    pub fn prepare(
        values: &Values,
        names: &Names,
        listening: SocketAddr,
        data: &DataDir,
        store: &Arc<Disk>,
    ) -> Result<Self> {
        let mdns = values.mdns.enabled.then(|| Plan::new(&names.all(), listening)).flatten();
        let ddns = values.ddns.server.as_ref().map(|_| Keeper::new(&values.ddns, data)).transpose()?;
        Ok(Self { mdns, ddns, sntp: time_server(values, store)? })
    }

    /// Begins.
    pub fn start(self) -> Result<Company> {
        let mdns = self.mdns.as_ref().and_then(answer_for_names);
        let ddns = self.ddns.map(Keeper::start).transpose()?;
        let sntp = self.sntp.map(sntp::Server::start).transpose()?;
        Ok(Company { _mdns: mdns, _ddns: ddns, _sntp: sntp })
    }
}

fn answer_for_names(plan: &Plan) -> Option<Responder> {
    let started = Responder::start(plan);
    if let Err(error) = &started {
        tracing::warn!(target: "mdns", "no answers to mDNS: {error:#}");
    }
    started.ok()
}

fn time_server(values: &Values, store: &Arc<Disk>) -> Result<Option<sntp::Server>> {
    let Some(address) = values.sntp.listen.address(everywhere()) else { return Ok(None) };
    let store = Arc::clone(store);
    // A store that cannot be read knows of no time that would vouch for the clock.
    let source = Box::new(move || clock::facts(&*store).ok());
    let server = sntp::Server::bind(address, values.sntp.trust_local_clock, source);
    let server = server.with_context(|| format!("telling the time at {address} (sntp.listen)"));
    let server = server.help(
        "another time server may run here, and ports below 1024 take a privilege; `sntp.listen = \"off\"` does without",
    )?;
    tracing::info!(target: "sntp", "the time is told at {}", server.address()?);
    Ok(Some(server))
}
