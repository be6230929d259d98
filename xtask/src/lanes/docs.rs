//! The documentation builds, and every link in it leads somewhere.

use crate::lane::Notes;
use crate::process;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, _: &mut Notes) -> anyhow::Result<()> {
    let mut command = workspace.cargo(["doc", "--locked", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    process::run(command)
}
