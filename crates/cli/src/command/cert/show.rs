//! `otary cert show`: what is in a certificate, from a file or from a server, and what devices say of it.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use otary_trust::Certificate;
use serde::Serialize;

use super::presented::{Target, fetch};
use super::read_chain;
use super::view::CertificateView;
use crate::advice::advised;
use crate::clock;
use crate::say;
use crate::terminal::print_json;
use crate::verdicts::{VerdictView, Verdicts};

/// See what is in a certificate, and what devices say of it
///
/// A server is connected to and shows its certificates, whether or not anybody would trust them. Devices are taken to
/// trust what --ca names; without it, the last certificate of the chain if that names itself as its issuer.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file with a certificate or a chain, PEM or DER; or a server
    #[arg(value_name = "FILE|HOST:PORT")]
    what: String,
    /// What devices trust, PEM or DER
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// All of it, for programs.
#[derive(Serialize)]
struct View<'a> {
    /// The file or server.
    of: &'a str,
    /// The server's own certificate first.
    certificates: &'a [CertificateView],
    /// None if nothing says what devices trust.
    verdicts: Option<Vec<VerdictView>>,
}

/// Prints it.
pub fn run(args: &Args) -> Result<()> {
    let chain = find(&args.what)?;
    let views: Vec<CertificateView> = chain.iter().map(CertificateView::of).collect::<Result<_>>()?;
    let anchors = match &args.ca {
        Some(file) => read_chain(file)?,
        None => chain.last().filter(|last| last.is_self_issued()).cloned().into_iter().collect(),
    };
    let verdicts = (!anchors.is_empty()).then(|| {
        let [chain, anchors] = [&chain, &anchors].map(|list| list.iter().collect::<Vec<_>>());
        Verdicts::of(&chain, &anchors, clock::now())
    });
    if args.json {
        let verdicts = verdicts.as_ref().map(Verdicts::views);
        return print_json(&View { of: &args.what, certificates: &views, verdicts });
    }
    views
        .iter()
        .enumerate()
        .try_for_each(|(index, view)| say!("{}\n", view.page(&title(&args.what, index))))?;
    let trusted =
        args.ca.as_ref().map_or("the last one of these".to_owned(), |file| file.display().to_string());
    let trusted = if args.ca.is_none() && chain.len() == 1 { "it".to_owned() } else { trusted };
    match verdicts {
        Some(verdicts) => say!("What devices say that trust {trusted}:\n\n{verdicts}")?,
        None => say!("Nothing here says what devices trust: name it with --ca, and see what they say.")?,
    }
    Ok(())
}

fn title(what: &str, index: usize) -> String {
    if index == 0 { what.to_owned() } else { format!("{what}, certificate {} of the chain", index + 1) }
}

/// A file if there is one of that name, else a server.
fn find(what: &str) -> Result<Vec<Certificate>> {
    let file = Path::new(what);
    if what == "-" || file.exists() {
        return read_chain(file);
    }
    match Target::parse(what) {
        Some(target) => fetch(&target),
        None if what.ends_with(":0") => {
            Err(advised(anyhow!("{what}: a server has no port 0"), "a port is a number from 1 to 65535"))
        }
        None => Err(advised(
            anyhow!("there is no file {what}"),
            "a server is written as HOST:PORT, as in serverota.local:3443",
        )),
    }
}
