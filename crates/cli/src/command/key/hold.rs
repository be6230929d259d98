//! `otary key hold`: a release key for the server to keep. The weaker way, for who would not sign otherwise.

use std::path::PathBuf;

use anyhow::{Context, Result};
use otary_server::operator::{HeldKey, SigningView};

use crate::client::{Client, path};
use crate::global::Global;
use crate::key_file::OpeningArgs;
use crate::say;

/// Have the server keep a release key, and sign with it: weaker, for whoever takes over the server signs too
///
/// `otary push --sign-on-server` signs with it from then on, also for build machines with a token. Devices still refuse
/// what comes from elsewhere, but no longer what comes from a server that was broken into. Run this on the server's
/// machine; root keys are refused.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The release key
    #[arg(required_unless_present = "remove", value_name = "KEYFILE")]
    key: Option<PathBuf>,

    #[command(flatten)]
    opening: OpeningArgs,

    /// Keep none any more
    #[arg(long, conflicts_with = "key")]
    remove: bool,
}

/// Hands it over, or has it removed.
pub fn run(args: &Args, global: &Global) -> Result<()> {
    if args.remove {
        Client::at_home_with_keys(global)?.delete(&path(["signing", "release-key"]))?;
        return Ok(say!(
            "The server keeps no release key any more. A disk or a card may still hold a trace of it."
        )?);
    }
    let file = args.key.as_deref().context("no key was named")?;
    let key = args.opening.read_key(file)?;
    let id = key.public().id();
    let held = HeldKey { key: key.pem(None)? };
    let _: SigningView = Client::at_home_with_keys(global)?.post(&path(["signing", "release-key"]), &held)?;
    say!("The server keeps the release key {id}, and signs with it: otary push --sign-on-server")?;
    say!("This is weaker than signing on a machine of yours: whoever takes over the server can sign, too.")?;
    Ok(say!("otary key hold --remove ends it.")?)
}
