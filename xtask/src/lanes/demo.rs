//! The newcomer's one command: `otary demo` brings its three boards to the new version and says so with 0.

use std::time::Duration;

use crate::lane::Notes;
use crate::process;
use crate::workspace::Workspace;

/// The demo promises less than a minute; a busy machine may take longer.
const LIMIT: Duration = Duration::from_mins(3);

pub fn run(workspace: &Workspace, _: &mut Notes) -> anyhow::Result<()> {
    process::run(workspace.cargo(["build", "--locked", "--release"]))?;
    process::run_within(workspace.cargo(["run", "--locked", "--release", "--", "demo", "--once"]), LIMIT)
}
