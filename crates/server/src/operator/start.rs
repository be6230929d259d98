//! What a board needs that is to be updated from here: where it asks, and whom it trusts. Nothing in it is a secret.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use otary_trust::Name;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::site::{Operator, carry_out};
use crate::custody::Held;

/// What a board needs that is to be updated from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StartView {
    /// Scheme, host and port of this server by each of its names that a board can use, the best first: a host name, else an
    /// address. Empty where no server runs.
    pub origins: Vec<String>,
    /// What boards trust, as PEM: today's root and the next.
    pub anchors: String,
    /// SHA-256 of the authority's certificate, as people compare it.
    pub fingerprint: String,
}

pub(super) async fn show(State(operator): State<Arc<Operator>>) -> Result<Json<StartView>, Problem> {
    carry_out(operator, Operator::start_view).await.map(Json)
}

impl Operator {
    fn start_view(&self) -> Result<StartView, Problem> {
        let port = self.devices_at.get().copied();
        Ok(self.custody()?.look(|held| StartView {
            origins: port.map(|port| origins(held, port)).unwrap_or_default(),
            anchors: anchors(held),
            fingerprint: held.authority.root().fingerprint().to_string(),
        }))
    }

    /// Notes the port at which devices speak HTTPS to the server; the first one counts.
    pub fn note_port(&self, https: u16) {
        let _ = self.devices_at.set(https);
    }
}

/// A certificate from elsewhere is what devices see; the authority's roots are given in any case, so that they can be moved.
fn anchors(held: &Held) -> String {
    let elsewhere = held.elsewhere.as_ref().map(|shown| shown.anchors_pem.clone()).unwrap_or_default();
    elsewhere + &held.authority.anchors_pem()
}

fn origins(held: &Held, port: u16) -> Vec<String> {
    let names = held.elsewhere.as_ref().map_or(&held.names, |shown| &shown.names);
    let mut names: Vec<&Name> = names.iter().filter(|name| is_for_boards(name)).collect();
    names.sort_by_key(|name| matches!(name, Name::Address(_)));
    names.into_iter().map(|name| format!("https://{name}:{port}")).collect()
}

/// Whether a board can ask for it: `HTTPUpdate` ends the host at its first colon, so it has no IPv6 addresses.
fn is_for_boards(name: &Name) -> bool {
    match name {
        Name::Address(IpAddr::V4(address)) => !address.is_loopback(),
        Name::Address(IpAddr::V6(_)) => false,
        Name::Host(host) => !host.as_str().starts_with('*') && host.as_str() != "localhost",
    }
}
