//! `cargo xtask powercut`: the power-cut proof by itself, line by line as it goes, and much more of it on demand.

use crate::process;
use crate::workspace::Workspace;

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What runs with every change.
    Daily,
    /// Hours of it.
    Exhaustive,
}

pub fn run(workspace: &Workspace, extent: Extent) -> anyhow::Result<()> {
    let program = ["run", "--locked", "--release", "-p", "otary-sim", "--example", "powercut", "--"];
    let mut command = workspace.cargo(program);
    if extent == Extent::Exhaustive {
        command.arg("--exhaustive");
    }
    process::run(command)
}
