//! What a server says when it has started: its URLs, whom devices trust, and the next three commands to type.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

use anyhow::Result;
use otary_server::operator::AUTHORITY_BACKED_UP;
use otary_store::Store;

use super::Ready;
use super::names::{Interface, Names, in_url};
use crate::clock;
use crate::data::quoted;
use crate::terminal::in_two_lines;

/// Prints it to standard output.
pub fn print(ready: &Ready) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "otary {} serves {}", env!("CARGO_PKG_VERSION"), ready.data.path().display())?;
    let addresses = ready.addresses();
    writeln!(out, "\nDevices ask at")?;
    for (url, remark) in urls(ready, "https", addresses.https, "/update") {
        writeln!(out, "  {url:52} {remark}")?;
    }
    if let Some(http) = addresses.http {
        writeln!(out, "Without TLS: the CA certificate, and products that allow it, at")?;
        for (url, remark) in urls(ready, "http", http, "/") {
            writeln!(out, "  {url:52} {remark}")?;
        }
    }
    trusted(ready, &mut out)?;
    writeln!(out, "Operators' commands and their page come in at https://{}", addresses.operator)?;
    if let Some(root) = ready.custody().look(|held| held.page.as_ref().map(|page| page.root().fingerprint()))
    {
        let root = root.to_string();
        let [first, second] = in_two_lines(&root);
        writeln!(
            out,
            "whose own authority, which devices have nothing to do with, has this SHA-256\n  {first}\n  {second}"
        )?;
    }
    if let Some(metrics) = ready.metrics {
        writeln!(out, "Prometheus reads at http://{metrics}/metrics")?;
    }
    writeln!(out, "Files and connections that may be open: {}", ready.descriptors)?;
    writeln!(out, "\nNext")?;
    for (command, why) in next_commands(ready) {
        writeln!(out, "  {command}\n      {why}")?;
    }
    writeln!(out)?;
    out.flush()
}

/// Whom devices trust; of a certificate from elsewhere also what they say of it.
fn trusted(ready: &Ready, out: &mut impl Write) -> io::Result<()> {
    let own = || ready.custody().look(|held| held.authority.root().fingerprint());
    let elsewhere = ready.exhibit().look(|supplied| supplied.anchor().fingerprint());
    let whom = if elsewhere.is_some() { "certificate" } else { "authority" };
    let fingerprint = elsewhere.unwrap_or_else(own).to_string();
    let [first, second] = in_two_lines(&fingerprint);
    writeln!(out, "They trust the {whom} with this SHA-256\n  {first}\n  {second}")?;
    let said = ready.exhibit().look(|supplied| {
        writeln!(out, "and are shown {}, of which they say\n", supplied.file().display())?;
        writeln!(out, "{}\n", supplied.verdicts(clock::now()))
    });
    said.unwrap_or(Ok(()))
}

/// The three commands to type next, and what each is for.
fn next_commands(ready: &Ready) -> [(String, &'static str); 3] {
    let data = format!("--data {}", quoted(ready.data.path()));
    [
        (format!("otary trust backup authority.age {data}"), "the keys exist once: keep a copy elsewhere"),
        (
            format!("otary push firmware.bin --product lamp --version 0.1 {data}"),
            "gives devices their next firmware",
        ),
        (format!("otary sketch --product lamp {data}"), "prints the sketch that asks for it"),
    ]
}

/// Warns while the authority has no backup: whoever loses the keys has to flash every device by hand.
pub fn warn_without_backup(store: &dyn Store) -> Result<()> {
    if store.setting(AUTHORITY_BACKED_UP)?.is_none() {
        tracing::warn!(target: "trust", "the authority has no backup; without its keys every device has to be flashed by hand: otary trust backup FILE");
    }
    Ok(())
}

/// The URLs that lead to a listener, the best to give to devices first, each with a remark. IPv6 addresses are left
/// out where there are others: the stock clients take the first `:` in them for the port's.
fn urls(ready: &Ready, scheme: &str, listening: SocketAddr, path: &str) -> Vec<(String, String)> {
    let url = |host: &str| format!("{scheme}://{host}:{}{path}", listening.port());
    let Names { given, host, interfaces } = &ready.names;
    let mut urls: Vec<_> = given.iter().map(|name| (url(&in_url(name)), "as you said".to_owned())).collect();
    if !listening.ip().is_unspecified() {
        urls.push((url(&bracketed(listening.ip())), remark_on(listening.ip(), interfaces)));
        return urls;
    }
    let v4 = interfaces.iter().filter(|found| found.address.is_ipv4()).count();
    let usable = if v4 == 0 { interfaces.len() } else { v4 };
    urls.extend(
        interfaces.iter().take(usable).map(|found| (url(&bracketed(found.address)), found.name.clone())),
    );
    urls.extend(host.iter().map(|name| (url(&in_url(name)), "if your network knows it".to_owned())));
    urls
}

fn remark_on(address: IpAddr, interfaces: &[Interface]) -> String {
    let found = interfaces.iter().find(|interface| interface.address == address);
    match found {
        Some(interface) => interface.name.clone(),
        None if address.is_loopback() => "this machine only".to_owned(),
        None => String::new(),
    }
}

fn bracketed(address: IpAddr) -> String {
    in_url(&address.into())
}
