//! The package: what is generated for it, cargo-deb, and a look at what came of that.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::process;
use crate::workspace::Workspace;

pub const TOOL: &str = "target/tools/bin/cargo-deb";
pub const ADVICE: &str =
    "cargo install cargo-deb --version 3.8.0 --locked --no-default-features --root target/tools";

/// Completions by the name of the shell and the file.
const COMPLETIONS: [(&str, &str); 3] = [("bash", "otary.bash"), ("zsh", "_otary"), ("fish", "otary.fish")];
/// What has to be in it.
const CONTENTS: [&str; 8] = [
    "./usr/bin/otary",
    "otary.service",
    "./etc/default/otary",
    "./usr/share/man/man1/otary.1.gz",
    "./usr/share/man/man1/otary-push.1.gz",
    "./usr/share/bash-completion/completions/otary",
    "./usr/share/doc/otary/copyright",
    "./usr/share/doc/otary/docs/INSTALL.md",
];

/// Makes it; none without cargo-deb.
pub fn make(workspace: &Workspace) -> anyhow::Result<Option<PathBuf>> {
    let tool = workspace.root().join(TOOL);
    if !tool.exists() {
        return Ok(None);
    }
    let folder = workspace.root().join("target/packaging");
    generate(&super::binary(workspace), &folder)?;
    let package = folder.join("otary.deb");
    let mut command = Command::new(tool);
    command.current_dir(workspace.root()).args([
        "--package",
        "otary-cli",
        "--no-build",
        "--quiet",
        "--output",
    ]);
    command.arg(&package);
    process::run(command)?;
    Ok(Some(package))
}

/// Has the program write its manual pages and completions.
fn generate(otary: &Path, folder: &Path) -> anyhow::Result<()> {
    let pages = folder.join("man");
    if pages.exists() {
        fs::remove_dir_all(&pages)?;
    }
    fs::create_dir_all(&pages)?;
    let mut command = Command::new(otary);
    command.args(["man", "--out"]).arg(&pages);
    process::run(command)?;
    for (shell, file) in COMPLETIONS {
        let mut command = Command::new(otary);
        command.args(["completions", shell]);
        fs::write(folder.join(file), process::read(command)?).context(file)?;
    }
    Ok(())
}

/// Looks at what is in it.
pub fn check(package: &Path) -> anyhow::Result<()> {
    let Ok(contents) = dpkg_deb("--contents", package) else {
        println!("dpkg-deb is not here to look into it");
        return Ok(());
    };
    for file in CONTENTS {
        anyhow::ensure!(
            contents.lines().any(|line| line.ends_with(file)),
            "{file} is not in it:\n{contents}"
        );
    }
    println!("{}", dpkg_deb("--info", package)?);
    Ok(())
}

fn dpkg_deb(option: &str, package: &Path) -> anyhow::Result<String> {
    let mut command = Command::new("dpkg-deb");
    command.arg(option).arg(package);
    process::read(command)
}
