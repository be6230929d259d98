//! The servers that are measured, each started the same way and asked for the same things.

mod nginx;
mod node;
mod otary;

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::case::{Key, Version};
use crate::certificate::Certificates;
use crate::client::{Client, Link};
use crate::firmware::Firmware;
use crate::process::Server;

use otary::Otary;

/// How long a server may take to answer after its start.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Otary,
    Nginx,
    Node,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Otary, Self::Nginx, Self::Node];

    pub fn name(self) -> &'static str {
        match self {
            Self::Otary => "otary",
            Self::Nginx => "nginx",
            Self::Node => "Node",
        }
    }
}

/// What all servers share, and where they may write.
pub struct Site {
    pub folder: PathBuf,
    pub certificates: Certificates,
    pub firmware: Firmware,
    pub client: Client,
    otary: Otary,
    nginx: PathBuf,
    node: PathBuf,
}

impl Site {
    /// Installs what is missing and makes certificates and image. `sources` is this crate's folder.
    pub fn prepare(folder: PathBuf, sources: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(&folder)?;
        let firmware = Firmware::write(&folder)?;
        let otary = Otary::prepare(&folder, &firmware)?;
        let certificates = Certificates::make(&folder.join("certificates"), &otary.trust())?;
        Ok(Self {
            client: Client::new(&certificates.root())?,
            firmware,
            otary,
            nginx: nginx::install(&folder)?,
            node: node::install(&folder, sources)?,
            certificates,
            folder,
        })
    }

    /// What the servers call themselves.
    pub fn versions(&self) -> anyhow::Result<Vec<String>> {
        Ok(vec![self.otary.version()?, nginx::version(&self.nginx)?, node::version(&self.node)?])
    }
}

/// A server that answers.
pub struct Peer {
    pub kind: Kind,
    pub server: Server,
    pub port: u16,
    /// Where the image is, whatever the device says.
    pub image_path: String,
}

impl Peer {
    pub fn start(kind: Kind, site: &Site, key: Key) -> anyhow::Result<Self> {
        let folder = empty(&site.folder.join(format!("{}-{}", kind.name(), key.name())))?;
        let port = free_port()?;
        let (command, image_path) = match kind {
            Kind::Otary => otary::command(site, &folder, key, port)?,
            Kind::Nginx => nginx::command(site, &folder, key, port)?,
            Kind::Node => node::command(site, key, port),
        };
        let mut server = start(command, &folder)?;
        wait(&mut server, &site.client, port)
            .with_context(|| format!("{} with {}", kind.name(), key.name()))?;
        Ok(Self { kind, server, port, image_path })
    }
}

/// Until it answers a handshake with a certificate that the client trusts.
fn wait(server: &mut Server, client: &Client, port: u16) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        server.ensure_running()?;
        match client.connect(port, Version::Tls12, Link::Fast) {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > deadline => return Err(error.context("no answer")),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// This folder, with nothing in it from an earlier run.
fn empty(folder: &Path) -> anyhow::Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(folder.to_owned())
}

/// Its messages go to a file beside its data.
fn start(mut command: Command, folder: &Path) -> anyhow::Result<Server> {
    command.stderr(fs::File::create(folder.join("stderr.log"))?);
    Server::start(command)
}

/// A loopback port that nobody listened on a moment ago.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The first of these programs that is in the search path.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Installs Debian packages; only root can.
fn install_packages(packages: &[&str]) -> anyhow::Result<()> {
    let names = packages.join(" ");
    anyhow::ensure!(
        nix::unistd::geteuid().is_root(),
        "not installed: {names}\nhelp: apt-get install {names}"
    );
    let mut command = Command::new("apt-get");
    command.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    crate::process::output(command).map(drop)
}
