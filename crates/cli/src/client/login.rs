//! What `otary login` keeps: for each server a token, and the certificate to trust, in a file of the user's that nobody else may read.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use otary_server::operator::Secret;
use serde::{Deserialize, Serialize};

use super::address::Address;
use crate::advice::Advise;
use crate::file::{check_private, read_text, replace};
use crate::platform::{create_private_file, create_private_folder};

/// The largest file that is read, in bytes.
const MOST: u64 = 128 * 1024;

/// What is kept of one server.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The server, for whoever opens the file.
    pub server: String,
    /// What the token is called there.
    pub name: String,
    /// The token.
    pub token: Secret,
    /// The certificates to trust, as PEM.
    pub ca: String,
}

/// Where what is kept of a server is, whether or not it is there.
fn place(server: &Address) -> anyhow::Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = variable("XDG_CONFIG_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".config")))
        .or_else(|| variable("APPDATA"))
        .ok_or_else(|| anyhow!("there is no folder of your own settings"))
        .help("set HOME, or give the token by --token-file")?;
    // A colon is no part of a file's name on every system.
    let host = server.host.replace(':', "-");
    Ok(config.join("otary").join("servers").join(format!("{host}_{}.json", server.port)))
}

impl Login {
    /// What is kept of a server; none if nothing is.
    pub fn read(url: &str) -> anyhow::Result<Option<Self>> {
        let Ok(path) = place(&Address::parse(url)?) else { return Ok(None) };
        if !path.try_exists().with_context(|| format!("looking at {}", path.display()))? {
            return Ok(None);
        }
        check_private(&path, "a token")?;
        let text = read_text(&path, MOST)?;
        let read = serde_json::from_str(&text);
        // The error could show the token.
        read.map(Some)
            .map_err(|_| anyhow!("{} is not what `otary login` wrote", path.display()))
            .help("log in again")
    }

    /// Keeps it. Returns where.
    pub fn keep(&self) -> anyhow::Result<PathBuf> {
        let path = place(&Address::parse(&self.server)?)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        create_private_folder(folder).with_context(|| format!("making {}", folder.display()))?;
        replace(&path, create_private_file, &serde_json::to_vec_pretty(self)?)?;
        Ok(path)
    }

    /// Forgets what is kept of a server. Returns whether something was.
    pub fn forget(url: &str) -> anyhow::Result<bool> {
        let path = place(&Address::parse(url)?)?;
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).with_context(|| format!("removing {}", path.display())),
        }
    }
}
