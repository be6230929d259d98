//! `otary key`: the keys that sign releases, made and used on this machine, and what devices are told of them.

mod change;
mod cosign;
mod difference;
mod hold;
mod known;
mod made;
mod new;
mod public_half;
mod show;
mod sign;
mod submit;
mod told;

use anyhow::Result;

use crate::client::Connection;
use crate::global::Global;

/// The keys that sign releases: devices that run otary's agent install nothing else
///
/// Root keys say which release keys count, release keys sign releases, and the server has
/// neither: whoever takes it over cannot make devices install anything. Make the keys on your
/// own machine, once:
///
///   otary key new --out keys
///   otary push lamp.bin --product lamp --version 0.1 --sign keys/release-1.key
///
/// docs/SIGNING.md says what to do on the first day, and when a key is lost or stolen.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    New(new::Args),
    Show(show::Args),
    Sign(sign::Args),
    Rotate(change::RotateArgs),
    Revoke(change::RevokeArgs),
    Cosign(cosign::Args),
    Submit(submit::Args),
    Hold(hold::Args),
}

/// Carries it out.
pub fn run(args: Args, global: &Global) -> Result<()> {
    let connection = &args.connection;
    match args.action {
        Action::New(args) => new::run(&args, global, connection),
        Action::Show(args) => show::run(&args, global, connection),
        Action::Sign(args) => sign::run(&args),
        Action::Rotate(args) => change::rotate(&args, global, connection),
        Action::Revoke(args) => change::revoke(&args, global, connection),
        Action::Cosign(args) => cosign::run(&args),
        Action::Submit(args) => submit::run(&args, global, connection),
        Action::Hold(args) => hold::run(&args, global),
    }
}
