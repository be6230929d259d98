//! No lint of the workspace's list fires, in code, tests or examples.

use crate::lane::Notes;
use crate::process;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, _: &mut Notes) -> anyhow::Result<()> {
    process::run(workspace.cargo([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--keep-going",
        "--",
        "-D",
        "warnings",
    ]))
}
