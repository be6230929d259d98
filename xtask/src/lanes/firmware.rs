//! The programs for the ESP32-C3 build with the chip's toolchain, their images are whole, and the agent stays small.

use crate::firmware;
use crate::lane::Notes;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, _: &mut Notes) -> anyhow::Result<()> {
    firmware::run(workspace)
}
