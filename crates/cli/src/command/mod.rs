//! The commands: one file each, with the options (whose comments are the help texts) and `run`, which carries it out.

pub mod config;
pub mod inspect;
pub mod serve;
pub mod sim;
pub mod sketch;

use crate::global::Global;

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Serve(serve::Args),
    Sim(sim::Args),
    Config(config::Args),
    Inspect(inspect::Args),
    Sketch(sketch::Args),
}

impl Command {
    /// Carries it out.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self {
            Self::Serve(args) => serve::run(args, global),
            Self::Sim(args) => sim::run(args, global),
            Self::Config(args) => config::run(args, global),
            Self::Inspect(args) => inspect::run(&args),
            Self::Sketch(args) => sketch::run(&args, global),
        }
    }
}
