//! The Debian package is made, and on a machine that is there for it, installed, started and purged.

use crate::lane::Notes;
use crate::package;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, notes: &mut Notes) -> anyhow::Result<()> {
    package::run(workspace, notes)
}
