//! `cargo xtask firmware`: the chip's programs, linted, built, made into images, held against two readers, and measured.
//!
//! They are a workspace of their own that another compiler builds: `toolchain` finds it. What is compiled in comes from the
//! environment; where nothing is said, `settings` fills in placeholders, so that CI builds what a developer builds.

mod cost;
mod images;
mod lints;
mod settings;
mod size;
mod toolchain;

use std::path::{Path, PathBuf};

use toolchain::Toolchain;

use crate::process;
use crate::workspace::Workspace;

/// The chip that the three programs are for, as espflash and esptool call it.
const CHIP: &str = "esp32c3";
const TARGET: &str = "riscv32imc-unknown-none-elf";
/// The ESP32-C6 and those after it: what is shared with a host builds for them too.
const WITH_ATOMICS: &str = "riscv32imac-unknown-none-elf";
const PROGRAMS: [&str; 3] = ["esp32c3", "esp32c3-ethernet", "esp32c3-bench"];
/// Crates without `std` that a firmware is made of.
const SHARED: [&str; 3] = ["otary-image", "otary-wire", "otary-agent"];

/// Where the firmware's builds go.
struct Places {
    /// Its workspace.
    sources: PathBuf,
    /// Its target folder.
    target: PathBuf,
    /// Its images.
    images: PathBuf,
    /// The target folder of what runs on the host.
    host: PathBuf,
}

impl Places {
    fn of(workspace: &Workspace) -> Self {
        let target = workspace.root().join("target/firmware");
        let host = workspace.root().join("target/firmware-host");
        Self { sources: workspace.root().join("firmware"), images: target.join("images"), target, host }
    }

    fn program(&self, name: &str) -> PathBuf {
        self.target.join(TARGET).join("release").join(name)
    }
}

/// Builds, checks and measures everything.
pub fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let toolchain = Toolchain::find(workspace)?;
    println!("{}", toolchain.version);
    let places = Places::of(workspace);
    let settings = settings::fill_in(&places.sources)?;
    test_on_host(workspace, &toolchain, &places)?;
    lints::run(workspace, &toolchain, &places, &settings)?;
    build_for_atomics(&toolchain, &places)?;
    let without_agent = cost::without_agent(&toolchain, &places, &settings)?;
    build(&toolchain, &places, &settings, &PROGRAMS, &[])?;
    let made = images::make(&toolchain, &places, &PROGRAMS)?;
    images::check(workspace, &made)?;
    println!("{}", images::table(&made)?);
    println!("{}", cost::of(&places, without_agent)?);
    Ok(())
}

/// The driver's rules that need no chip.
fn test_on_host(workspace: &Workspace, toolchain: &Toolchain, places: &Places) -> anyhow::Result<()> {
    let mut command = workspace.cargo(["test", "--locked", "--lib", "--manifest-path"]);
    command.arg(places.sources.join("agent-esp/Cargo.toml")).arg("--target-dir").arg(&places.host);
    toolchain.with_clang(&mut command)?;
    process::run(command)
}

fn build_for_atomics(toolchain: &Toolchain, places: &Places) -> anyhow::Result<()> {
    let mut command =
        toolchain.cargo(places, ["build", "--release", "--locked", "--target", WITH_ATOMICS])?;
    for package in SHARED {
        command.args(["--package", package]);
    }
    process::run(command)
}

fn build(
    toolchain: &Toolchain,
    places: &Places,
    settings: &settings::Settings,
    programs: &[&str],
    features: &[&str],
) -> anyhow::Result<()> {
    let mut command = toolchain.cargo(places, ["build", "--release", "--locked"])?;
    for program in programs {
        command.arg("--package").arg(format!("firmware-{program}"));
    }
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    settings.give(&mut command);
    process::run(command)
}

/// A file's name, for messages.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
