//! `cargo xtask package`: the Debian package, its glibc, and a trial of it.
//!
//! cargo-deb makes it (`target/tools/bin/cargo-deb`). The trial installs it on this machine, starts it as the unit would and purges
//! it again, so it takes root and the variable `PACKAGE_TRIAL=1`.

mod deb;
pub mod glibc;
mod trial;

use std::path::PathBuf;

use crate::lane::Notes;
use crate::process;
use crate::workspace::Workspace;

/// Makes and tries what can be made and tried here.
pub fn run(workspace: &Workspace, notes: &mut Notes) -> anyhow::Result<()> {
    process::run(workspace.cargo(["build", "--locked", "--release"]))?;
    glibc::check(workspace, &binary(workspace), "x86_64")?;
    let Some(package) = deb::make(workspace)? else {
        notes.remarks.push(format!("package: skipped, there is no {}: {}", deb::TOOL, deb::ADVICE));
        return Ok(());
    };
    println!("{}", package.display());
    deb::check(&package)?;
    match trial::obstacle()? {
        None => trial::run(&package),
        Some(why) => {
            notes.remarks.push(format!("package: made and not installed, {why}"));
            Ok(())
        }
    }
}

fn binary(workspace: &Workspace) -> PathBuf {
    workspace.root().join("target/release/otary")
}
