//! The commands: one file each, with the options (whose comments are the help texts) and `run`, which carries it out.

use crate::global::Global;

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {}

impl Command {
    /// Carries it out.
    pub fn run(self, _global: &Global) -> anyhow::Result<()> {
        match self {}
    }
}
