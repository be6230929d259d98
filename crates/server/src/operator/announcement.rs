//! How a command finds the server that works on its data directory: a file that only the owner can read, written when
//! the server has started and removed when it ends.
//!
//! Whoever can read the file can read the data directory's keys and database as well, so the token in it gives away
//! nothing. It is another one in each run.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::platform::create_private_file;

/// Where a running server takes an operator's requests.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Announcement {
    /// The operator listener: `https://127.0.0.1:3444`. Its host is one that the server's certificate names.
    pub url: String,
    /// Where devices speak HTTPS to it.
    pub https: SocketAddr,
    /// The owner's token of this run.
    pub token: Secret,
    /// The authority's anchors as PEM, today's first: all that the client is to trust, also after a change of the root.
    pub ca: String,
    /// The server's process.
    pub process: u32,
}

impl Announcement {
    /// The largest file that is read, in bytes.
    const MAX_SIZE: u64 = 64 * 1024;

    fn path(data: &Path) -> PathBuf {
        data.join("server.json")
    }

    /// Writes it into the data directory, readable to its owner alone from the first moment.
    pub fn write(&self, data: &Path) -> io::Result<()> {
        let path = Self::path(data);
        let new = path.with_extension("json.new");
        remove_if_there(&new)?;
        let mut file = create_private_file(&new)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        fs::rename(&new, &path)
    }

    /// Reads the one in the data directory, if there is one. A server that was killed leaves one behind that nobody
    /// answers to.
    pub fn read(data: &Path) -> io::Result<Option<Self>> {
        let path = Self::path(data);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.len() > Self::MAX_SIZE => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "server.json is too large to be otary's"))
            }
            Ok(_) => Ok(Some(serde_json::from_slice(&fs::read(path)?)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes the one in the data directory.
    pub fn remove(data: &Path) -> io::Result<()> {
        remove_if_there(&Self::path(data))
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
