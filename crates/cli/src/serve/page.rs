//! The page's own authority while a server runs: made where there is none, and looked after.

use std::path::Path;

use anyhow::Result;
use otary_server::Held;
use otary_trust::{Clock, Error, PageAuthority, PageRenewal};

use crate::data::trusted;

/// Makes anew what is due of the page's certificates, which are in the folder `trust`. With a clock that cannot be right nothing is
/// made: operators are shown the devices' authority until it is.
pub fn refresh(held: &mut Held, trust: &Path, clock: &Clock) -> Result<()> {
    if held.page.is_none() {
        match PageAuthority::open_or_create(trust, &held.names, clock) {
            Ok(page) => held.page = Some(page),
            Err(Error::Clock(_)) => return Ok(()),
            Err(error) => return trusted(Err(error)),
        }
    }
    let Held { page: Some(page), names, .. } = held else { return Ok(()) };
    match trusted(page.refresh(names, clock))? {
        PageRenewal::NotDue => {}
        PageRenewal::Leaf => tracing::info!(target: "trust", "a new certificate of the operator's page"),
        PageRenewal::Authority => {
            let root = page.root().fingerprint();
            tracing::warn!(target: "trust", "the operator's page has a new authority, for its new names: browsers and `otary login` need it anew; SHA-256 {root}");
        }
        PageRenewal::Postponed(fault) => {
            tracing::warn!(target: "trust", "no certificate of the operator's page is made: {fault}; {}", fault.help());
        }
    }
    Ok(())
}

/// What whoever comes to the operator listener is to trust, as PEM.
pub fn anchors(held: &Held) -> String {
    let page = held.page.as_ref().map(|page| page.root().pem().to_owned());
    page.unwrap_or_else(|| held.authority.anchors_pem())
}
