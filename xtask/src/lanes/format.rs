//! The code is formatted as `rustfmt.toml` says, in both workspaces.

use crate::lane::Notes;
use crate::process;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, _: &mut Notes) -> anyhow::Result<()> {
    process::run(workspace.cargo(["fmt", "--all", "--check"]))?;
    process::run(workspace.cargo(["fmt", "--all", "--check", "--manifest-path", "firmware/Cargo.toml"]))
}
