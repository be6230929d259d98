//! Certificates for all servers alike, made by the `openssl` program: one root, a P-256 and an RSA-2048 leaf.

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
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost, IP:127.0.0.1
";

/// The files of one run.
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    pub fn make(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("openssl.cnf"), CONFIGURATION)?;
        let made = Self { folder: folder.to_owned() };
        made.request("root", Key::P256, &["-extensions", "root"])?;
        for key in Key::ALL {
            let signer = ["-extensions", "leaf", "-CA", "root.pem", "-CAkey", "root.key"];
            made.request(key.name(), key, &signer)?;
        }
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

    fn request(&self, name: &str, key: Key, more: &[&str]) -> anyhow::Result<()> {
        let new_key: &[&str] = match key {
            Key::P256 => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
            Key::Rsa2048 => &["-newkey", "rsa:2048"],
        };
        let mut command = Command::new("openssl");
        command.current_dir(&self.folder).args([
            "req",
            "-x509",
            "-config",
            "openssl.cnf",
            "-days",
            "30",
            "-noenc",
        ]);
        command.args(new_key).args(more);
        command.arg("-keyout").arg(format!("{name}.key")).arg("-out").arg(format!("{name}.pem"));
        process::output(command)?;
        Ok(())
    }
}
