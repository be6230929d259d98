//! The crates of the device side need neither `std` nor an allocator: they are built for the chips' targets.
//!
//! Where no such target is installed, their own text is read instead; that says nothing about the crates
//! that they use, and the lane's remark says so.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::lane::Notes;
use crate::process;
use crate::workspace::Workspace;

/// The packages, with their folders under `crates/`.
const PACKAGES: &[(&str, &str)] =
    &[("otary-image", "image"), ("otary-wire", "wire"), ("otary-agent", "agent")];
/// The chips for which Rust's own compiler builds: the ESP32-C2 and C3; the C6 and H2.
const TARGETS: &[&str] = &["riscv32imc-unknown-none-elf", "riscv32imac-unknown-none-elf"];
/// What would bring `std` or an allocator back, unless it is for the tests alone.
const NEEDS_MORE: &[&str] = &["extern crate std", "extern crate alloc"];

pub fn run(workspace: &Workspace, notes: &mut Notes) -> anyhow::Result<()> {
    for (package, folder) in PACKAGES {
        let source = fs::read_to_string(workspace.root().join("crates").join(folder).join("src/lib.rs"))?;
        anyhow::ensure!(says_no_std(&source), "{package}'s lib.rs does not keep std and alloc out");
    }
    for target in TARGETS {
        if is_installed(target)? {
            check(workspace, target)?;
        } else {
            notes.remarks.push(format!(
                "not built without std for {target}: run `rustup target add {target}` to have that checked"
            ));
        }
    }
    Ok(())
}

fn check(workspace: &Workspace, target: &str) -> anyhow::Result<()> {
    let packages = PACKAGES.iter().flat_map(|(package, _)| ["-p", package]);
    process::run(workspace.cargo(["check", "--locked", "--target", target].into_iter().chain(packages)))
}

fn is_installed(target: &str) -> anyhow::Result<bool> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "sysroot"]);
    let sysroot = process::read(rustc)?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib").join(target).join("lib").is_dir())
}

fn says_no_std(source: &str) -> bool {
    let lines = || source.lines().map(str::trim);
    let before = std::iter::once("").chain(lines());
    let needs_more = before.zip(lines()).any(|(before, line)| {
        before != "#[cfg(test)]" && NEEDS_MORE.iter().any(|words| line.starts_with(words))
    });
    lines().any(|line| line == "#![no_std]") && !needs_more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unconditional_no_std_counts() {
        assert!(says_no_std("//! Images.\n#![no_std]\nmod chip;\n"));
        assert!(says_no_std("#![no_std]\n#[cfg(test)]\nextern crate std;\n"));
        assert!(!says_no_std("#![cfg_attr(not(test), no_std)]\n"));
        assert!(!says_no_std("#![no_std]\nextern crate alloc;\n"));
    }
}
