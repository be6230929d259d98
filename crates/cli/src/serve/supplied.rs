//! A certificate and key from elsewhere, which devices are shown instead of the authority's.
//!
//! - Both files are read again when one of them changes. A pair that does not belong together, or is written half, is
//!   told of, and the one before it is shown until the pair is whole.
//! - What devices have to trust is known, or the server does not start: the file that `tls.ca` names, which then has to
//!   have a certificate that the chain leads to; else the last certificate of the chain, which then has to name itself
//!   as its issuer.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use otary_fleet::{Sha256, Time};
use otary_server::{Elsewhere, Identity, ServeError};
use otary_trust::{Certificate, PrivateKey};

use crate::advice::{Advise, advised};
use crate::config::Tls;
use crate::data::quoted;
use crate::file::{read_file, read_text};
use crate::platform::mode_for_others;
use crate::verdicts::Verdicts;

/// The largest files of certificates and of a key that are read, in bytes.
const MAX_CHAIN: u64 = 256 * 1024;
const MAX_KEY: u64 = 64 * 1024;

/// The files, and what was in them when they were last in order.
#[derive(Debug)]
pub struct Supplied {
    files: Files,
    shown: Pair,
    /// Digest of what was last looked at.
    seen: Sha256,
}

#[derive(Debug)]
struct Files {
    cert: PathBuf,
    key: PathBuf,
    ca: Option<PathBuf>,
}

/// A chain with the key of its first certificate.
#[derive(Debug)]
struct Pair {
    leaf: Certificate,
    others: Vec<Certificate>,
    key: PrivateKey,
    anchors: Vec<Certificate>,
}

impl Supplied {
    /// Reads what the settings name; none if they name nothing.
    pub fn read(tls: &Tls) -> Result<Option<Self>> {
        let (cert, key) = match (tls.cert.clone(), tls.key.clone()) {
            (Some(cert), Some(key)) => (cert, key),
            (None, None) if tls.ca.is_none() => return Ok(None),
            _ => {
                let error = anyhow!("a certificate from elsewhere takes tls.cert and tls.key, and both");
                return Err(advised(error, "give --cert FILE and --key FILE, or neither"));
            }
        };
        let files = Files { cert, key, ca: tls.ca.clone() };
        files.warn_if_loose();
        let seen = files.digest()?;
        Ok(Some(Self { shown: files.read()?, files, seen }))
    }

    /// Looks at the files. True: there is another pair in them, and it is the one to show. An error leaves the pair
    /// before it, and comes again with each look until the files are in order.
    pub fn refresh(&mut self) -> Result<bool> {
        // The digest first: what changes meanwhile is seen at the next look.
        let seen = self.files.digest()?;
        if seen == self.seen {
            return Ok(false);
        }
        self.shown = self.files.read()?;
        self.seen = seen;
        Ok(true)
    }

    /// What devices are shown, while operators are shown what `authority` has.
    pub fn identity(&self, authority: &Identity) -> Result<Identity, ServeError> {
        let Pair { leaf, others, key, .. } = &self.shown;
        let chain = [leaf].into_iter().chain(others).map(|found| found.der().clone());
        let (chain, pem) = (chain.collect(), self.anchors_pem());
        Identity::from_elsewhere(chain, &key.to_der(), &pem, self.anchor(), authority)
    }

    /// The server's certificate.
    pub const fn certificate(&self) -> &Certificate {
        &self.shown.leaf
    }

    /// What devices trust; if there are several, the one that the chain leads to.
    pub fn anchor(&self) -> &Certificate {
        let Pair { leaf, others, anchors, .. } = &self.shown;
        let leads = |anchor: &&Certificate| [leaf].into_iter().chain(others).any(|at| leads_to(at, anchor));
        anchors.iter().find(leads).or(anchors.first()).unwrap_or(leaf)
    }

    /// What operators are told of it.
    pub fn elsewhere(&self) -> Elsewhere {
        let leaf = self.certificate();
        Elsewhere {
            anchor: self.anchor().anchor(),
            anchors_pem: self.anchors_pem(),
            not_after: leaf.not_after(),
            names: leaf.names().to_vec(),
        }
    }

    /// All that devices trust, as PEM text.
    pub fn anchors_pem(&self) -> String {
        self.shown.anchors.iter().map(Certificate::pem).collect()
    }

    /// What devices say of it that trust its anchors.
    pub fn verdicts(&self, now: Time) -> Verdicts {
        let Pair { leaf, others, anchors, .. } = &self.shown;
        let chain: Vec<&Certificate> = [leaf].into_iter().chain(others).collect();
        Verdicts::of(&chain, &anchors.iter().collect::<Vec<_>>(), now)
    }

    /// The file with the certificate.
    pub fn file(&self) -> &Path {
        &self.files.cert
    }
}

impl Files {
    fn read(&self) -> Result<Pair> {
        let chain = read_chain(&self.cert)?;
        let key = read_text(&self.key, MAX_KEY)?;
        let named = || self.key.display().to_string();
        let key = PrivateKey::from_pem(key.as_bytes())
            .with_context(named)
            .help("it is PEM text without a passphrase")?;
        let anchors = match &self.ca {
            Some(file) => given_anchors(file, &self.cert, &chain)?,
            None => self.own_anchor(&chain)?,
        };
        let mut chain = chain.into_iter();
        let leaf = chain.next().with_context(|| format!("{} is empty", self.cert.display()))?;
        let own = leaf.check_key(&key).with_context(named);
        own.help(format!("it has to be the key of the first certificate in {}", self.cert.display()))?;
        Ok(Pair { leaf, others: chain.collect(), key, anchors })
    }

    fn own_anchor(&self, chain: &[Certificate]) -> Result<Vec<Certificate>> {
        match chain.last() {
            Some(last) if last.is_self_issued() => Ok(vec![last.clone()]),
            _ => Err(advised(
                anyhow!(
                    "{} does not end in a certificate that devices could trust by itself",
                    self.cert.display()
                ),
                "name the root that they hold with --ca FILE",
            )),
        }
    }

    fn digest(&self) -> Result<Sha256> {
        let mut bytes = zeroize::Zeroizing::new(read_file(&self.key, MAX_KEY)?);
        for file in [Some(&self.cert), self.ca.as_ref()].into_iter().flatten() {
            bytes.extend(read_file(file, MAX_CHAIN)?);
        }
        Ok(Sha256::of(&bytes))
    }

    fn warn_if_loose(&self) {
        let mode = fs::metadata(&self.key).map(|found| mode_for_others(&found)).unwrap_or_default();
        if mode != 0 {
            let key = quoted(&self.key);
            tracing::warn!(target: "trust", "others can read the key {key}: chmod 0600 {key}");
        }
    }
}

/// What devices hold by `file`, which has to have one that `chain`, read from `cert`, leads to: else no device would
/// believe the server.
fn given_anchors(file: &Path, cert: &Path, chain: &[Certificate]) -> Result<Vec<Certificate>> {
    let anchors = read_chain(file)?;
    if anchors.iter().any(|anchor| chain.iter().any(|at| leads_to(at, anchor))) {
        return Ok(anchors);
    }
    let (file, cert) = (file.display(), cert.display());
    Err(advised(
        anyhow!("no certificate in {file} has signed one in {cert}"),
        format!(
            "name the root that {cert} leads to, and put what lies between them into {cert} after the server's"
        ),
    ))
}

/// Whether a chain that has `certificate` in it leads a device to `anchor`.
fn leads_to(certificate: &Certificate, anchor: &Certificate) -> bool {
    certificate == anchor || certificate.check_issuer(anchor).is_ok()
}

fn read_chain(file: &Path) -> Result<Vec<Certificate>> {
    let text = read_file(file, MAX_CHAIN)?;
    let read = Certificate::chain_from_pem(&text).with_context(|| file.display().to_string());
    read.help("it is PEM text, the server's certificate first, then those that lead to the root")
}
