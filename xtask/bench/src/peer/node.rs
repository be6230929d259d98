//! The tutorial's server on Node and Express, with the header that an ESP32 sends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::Site;
use crate::case::Key;
use crate::process;

/// Node in the search path, else Debian's; with Express beside the server's file.
pub fn install(folder: &Path, sources: &Path) -> anyhow::Result<PathBuf> {
    if super::find("node").is_none() || super::find("npm").is_none() {
        super::install_packages(&["nodejs", "npm"])?;
    }
    let folder = folder.join("node");
    fs::create_dir_all(&folder)?;
    for file in ["package.json", "server.js"] {
        fs::copy(sources.join("peer-node").join(file), folder.join(file))?;
    }
    if !folder.join("node_modules/express").is_dir() {
        let mut command = Command::new("npm");
        command.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--loglevel=error"]);
        process::output(command)?;
    }
    super::find("node").context("nodejs is installed, but there is no node in the search path")
}

pub fn version(program: &Path) -> anyhow::Result<String> {
    let mut command = Command::new(program);
    command.args(["-p", "`Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`"]);
    Ok(process::output(command)?.trim().to_owned())
}

pub fn command(site: &Site, key: Key, port: u16) -> (Command, String) {
    let mut command = Command::new(&site.node);
    command.current_dir(site.folder.join("node")).arg("server.js");
    command.env("NODE_ENV", "production").env("PORT", port.to_string());
    command.env("CERTIFICATE", site.certificates.certificate(key)).env("KEY", site.certificates.key(key));
    command.env("FIRMWARE", &site.firmware.path);
    (command, "/update".to_owned())
}
