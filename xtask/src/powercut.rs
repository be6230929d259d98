//! `cargo xtask powercut`: the power-cut proof by itself, line by line as it goes, and much more of it on demand.

use crate::process;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, arguments: &[&str]) -> anyhow::Result<()> {
    let program = ["run", "--locked", "--release", "-p", "otary-sim", "--example", "powercut", "--"];
    let mut command = workspace.cargo(program);
    command.args(arguments);
    process::run(command)
}
