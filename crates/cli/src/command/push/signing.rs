//! Signing a release as it is pushed: on this machine before anything is sent, or by the server.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otary_fleet::{Artifact, ManifestBytes, ProductName, SignedManifest, read};
use otary_server::operator::{Numbers, Publication, ServerSigning, SigningView};
use otary_trust::signing::{Chain, Record, SigningKey, Unsignable};

use crate::advice::{Advise, advised};
use crate::client::{Client, PushedFile, path};
use crate::clock;
use crate::file::read_file;
use crate::key_file::OpeningArgs;
use crate::signing::{TermsArgs, check_leap};

/// How the release is signed.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Signing (for devices that verify releases)")]
pub struct SigningArgs {
    /// Sign with this release key, on this machine: the key is not sent anywhere
    #[arg(long, value_name = "KEYFILE", group = "signed")]
    sign: Option<PathBuf>,

    #[command(flatten)]
    opening: OpeningArgs,

    /// Have the server sign with the release key that it keeps (`otary key hold`): weaker, for whoever takes over the
    /// server signs too
    #[arg(long, group = "signed")]
    sign_on_server: bool,

    /// A manifest that `otary key sign` made of one of the files; may be given several times
    #[arg(long, value_name = "FILE", group = "signed")]
    manifest: Vec<PathBuf>,

    /// The release number to sign [default: the one after the highest that the server knows]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    release_number: Option<u32>,

    #[command(flatten)]
    terms: TermsArgs,
}

impl SigningArgs {
    /// Whether the server signs, which takes the authority's keys where no server runs.
    pub const fn on_server(&self) -> bool {
        self.sign_on_server
    }

    /// Reads the key, which may ask for its passphrase: before anything is sent that takes long.
    pub fn key(&self) -> Result<Option<SigningKey>> {
        let says_how = self.release_number.is_some() || self.terms.is_said();
        if says_how && (self.sign.is_none() && !self.sign_on_server) {
            let error = anyhow!("release number, floor and the like are for a release that is signed");
            return Err(advised(error, "say --sign KEYFILE, or --sign-on-server"));
        }
        self.sign.as_deref().map(|file| self.opening.read_key(file)).transpose()
    }

    /// Signs what can be signed of `files`, or says that the server is to.
    pub fn sign(
        &self,
        key: Option<&SigningKey>,
        files: &[PushedFile],
        publication: &mut Publication,
        client: &mut Client,
    ) -> Result<()> {
        if let Some(key) = key {
            publication.manifests = self.sign_here(key, files, publication, client)?;
        }
        if self.sign_on_server {
            let terms = self.terms.terms(&publication.product, &publication.version, 0)?;
            publication.sign = Some(ServerSigning {
                number: self.release_number,
                floor: terms.floor,
                not_after: terms.not_after,
                hardware: terms.hardware,
                downgrade: terms.downgrade,
            });
        }
        if !self.manifest.is_empty() {
            publication.manifests = self.read_manifests(client)?;
        }
        Ok(())
    }

    fn sign_here(
        &self,
        key: &SigningKey,
        files: &[PushedFile],
        publication: &Publication,
        client: &mut Client,
    ) -> Result<Vec<SignedManifest>> {
        let number = self.number(key, &publication.product, client)?;
        let terms = self.terms.terms(&publication.product, &publication.version, number)?;
        let mut made = Vec::new();
        for (file, artifact) in files.iter().filter_map(|file| Some((file, artifact(file)?))) {
            let bytes = match terms.sign(&artifact, key) {
                // A file system, or an image for a chip whose client verifies nothing: the server tells of it.
                Err(Unsignable::NoApp) => continue,
                signed => signed.with_context(|| file.name.clone())?,
            };
            let bytes = ManifestBytes::try_from(bytes.as_slice()).with_context(|| file.name.clone())?;
            made.push(SignedManifest { artifact: artifact.id, number, bytes });
        }
        if made.is_empty() {
            let error = anyhow!("none of the files is an app image for a chip that checks signatures");
            return Err(advised(error, "push without --sign"));
        }
        Ok(made)
    }

    /// The release number, once it is clear that the key may sign it: the server would refuse it after the upload.
    fn number(&self, key: &SigningKey, product: &ProductName, client: &mut Client) -> Result<u32> {
        let numbers: Numbers = client.get(&path(["signing", "numbers", product.as_str()]))?;
        let record = numbers.record.context("releases are not signed here: there is no root record");
        let record = record.help("otary key new --out DIR makes the keys and the first one")?;
        let number = self.release_number.or(numbers.next);
        let number = number.with_context(|| {
            format!(
                "root record {} names no key that may sign a number after {}",
                record.version, numbers.known
            )
        });
        let number = number.help("otary key rotate names a new release key")?;
        if self.release_number.is_none() {
            // Nothing here shows that the record is the owner's, so what it says of numbers is the server's word, too.
            check_leap(number, 0, "--release-number")?;
        }
        check_key(key, &record, number)?;
        Ok(number)
    }

    /// The manifests, with what the server's root records let them say of themselves.
    fn read_manifests(&self, client: &mut Client) -> Result<Vec<SignedManifest>> {
        let view: SigningView = client.get(&path(["signing"]))?;
        let mut chain = Chain::default();
        for line in &view.records {
            let bytes = STANDARD.decode(&line.signed).context("the server's root record is damaged")?;
            chain.push(&bytes).context("the server's root records do not follow from each other")?;
        }
        let read = |file: &PathBuf| {
            let bytes = read_file(file, ManifestBytes::MAX as u64)?;
            let (_, manifest) = chain.open_manifest(&bytes).with_context(|| file.display().to_string())?;
            let bytes = ManifestBytes::try_from(bytes.as_slice())?;
            Ok(SignedManifest { artifact: manifest.sha256, number: manifest.number, bytes })
        };
        self.manifest.iter().map(read).collect()
    }
}

/// What a file is, if it can be told: the server says it when it cannot.
fn artifact(file: &PushedFile) -> Option<Artifact> {
    Some(read(&file.bytes, &file.name, clock::now(), false).ok()?.artifact)
}

fn check_key(key: &SigningKey, record: &Record, number: u32) -> Result<()> {
    let (public, version) = (key.public(), record.version);
    let id = public.id();
    let Some(own) = record.release_keys.iter().find(|release| release.key == public) else {
        let root = if record.root_keys.contains(&public) { "a root key, and " } else { "" };
        let error = anyhow!("the key {id} is {root}no release key of root record {version}");
        return Err(advised(error, "otary key show tells which there are"));
    };
    if (own.first..=own.last).contains(&number) {
        return Ok(());
    }
    let error =
        anyhow!("the key {id} may sign release numbers {} to {}, and this is {number}", own.first, own.last);
    Err(match record.release_key_for(number) {
        Some(other) => advised(error, format!("sign with the key {}", other.key.id())),
        None => advised(error, "otary key show tells which key may sign which numbers"),
    })
}
