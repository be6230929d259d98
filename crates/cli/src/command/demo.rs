//! `otary demo`: all of it on one machine.

use std::path::PathBuf;

use crate::demo::{Plan, play};
use crate::global::Global;

/// Try all of it, with three virtual boards
///
/// A server with a new authority, two releases, a name server and three boards, in one process on the loopback
/// address: the boards find the server by name, trust its certificate, learn that their version is old, download,
/// verify, restart into the new firmware, and are told "no update" from then on. One of them has
/// otary's own agent, which installs only what its owner signed; another gets the server's name and its authority wrong at first. Then all of it stays up to look around in.
///
/// With --data, what it makes is kept there; else it goes again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// End when the boards are done; fails unless all three run the new version
    #[arg(long)]
    once: bool,
    /// A real image that the boards run at first, instead of samples
    #[arg(long, value_name = "FILE", requires = "to")]
    from: Option<PathBuf>,
    /// The real image that they get, of the same chip
    #[arg(long, value_name = "FILE", requires = "from")]
    to: Option<PathBuf>,
}

/// Plays the demo.
pub fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    play(&Plan { data: global.data.clone(), images: args.from.zip(args.to), once: args.once })
}
