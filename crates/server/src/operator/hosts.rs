//! The hosts that the operator listener answers for.
//!
//! A page elsewhere can have a name of its own lead to this machine and then ask in the name of whoever looks at it (DNS rebinding). Its
//! browser says that name in `Host`, so whatever is asked under a name that is none of the server's is answered by 421 and nothing
//! else, before anybody looks at it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::StatusCode;

use super::auth::LocalOwner;
use super::forgery::host;
use super::problem::Problem;
use crate::Custody;

/// The hosts that are answered for.
#[derive(Clone)]
pub struct Hosts {
    /// In lower case.
    known: Arc<[String]>,
    /// Where the names are that came later.
    custody: Arc<Custody>,
    /// Whether any address is one of them.
    addresses: bool,
}

impl Hosts {
    /// These, those of `custody`, and every address of this machine itself.
    pub fn new(known: impl IntoIterator<Item = String>, custody: Arc<Custody>) -> Self {
        let known = known.into_iter().map(|name| name.to_ascii_lowercase());
        Self { known: known.collect(), custody, addresses: false }
    }

    /// These and every address, for what other machines ask by theirs. No page elsewhere has one for its name.
    pub(super) fn and_addresses(self) -> Self {
        Self { addresses: true, ..self }
    }

    /// A router that answers for these alone.
    pub fn guard(self, router: Router) -> Router {
        router.layer(from_fn_with_state(self, check))
    }

    fn has(&self, host: &str) -> bool {
        let host = bare(host).to_ascii_lowercase();
        let is_loopback = host == "localhost"
            || host.parse().is_ok_and(|address: IpAddr| self.addresses || address.is_loopback());
        let is = |name: &String| matches(name, &host);
        is_loopback
            || self.known.iter().any(is)
            || self
                .custody
                .look(|held| held.names.iter().any(|name| is(&name.to_string().to_ascii_lowercase())))
    }
}

async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let local = parts.extensions.get::<LocalOwner>().is_some();
    let asked = host(&parts);
    if local || asked.as_deref().is_some_and(|host| hosts.has(host)) {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    Err(unknown(asked.as_deref().unwrap_or_default()))
}

/// A host without its port, and an IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    if let Some((address, port)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return if port.is_empty() || port.starts_with(':') { address } else { "" };
    }
    host.rsplit_once(':').map_or(host, |(name, _port)| name).trim_end_matches('.')
}

/// A name in a certificate matches a host as it does there: `*.lan` one label.
fn matches(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest == parent),
        None => name == host,
    }
}

fn unknown(host: &str) -> Problem {
    let host: String = host.chars().filter(|c| !c.is_control()).take(100).collect();
    let detail = format!("this server is not called {host:?}");
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "unknown-host", detail)
        .help("ask under one of its names, or give it this one: `otary serve --name`, or the setting operator.hosts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_compared_without_its_port_and_brackets() {
        for (written, host) in [
            ("pi.lan", "pi.lan"),
            ("pi.lan:3444", "pi.lan"),
            ("pi.lan.:3444", "pi.lan"),
            ("192.168.1.70:3444", "192.168.1.70"),
            ("[fd00::7]:3444", "fd00::7"),
            ("[fd00::7]", "fd00::7"),
            ("[::1].evil.example", ""),
        ] {
            assert_eq!(bare(written), host, "{written}");
        }
        assert!(matches("*.ota.lan", "a.ota.lan") && !matches("*.ota.lan", "a.b.ota.lan"));
        assert!(!matches("pi.lan", "pi.lan.evil.example"));
    }
}
