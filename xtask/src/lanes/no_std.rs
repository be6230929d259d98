//! `otary-image` needs neither `std` nor an allocator: it is built for a chip's target.
//!
//! Where no such target is installed, its own text is read instead; that says nothing about the crates
//! that it uses, and the lane's remark says so.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::lane::Notes;
use crate::process;
use crate::workspace::Workspace;

const PACKAGE: &str = "otary-image";
/// The ESP32-C3, for which Rust's own compiler builds.
const TARGET: &str = "riscv32imc-unknown-none-elf";
/// What would bring `std` or an allocator back, unless it is for the tests alone.
const NEEDS_MORE: &[&str] = &["extern crate std", "extern crate alloc"];

pub fn run(workspace: &Workspace, notes: &mut Notes) -> anyhow::Result<()> {
    if is_installed(TARGET)? {
        return process::run(workspace.cargo(["check", "--locked", "-p", PACKAGE, "--target", TARGET]));
    }
    notes.remarks.push(format!(
        "{PACKAGE} was not built without std: run `rustup target add {TARGET}` to have that checked"
    ));
    let source = fs::read_to_string(workspace.root().join("crates/image/src/lib.rs"))?;
    anyhow::ensure!(says_no_std(&source), "{PACKAGE}'s lib.rs does not keep std and alloc out");
    Ok(())
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
