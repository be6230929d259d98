//! One certificate of each key for all servers alike, both signed by otary's own authority.
//!
//! The P-256 one is what `otary serve` made for itself. The RSA one is made by the `openssl` program with the
//! authority's key, since otary makes none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::case::Key;
use crate::process;

const CONFIGURATION: &str = "\
[req]
distinguished_name = name
prompt = no
[name]
CN = otary bench
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost
";

/// The files of one run.
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// `trust` is the folder of an authority of otary's that has certified `localhost`.
    pub fn make(folder: &Path, trust: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let made = Self { folder: folder.to_owned() };
        fs::copy(trust.join("root.crt"), made.root())?;
        fs::copy(trust.join("leaf.crt"), made.certificate(Key::P256))?;
        fs::copy(trust.join("leaf.key"), made.key(Key::P256))?;
        fs::write(folder.join("openssl.cnf"), CONFIGURATION)?;
        made.sign_rsa(trust)?;
        Ok(made)
    }

    pub fn root(&self) -> PathBuf {
        self.folder.join("root.pem")
    }

    pub fn certificate(&self, key: Key) -> PathBuf {
        self.folder.join(format!("{}.pem", key.name()))
    }

    pub fn key(&self, key: Key) -> PathBuf {
        self.folder.join(format!("{}.key", key.name()))
    }

    fn sign_rsa(&self, trust: &Path) -> anyhow::Result<()> {
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "30", "-extensions", "leaf"]);
        command.arg("-config").arg(self.folder.join("openssl.cnf"));
        command.arg("-CA").arg(trust.join("root.crt")).arg("-CAkey").arg(trust.join("root.key"));
        command.arg("-keyout").arg(self.key(Key::Rsa2048)).arg("-out").arg(self.certificate(Key::Rsa2048));
        process::output(command).map(drop)
    }
}
