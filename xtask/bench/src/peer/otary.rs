//! `otary serve` as it is shipped, with its defaults and one product: built beside this program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::Site;
use crate::case::Key;
use crate::process;

/// The program that cargo put beside this one.
pub fn find() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("otary");
    anyhow::ensure!(program.is_file(), "{} is not built\nhelp: cargo xtask bench", program.display());
    Ok(program)
}

pub fn version(program: &Path) -> anyhow::Result<String> {
    let mut command = Command::new(program);
    command.arg("--version");
    Ok(process::output(command)?.trim().to_owned())
}

pub fn command(site: &Site, folder: &Path, key: Key, port: u16) -> anyhow::Result<(Command, String)> {
    let settings = folder.join("otary.toml");
    fs::write(&settings, configuration(site, key, port)?)?;
    let otary = || {
        let mut command = Command::new(&site.otary);
        command.current_dir(folder).arg("--data").arg(folder.join("data")).arg("--config").arg(&settings);
        command
    };
    let mut push = otary();
    push.args(["push", "--product", "lamp", "--version", site.firmware.version]).arg(&site.firmware.path);
    process::output(push).context("the image is not accepted")?;
    let mut serve = otary();
    serve.arg("serve");
    Ok((serve, format!("/artifact/{}", site.firmware.sha256)))
}

fn configuration(site: &Site, key: Key, port: u16) -> anyhow::Result<String> {
    let certificate = site.certificates.certificate(key);
    let key = site.certificates.key(key);
    Ok(format!(
        "[listen]\nhttps = \"127.0.0.1:{port}\"\nhttp = \"off\"\noperator = \"127.0.0.1:{}\"\n\
         [tls]\ncert = '{}'\nkey = '{}'\n",
        super::free_port()?,
        certificate.display(),
        key.display(),
    ))
}
