//! The compiler for the chip: Debian's, which comes with the standard library's sources, its lints, and what else a build needs.
//!
//! Rust's own installer has no library for the chip that this compiler could use, and building one takes sources of
//! exactly its version. Debian's packages are that. `OTARY_RUSTC` names another compiler that has its sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Places, TARGET};
use crate::process;
use crate::workspace::Workspace;

const RUSTC: &str = "/usr/bin/rustc";
/// Mbed TLS is C: it is compiled by this, and its headers are read by the library beside it.
const CLANG: &str = "/usr/bin/clang-22";
const LIBCLANG: &str = "/usr/lib/llvm-22/lib";
/// What the link of `rust-lld` leads to.
const LINKER: &str = "/usr/bin/lld-22";
const PACKAGES: &str =
    "rustc-web rust-web-clippy rust-web-src rust-web-llvm lld-22 clang-22 libclang-22-dev cmake ninja-build";
const ESPFLASH: &str = "4.7.0";

/// What builds for the chip.
pub struct Toolchain {
    /// What `rustc -V` says.
    pub version: String,
    rustc: PathBuf,
    /// `cargo clippy` of the same version.
    clippy: PathBuf,
    /// A folder with a command `clang`.
    commands: PathBuf,
    espflash: PathBuf,
}

impl Toolchain {
    /// Finds everything, or says all that is missing and how to get it.
    pub fn find(workspace: &Workspace) -> anyhow::Result<Self> {
        let tools = workspace.root().join("target/firmware-tools");
        let rustc = std::env::var_os("OTARY_RUSTC").map_or_else(|| PathBuf::from(RUSTC), PathBuf::from);
        let espflash = tools.join("bin/espflash");
        let clippy = rustc.with_file_name("cargo-clippy");
        let missing = missing(&rustc, &clippy, &espflash);
        anyhow::ensure!(missing.is_empty(), "{}", advice(&missing));
        let mut command = Command::new(&rustc);
        command.arg("-V");
        let version = process::read(command)?.trim().to_owned();
        let commands = tools.join("clang");
        provide_clang(&commands)?;
        Ok(Self { version, rustc, clippy, commands, espflash })
    }

    /// `cargo ARGUMENTS` for the chip. The compiler builds its own library, which takes the features of a nightly one.
    pub fn cargo<'a>(
        &self,
        places: &Places,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> anyhow::Result<Command> {
        self.prepare(Command::new("cargo"), places, arguments)
    }

    /// `cargo clippy ARGUMENTS` for the chip.
    pub fn clippy<'a>(
        &self,
        places: &Places,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> anyhow::Result<Command> {
        self.prepare(Command::new(&self.clippy), places, std::iter::once("clippy").chain(arguments))
    }

    fn prepare<'a>(
        &self,
        mut command: Command,
        places: &Places,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> anyhow::Result<Command> {
        command.current_dir(&places.sources).args(arguments);
        command.arg("--target-dir").arg(&places.target);
        command.env("RUSTC", &self.rustc).env("RUSTC_BOOTSTRAP", "1");
        // What runs this program may have chosen flags and a compiler for itself.
        command.env_remove("RUSTFLAGS").env_remove("CARGO_BUILD_TARGET").env_remove("RUSTUP_TOOLCHAIN");
        self.with_clang(&mut command)?;
        Ok(command)
    }

    /// Lets a build find clang and its library.
    pub fn with_clang(&self, command: &mut Command) -> anyhow::Result<()> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.commands.clone()).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders)?).env("LIBCLANG_PATH", LIBCLANG);
        Ok(())
    }

    /// `espflash`.
    pub fn espflash(&self) -> Command {
        Command::new(&self.espflash)
    }
}

fn missing(rustc: &Path, clippy: &Path, espflash: &Path) -> Vec<String> {
    let mut missing = Vec::new();
    for file in [rustc, clippy, Path::new(CLANG), Path::new(LIBCLANG), Path::new(LINKER)] {
        if !file.exists() {
            missing.push(file.display().to_string());
        }
    }
    if rustc.exists() && !has_sources(rustc) {
        missing.push(format!("the standard library's sources of {}", rustc.display()));
    }
    let runs = |program: &str| Command::new(program).arg("--version").output().is_ok();
    missing.extend(["cmake", "ninja"].into_iter().filter(|program| !runs(program)).map(str::to_owned));
    if !espflash.exists() {
        missing.push(format!("espflash {ESPFLASH}"));
    }
    missing
}

fn has_sources(rustc: &Path) -> bool {
    let mut command = Command::new(rustc);
    command.args(["--print", "sysroot"]);
    let sysroot = process::read(command).unwrap_or_default();
    Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/core").is_dir()
}

fn advice(missing: &[String]) -> String {
    format!(
        "the toolchain for {TARGET} is not complete: no {}\n\
         help: on Debian 12, as root: apt-get install --no-install-recommends {PACKAGES}\n\
         help: cargo install espflash --version {ESPFLASH} --locked --root target/firmware-tools",
        missing.join(", no ")
    )
}

/// The build of Mbed TLS calls `clang`; Debian's command has its version in its name.
fn provide_clang(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let link = folder.join("clang");
    if !link.exists() {
        std::os::unix::fs::symlink(CLANG, link)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_the_toolchain_is_told_what_to_install() {
        let missing = missing(
            Path::new("/nowhere/rustc"),
            Path::new("/nowhere/cargo-clippy"),
            Path::new("/nowhere/espflash"),
        );
        assert!(
            missing.contains(&"/nowhere/rustc".to_owned()) && missing.contains(&"espflash 4.7.0".to_owned())
        );
        let advice = advice(&missing);
        assert!(advice.contains("/nowhere/rustc") && advice.contains("apt-get install"), "{advice}");
    }
}
