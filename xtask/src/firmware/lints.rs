//! No lint of the firmware's list fires, which is as strict as the main workspace's: in the programs as the chip's compiler sees
//! them, with what is measured too, and in the tests that run on the host.

use super::settings::Settings;
use super::{PROGRAMS, Places, Toolchain};
use crate::process;
use crate::workspace::Workspace;

/// Features of the driver that no program is shipped with.
const MEASURED: [&str; 2] = ["agent-esp/painted", "agent-esp/stubbed"];
const DENY: [&str; 3] = ["--", "-D", "warnings"];

pub fn run(
    workspace: &Workspace,
    toolchain: &Toolchain,
    places: &Places,
    settings: &Settings,
) -> anyhow::Result<()> {
    lint(toolchain, places, settings, &["--workspace"])?;
    let [.., bench] = PROGRAMS;
    let bench = format!("firmware-{bench}");
    for feature in MEASURED {
        lint(toolchain, places, settings, &["--package", &bench, "--features", feature])?;
    }
    lint_on_host(workspace, toolchain, places)
}

/// With the profile of the builds, whose build scripts are shared then: Mbed TLS is compiled once.
fn lint(
    toolchain: &Toolchain,
    places: &Places,
    settings: &Settings,
    selection: &[&str],
) -> anyhow::Result<()> {
    let fixed = ["--release", "--locked", "--keep-going"];
    let mut command = toolchain.clippy(places, fixed.iter().chain(selection).copied())?;
    command.args(DENY);
    settings.give(&mut command);
    process::run(command)
}

fn lint_on_host(workspace: &Workspace, toolchain: &Toolchain, places: &Places) -> anyhow::Result<()> {
    let mut command = workspace.cargo(["clippy", "--locked", "--all-targets", "--manifest-path"]);
    command.arg(places.sources.join("agent-esp/Cargo.toml"));
    command.arg("--target-dir").arg(&places.host).args(DENY);
    toolchain.with_clang(&mut command)?;
    process::run(command)
}
