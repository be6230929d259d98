//! `otary setup-code`: the way into the operator's page.

use otary_server::operator::CreatedCode;

use crate::client::{Client, path};
use crate::clock;
use crate::global::Global;
use crate::say;
use crate::table::until;

/// Print a code that makes you the owner on the operator's page
///
/// Type it into the form there, within a quarter of an hour, with the name and the password of your account. It is good once. It also
/// replaces a password that was lost.
///
/// Whoever can run this can read the data directory: it works on this machine only.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Carries it out.
pub fn run(_args: &Args, global: &Global) -> anyhow::Result<()> {
    let mut client = Client::at_home(global)?;
    let made: CreatedCode = client.act(&path(["setup", "code"]))?;
    // The code alone on standard output: `otary setup-code | wl-copy`.
    eprintln!(
        "Type this on the operator's page. It is good once, and ends {}.",
        until(made.ends, clock::now())
    );
    Ok(say!("{}", made.code.expose().as_str())?)
}
