//! Keys of every kind, made by OpenSSL once and kept below Cargo's target folder: certificates are made anew each time.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};

use otary_trust::verdict::Digest;
use rcgen::{KeyPair, SigningKey as _};
use tempfile::TempDir;

use crate::verifier::kept;

/// What kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    P192,
    P224,
    P256,
    P384,
    P521,
    K256,
    Brainpool,
    Ed25519,
    /// Of so many bits.
    Rsa(u32),
}

/// A key pair.
pub struct Key {
    pub kind: Kind,
    /// The DER of its `SubjectPublicKeyInfo`.
    pub public: Vec<u8>,
    path: PathBuf,
    pair: Option<KeyPair>,
}

/// Those that were asked for, by kind and number.
type Keys = HashMap<(Kind, u32), Arc<Key>>;

static KEYS: LazyLock<Mutex<Keys>> = LazyLock::new(Mutex::default);

/// The key of this kind and number.
pub fn key(kind: Kind, number: u32) -> Arc<Key> {
    let mut keys = KEYS.lock().unwrap();
    keys.entry((kind, number)).or_insert_with(|| Arc::new(Key::open_or_make(kind, number))).clone()
}

impl Key {
    fn open_or_make(kind: Kind, number: u32) -> Self {
        let path = kept().join(format!("{kind:?}-{number}.pem").replace(['(', ')'], ""));
        if !path.exists() {
            make(kind, &path);
        }
        let public =
            run(Command::new("openssl").args(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&path));
        let pair = match kind {
            Kind::P256 | Kind::P384 | Kind::P521 | Kind::Ed25519 | Kind::Rsa(2048..=4096) => {
                KeyPair::from_pem(&fs::read_to_string(&path).unwrap()).ok()
            }
            _ => None,
        };
        Self { kind, public, path, pair }
    }

    /// Signs in this process where that can be, or else by OpenSSL.
    pub fn sign(&self, digest: Digest, pss: bool, message: &[u8]) -> Vec<u8> {
        let usual = match self.kind {
            Kind::P256 | Kind::Rsa(_) => digest == Digest::Sha256,
            Kind::P384 => digest == Digest::Sha384,
            Kind::P521 => digest == Digest::Sha512,
            Kind::Ed25519 => true,
            _ => false,
        };
        match &self.pair {
            Some(pair) if usual && !pss => pair.sign(message).unwrap(),
            _ => self.sign_outside(digest, pss, message),
        }
    }

    fn sign_outside(&self, digest: Digest, pss: bool, message: &[u8]) -> Vec<u8> {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("message");
        fs::write(&file, message).unwrap();
        let digest = format!("-{}", digest.name().replace('-', "").to_ascii_lowercase());
        let mut command = Command::new("openssl");
        command.args(["dgst", &digest, "-sign"]).arg(&self.path);
        if pss {
            command.args(["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"]);
        }
        run(command.arg(&file))
    }
}

fn make(kind: Kind, path: &Path) {
    let (algorithm, option) = match kind {
        Kind::P192 => ("EC", Some("ec_paramgen_curve:prime192v1".to_owned())),
        Kind::P224 => ("EC", Some("ec_paramgen_curve:secp224r1".to_owned())),
        Kind::P256 => ("EC", Some("ec_paramgen_curve:prime256v1".to_owned())),
        Kind::P384 => ("EC", Some("ec_paramgen_curve:secp384r1".to_owned())),
        Kind::P521 => ("EC", Some("ec_paramgen_curve:secp521r1".to_owned())),
        Kind::K256 => ("EC", Some("ec_paramgen_curve:secp256k1".to_owned())),
        Kind::Brainpool => ("EC", Some("ec_paramgen_curve:brainpoolP256r1".to_owned())),
        Kind::Ed25519 => ("ED25519", None),
        Kind::Rsa(bits) => ("RSA", Some(format!("rsa_keygen_bits:{bits}"))),
    };
    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut command = Command::new("openssl");
    command.args(["genpkey", "-algorithm", algorithm, "-out"]).arg(&unfinished);
    if let Some(option) = option {
        command.args(["-pkeyopt", &option]);
    }
    run(&mut command);
    fs::rename(unfinished, path).unwrap();
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
