//! What a board needs that is to be updated from here: where it asks, and whom it trusts. Nothing in it is a secret.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::site::{Operator, carry_out};
use crate::custody::Held;
use crate::sketch::Host;

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
pub(super) fn anchors(held: &Held) -> String {
    let elsewhere = held.elsewhere.as_ref().map(|shown| shown.anchors_pem.clone()).unwrap_or_default();
    elsewhere + &held.authority.anchors_pem()
}

/// The names of this server that a board can use, the best first.
pub(super) fn hosts(held: &Held) -> Vec<Host> {
    let names = held.elsewhere.as_ref().map_or(&held.names, |shown| &shown.names);
    let hosts = names.iter().cloned().filter_map(|name| Host::new(name).ok());
    let mut hosts: Vec<Host> = hosts.filter(|host| !host.is_loopback()).collect();
    hosts.sort_by_key(Host::is_address);
    hosts
}

fn origins(held: &Held, port: u16) -> Vec<String> {
    hosts(held).into_iter().map(|host| format!("https://{host}:{port}")).collect()
}
