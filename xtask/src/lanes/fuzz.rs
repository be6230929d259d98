//! Every fuzz target runs a minute without a finding.

use crate::fuzz::{self, Request};
use crate::lane::Notes;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, _: &mut Notes) -> anyhow::Result<()> {
    fuzz::run(workspace, &Request::EVERY)
}
