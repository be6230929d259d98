//! The hosts that the operator listener answers for: the names of the server, where it listens, and what the settings say.

use std::net::IpAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use otary_server::Custody;
use otary_server::operator::Hosts;

use super::Names;
use crate::config::{Listen, Values};

/// What they are.
pub fn known(values: &Values, names: &Names, custody: &Arc<Custody>) -> Result<Hosts> {
    let mut known: Vec<String> = names.all().iter().map(ToString::to_string).collect();
    if let Listen::At(address) = values.listen.operator
        && !address.ip().is_unspecified()
    {
        known.push(address.ip().to_string());
    }
    for host in &values.operator.hosts {
        let plain = host.parse::<IpAddr>().is_ok() || host.parse::<otary_trust::HostName>().is_ok();
        plain
            .then_some(())
            .with_context(|| format!("{host:?} in operator.hosts is no host name and no address"))?;
        known.push(host.clone());
    }
    Ok(Hosts::new(known, Arc::clone(custody)))
}
