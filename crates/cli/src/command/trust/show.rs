//! `otary trust show`: names, dates and fingerprints.

use anyhow::Result;
use otary_fleet::Time;
use otary_server::operator::Status;
use otary_trust::{Authority, Certificate};
use serde::Serialize;

use crate::client::{Client, path};
use crate::clock::local;
use crate::data::{DataDir, quoted};
use crate::global::Global;
use crate::say;
use crate::table::date;
use crate::terminal::{in_two_lines, print_json};

/// The authority as `--json` shows it.
#[derive(Serialize)]
struct View {
    root: CertificateView,
    next_root: CertificateView,
    /// The server's certificate.
    server: Option<CertificateView>,
    /// When the server's certificate is made anew.
    renewal: Option<Time>,
    /// When the authority was last backed up.
    backed_up: Option<Time>,
}

#[derive(Serialize)]
struct CertificateView {
    name: String,
    sha256: String,
    not_before: Time,
    not_after: Time,
    /// The names and addresses that it is for; an authority's has none.
    names: Vec<String>,
}

impl CertificateView {
    fn of(certificate: &Certificate) -> Self {
        Self {
            name: certificate.common_name().to_owned(),
            sha256: certificate.fingerprint().to_string(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            names: certificate.names().iter().map(ToString::to_string).collect(),
        }
    }
}

impl View {
    fn of(authority: &Authority, backed_up: Option<Time>) -> Self {
        Self {
            root: CertificateView::of(authority.root()),
            next_root: CertificateView::of(authority.next_root()),
            server: authority.leaf().map(|leaf| CertificateView::of(leaf.certificate())),
            renewal: authority.renewal_time(),
            backed_up,
        }
    }
}

/// Prints it.
pub fn run(data: &DataDir, json: bool, global: &Global) -> Result<()> {
    let authority = data.open_authority()?;
    let status: Status = Client::at_home(global)?.get(&path(["status"]))?;
    let view = View::of(&authority, status.backed_up);
    if json {
        return print_json(&view);
    }
    show_certificate("Root, which devices trust", &view.root)?;
    show_certificate("Next root, which they trust in advance", &view.next_root)?;
    match &view.server {
        Some(server) => show_certificate("Server certificate", server)?,
        None => say!("Server certificate\n  none; the next `otary serve` makes one\n")?,
    }
    if let Some(renewal) = view.renewal {
        say!("The server certificate is made anew after {}.", date(renewal))?;
    }
    match view.backed_up {
        Some(time) => say!("The authority was backed up on {}.", local(time))?,
        None => say!("The authority has no backup: otary trust backup FILE --data {}", quoted(data.path()))?,
    }
    Ok(())
}

fn show_certificate(what: &str, certificate: &CertificateView) -> Result<()> {
    say!("{what}")?;
    say!("  name    {}", certificate.name)?;
    say!("  valid   {} to {}", date(certificate.not_before), date(certificate.not_after))?;
    let [first, second] = in_two_lines(&certificate.sha256);
    say!("  SHA-256 {first}\n          {second}")?;
    for (index, name) in certificate.names.iter().enumerate() {
        say!("  {:7} {name}", if index == 0 { "for" } else { "" })?;
    }
    Ok(say!("")?)
}
