//! `otary sketch`: an Arduino sketch that updates itself from this server.

use std::net::IpAddr;

use anyhow::anyhow;
use otary_trust::{Authority, Name};

use crate::advice::{Advise, advised};
use crate::config::Listen;
use crate::data::{DataDir, quoted};
use crate::global::Global;
use crate::say;

const TEMPLATE: &str = include_str!("../sketch/esp32.ino");

/// Get an Arduino sketch that updates itself from this server
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The product whose releases it asks for [default: what the server knows of the device]
    #[arg(long, value_name = "PRODUCT")]
    product: Option<String>,
    /// The server's name or address in its URL [default: the first in its certificate]
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The port of its URL [default: that of `listen.https`]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// The version that the sketch has
    #[arg(long, value_name = "VERSION", default_value = "0.1")]
    version: String,
}

/// Prints the sketch.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<()> {
    let values = global.settings(Vec::new())?.values;
    let authority = DataDir::existing(&values.data)?.open_authority().help(format!(
        "`otary serve --data {}` makes the authority at its first start",
        quoted(&values.data)
    ))?;
    let host = choose_host(&authority, args.host.as_deref())?;
    let port = args.port.or(port(values.listen.https)).ok_or_else(|| {
        advised(
            anyhow!("listen.https is off: no device can reach the server"),
            "give it an address, or say --port",
        )
    })?;
    let path =
        args.product.as_ref().map_or_else(|| "/update".to_owned(), |product| format!("/update/{product}"));
    let sketch = TEMPLATE
        .replace("@VERSION@", &args.version)
        .replace("@URL@", &format!("https://{host}:{port}{path}"))
        .replace("@ROOTS@", authority.anchors_pem().trim_end());
    Ok(say!("{}", sketch.trim_end())?)
}

/// The name to write into the URL: `asked`, or the first that the server's certificate has.
fn choose_host(authority: &Authority, asked: Option<&str>) -> anyhow::Result<Name> {
    let names = authority.leaf().map_or(&[][..], |leaf| leaf.certificate().names());
    let usable =
        |name: &&Name| !matches!(name, Name::Address(IpAddr::V6(_))) && !name.to_string().starts_with('*');
    let found = match asked {
        Some(text) => {
            let asked: Name = text.parse()?;
            names.iter().find(|name| **name == asked)
        }
        None => names.iter().find(usable),
    };
    found.cloned().ok_or_else(|| {
        let listed: Vec<String> = names.iter().filter(usable).map(ToString::to_string).collect();
        advised(
            anyhow!("the server's certificate has no such name"),
            format!("it has {}; `otary serve --name NAME` adds one", listed.join(", ")),
        )
    })
}

fn port(listen: Listen) -> Option<u16> {
    match listen {
        Listen::Off => None,
        Listen::Everywhere(port) => Some(port),
        Listen::At(address) => Some(address.port()),
    }
}
