//! `cargo xtask aarch64`: otary for a Raspberry Pi and other 64-bit ARM, cross-built and started under an emulator.
//!
//! Rust's own installer has the library for that target; where it has not, Debian's compiler builds it from its sources, as for the
//! chip (`firmware`). It takes a quarter of an hour on two cores, so it is a command of its own and no lane.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::package::glibc;
use crate::process;
use crate::workspace::Workspace;

const TARGET: &str = "aarch64-unknown-linux-gnu";
const RUSTC: &str = "/usr/bin/rustc";
const GCC: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";
/// Where the emulator finds the loader and glibc of the target.
const LIBRARIES: &str = "/usr/aarch64-linux-gnu";
const PACKAGES: &str = "rustc-web rust-web-src gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user";
/// Keys are made at the first start, by an emulator.
const START: Duration = Duration::from_mins(3);
const PAUSE: Duration = Duration::from_millis(200);

/// Builds it, checks its glibc, starts it, and has a virtual board check in.
pub fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let missing: Vec<_> = [GCC, EMULATOR].into_iter().filter(|program| !runs(program)).collect();
    anyhow::ensure!(
        missing.is_empty() && Path::new(LIBRARIES).exists(),
        "there is no {}\nhelp: on Debian 12, as root: apt-get install {PACKAGES}",
        missing.first().unwrap_or(&LIBRARIES)
    );
    build(workspace)?;
    let binary = workspace.root().join("target/aarch64").join(TARGET).join("release/otary");
    glibc::check(workspace, &binary, "aarch64")?;
    process::run(emulated(&binary, &["--version"]))?;
    check_in(workspace, &binary)?;
    println!("{}", binary.display());
    Ok(())
}

fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Optimised across crates less than a release for x86-64: that would take twice as long.
fn build(workspace: &Workspace) -> anyhow::Result<()> {
    let mut command =
        workspace.cargo(["build", "--locked", "--release", "--bin", "otary", "--target", TARGET]);
    command.args(["--target-dir", "target/aarch64"]);
    if !has_library("rustc") {
        anyhow::ensure!(
            Path::new(RUSTC).exists(),
            "no compiler here has a library for {TARGET}\nhelp: rustup target add {TARGET}, or on Debian 12: apt-get install {PACKAGES}"
        );
        command.args(["-Zbuild-std=std,panic_abort,panic_unwind"]);
        command.env("RUSTC", RUSTC).env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTUP_TOOLCHAIN");
    }
    command.env_remove("RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
    command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", GCC);
    command
        .env("CC_aarch64_unknown_linux_gnu", GCC)
        .env("AR_aarch64_unknown_linux_gnu", "aarch64-linux-gnu-ar");
    command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    process::run(command)
}

fn has_library(rustc: &str) -> bool {
    let mut command = Command::new(rustc);
    command.args(["--print", "target-libdir", "--target", TARGET]);
    process::read(command).is_ok_and(|folder| Path::new(folder.trim()).exists())
}

fn emulated(binary: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(EMULATOR);
    command.args(["-L", LIBRARIES]).arg(binary).args(words);
    // What this process has may be taken for settings.
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

/// A server for ARM, and a board of this machine's own build that asks it. Both go with their folder.
fn check_in(workspace: &Workspace, binary: &Path) -> anyhow::Result<()> {
    let folder = workspace.root().join("target/aarch64/trial");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let mut serve = emulated(binary, &["serve", "--https", "127.0.0.1:0", "--http", "off"]);
    serve.args(["--operator", "127.0.0.1:0", "--data"]).arg(folder.join("x"));
    let banner = std::fs::File::create(folder.join("banner"))?;
    let mut server = serve.stdin(Stdio::null()).stdout(banner).spawn().context("starting the emulator")?;
    let asked = wait_for(&mut server, &folder).and_then(|url| ask(&folder, &url));
    server.kill()?;
    server.wait()?;
    asked
}

/// The URL for devices, once the server takes commands.
fn wait_for(server: &mut Child, folder: &Path) -> anyhow::Result<String> {
    let begin = Instant::now();
    while !folder.join("x/server.json").exists() {
        anyhow::ensure!(server.try_wait()?.is_none(), "the server ended");
        anyhow::ensure!(begin.elapsed() < START, "the server does not start");
        thread::sleep(PAUSE);
    }
    let banner = std::fs::read_to_string(folder.join("banner"))?;
    let url = banner.split_whitespace().find(|word| word.starts_with("https://"));
    url.map(str::to_owned).with_context(|| format!("no URL in the banner:\n{banner}"))
}

/// One poll over TLS, as a device makes it.
fn ask(folder: &Path, url: &str) -> anyhow::Result<()> {
    let root: PathBuf = folder.join("x/trust/root.crt");
    let mut command = Command::new("curl");
    command.args([
        "--silent",
        "--show-error",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code}\n",
        "--cacert",
    ]);
    command.arg(root).args([
        "--user-agent",
        "ESP32-http-Update",
        "--header",
        "x-ESP32-STA-MAC: 24:6F:28:00:00:01",
    ]);
    command.args(["--header", "x-ESP32-mode: sketch", "--header", "x-ESP32-version: 0.1"]);
    let status = process::read({
        command.arg(format!("{url}?chip=esp32"));
        command
    })?;
    println!("a check-in over TLS was answered {}", status.trim());
    anyhow::ensure!(["304", "404"].contains(&status.trim()), "it was answered {status}");
    Ok(())
}
