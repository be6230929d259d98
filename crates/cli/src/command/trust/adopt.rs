//! `otary trust adopt`: a certificate that devices pin becomes generation 0.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use otary_server::operator::{Adoption, TrustView};
use otary_trust::Certificate;
use zeroize::Zeroizing;

use super::MAX_KEY;
use super::rollover::{StepArgs, given_up, print_due};
use crate::advice::Advise;
use crate::client::{Client, path};
use crate::clock;
use crate::file::read_text;
use crate::global::Global;
use crate::say;
use crate::table::{date, plain};
use crate::verdicts::Verdicts;

/// The certificate and its key.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The certificate that devices pin, as PEM
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// Its private key, as PEM
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    given_up: StepArgs,
}

/// Carries it out.
pub fn run(args: &Args, global: &Global) -> Result<()> {
    let read = |file| read_text(file, MAX_KEY).help("it is PEM text, which begins with -----BEGIN");
    let certificate = read(&args.cert)?.to_string();
    let verdicts = verdicts(&certificate, &args.cert)?;
    let key = Zeroizing::new(read(&args.key)?.to_string());
    let adoption = Adoption { certificate, key, give_up: given_up(&args.given_up.give_up)? };
    let adopted: TrustView = Client::at_home_with_keys(global)?.post(&path(["trust", "adopt"]), &adoption)?;
    print_adopted(&adopted, &args.cert, &verdicts)
}

/// What devices say of the certificate that trust the last one of its chain.
fn verdicts(certificate: &str, file: &Path) -> Result<Verdicts> {
    let chain = Certificate::chain_from_pem(certificate.as_bytes())
        .with_context(|| file.display().to_string())
        .help("it is PEM text, which begins with -----BEGIN")?;
    let chain: Vec<&Certificate> = chain.iter().collect();
    let anchor = chain.last().copied();
    Ok(Verdicts::of(&chain, anchor.as_slice(), clock::now()))
}

fn print_adopted(view: &TrustView, file: &Path, verdicts: &Verdicts) -> Result<()> {
    let generations = &view.generations;
    let names = |id| -> Vec<&str> {
        generations.get(id).into_iter().flat_map(|shown| &shown.hosts).map(String::as_str).collect()
    };
    if let (Some(rollover), Some(old)) = (generations.rollover, generations.get(generations.current)) {
        let anchor = &old.anchor;
        say!(
            "{} is generation {} now: {}, until {}.",
            file.display(),
            old.id,
            plain(&anchor.name),
            date(anchor.not_after)
        )?;
        say!(
            "Who asks for {} is shown it as before,\nand so is who comes by an address.",
            listed(&names(rollover.from))
        )?;
        say!("Generation {} is shown under {}.", rollover.to, listed(&names(rollover.to)))?;
    }
    say!("\nWhat devices say that trust it:\n\n{verdicts}")?;
    say!("\nNext")?;
    say!("  otary sketch                   has the new name and the roots: build, and push it")?;
    say!("  otary trust rollover status    shows who has not moved yet")?;
    print_due(&view.due)
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "no host name".to_owned() } else { names.join(", ") }
}
