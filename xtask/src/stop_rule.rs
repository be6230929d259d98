//! `cargo xtask stop-rule`: the stop rule measured on simulated fleets, and the page that holds the table.

use crate::process;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, arguments: &[&str]) -> anyhow::Result<()> {
    let program = ["run", "--locked", "--release", "-p", "otary-fleet", "--example", "stop_rule", "--"];
    let mut command = workspace.cargo(program);
    command.args(arguments);
    process::run(command)
}
