//! `cargo xtask bench`: builds what is measured and the program that measures it, as they are shipped, then runs it.
//!
//! The measuring program is a package of its own, because it brings a TLS library that no other task needs.

use crate::process;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, arguments: &[&str]) -> anyhow::Result<()> {
    process::run(workspace.cargo(["build", "--locked", "--release"]))?;
    let mut command = workspace.cargo(["run", "--locked", "--release", "-p", "xtask-bench", "--"]);
    command.args(arguments);
    process::run(command)
}
