//! otary as it is shipped, with its defaults and one product: the program that was built beside this one.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::Site;
use crate::case::Key;
use crate::client::Client;
use crate::firmware::Firmware;
use crate::process;

/// What is copied for each server.
const DATA: &str = "data";
const SETTINGS: &str = "otary.toml";

/// The program, and a folder in which it has been started once and given the image.
pub struct Otary {
    program: PathBuf,
    folder: PathBuf,
}

impl Otary {
    /// Starts it for the first time, publishes the image and ends it: so that what is measured later has served only
    /// what it is measured with.
    pub fn prepare(folder: &Path, firmware: &Firmware) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?.with_file_name("otary");
        anyhow::ensure!(program.is_file(), "{} is not built\nhelp: cargo xtask bench", program.display());
        let otary = Self { program, folder: super::empty(&folder.join("otary"))? };
        otary.publish(firmware)?;
        Ok(otary)
    }

    /// Where its authority is.
    pub fn trust(&self) -> PathBuf {
        self.folder.join(DATA).join("trust")
    }

    pub fn version(&self) -> anyhow::Result<String> {
        let mut command = Command::new(&self.program);
        command.arg("--version");
        Ok(process::output(command)?.trim().to_owned())
    }

    fn publish(&self, firmware: &Firmware) -> anyhow::Result<()> {
        let port = super::free_port()?;
        fs::write(self.folder.join(SETTINGS), settings(port)?)?;
        let mut first = super::start(self.command(&self.folder, &["serve"]), &self.folder)?;
        let deadline = Instant::now() + super::PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            first.ensure_running()?;
            anyhow::ensure!(Instant::now() < deadline, "otary's first start does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
        super::wait(&mut first, &Client::new(&self.trust().join("root.crt"))?, port)?;
        let mut push =
            self.command(&self.folder, &["push", "--product", "lamp", "--version", firmware.version]);
        push.arg(&firmware.path);
        process::output(push).context("the image is not accepted")?;
        Ok(())
    }

    fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(folder).args(["--data", DATA, "--config", SETTINGS]).args(arguments);
        command
    }
}

pub fn command(site: &Site, folder: &Path, key: Key, port: u16) -> anyhow::Result<(Command, String)> {
    copy(&site.otary.folder.join(DATA), &folder.join(DATA))?;
    fs::write(folder.join(SETTINGS), settings(port)?)?;
    let command = match key {
        Key::P256 => site.otary.command(folder, &["serve"]),
        Key::Rsa2048 => {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("serve-rsa").arg(folder.join(DATA)).arg(site.certificates.root());
            command
                .arg(site.certificates.certificate(key))
                .arg(site.certificates.key(key))
                .arg(port.to_string());
            command
        }
    };
    Ok((command, format!("/artifact/{}", site.firmware.sha256)))
}

fn settings(port: u16) -> anyhow::Result<String> {
    let operator = super::free_port()?;
    Ok(format!(
        "names = [\"localhost\"]\n\
         [listen]\nhttps = \"127.0.0.1:{port}\"\nhttp = \"off\"\noperator = \"127.0.0.1:{operator}\"\n"
    ))
}

/// A folder with all in it, and with the same permissions.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
