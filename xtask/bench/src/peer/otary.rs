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

/// The server, after a first start during which the image was published: so that what is measured has served only
/// what it is measured with.
pub fn command(site: &Site, folder: &Path, key: Key, port: u16) -> anyhow::Result<(Command, String)> {
    fs::write(folder.join("otary.toml"), configuration(site, key, port)?)?;
    let mut first = super::start(otary(site, folder, &["serve"]), folder)?;
    super::wait(&mut first, &site.client, port)?;
    let mut push = otary(site, folder, &["push", "--product", "lamp", "--version", site.firmware.version]);
    push.arg(&site.firmware.path);
    process::output(push).context("the image is not accepted")?;
    drop(first);
    Ok((otary(site, folder, &["serve"]), format!("/artifact/{}", site.firmware.sha256)))
}

fn otary(site: &Site, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(&site.otary);
    command.current_dir(folder).args(["--data", "data", "--config", "otary.toml"]).args(arguments);
    command
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
