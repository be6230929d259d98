//! Whether the manifests of a release say what it is, by a key that may: every rule, in the order in which it is asked.
//!
//! Devices ask the same again. Asking it here tells the operator, who can do something about it, before anything is
//! published.

use otary_fleet::{
    Artifact, Catalogue, Kind, ManifestBytes, ProductName, Release, Sha256, SignedManifest, Time, Version,
};
use otary_trust::signing::{Manifest, Signed, SigningKey, Terms};

use super::refusal::Unsigned;
use super::view::ServerSigning;
use crate::operator::problem::Problem;
use crate::operator::site::Operator;

/// What manifests are held against.
struct Case<'a> {
    signed: &'a Signed,
    release: &'a Release,
    artifacts: &'a [Artifact],
    catalogue: &'a Catalogue,
    /// The highest number that the product had.
    known: u32,
    now: Time,
}

impl Operator {
    /// Checks the manifests that came with a release, and gives what the first one says; nothing without any.
    pub(in crate::operator) fn check_manifests(
        &self,
        release: &Release,
        artifacts: &[Artifact],
        catalogue: &Catalogue,
    ) -> Result<Option<Manifest>, Problem> {
        if release.manifests.is_empty() {
            return Ok(None);
        }
        let known = self.highest_number(&release.id.product, catalogue)?;
        let signed = self.newest_signed().ok_or(Unsigned::NoRecord)?;
        let case = Case { signed: &signed, release, artifacts, catalogue, known, now: self.now() };
        Ok(case.check()?)
    }

    /// Makes the manifests of a release with the key that this server holds.
    pub(in crate::operator) fn sign_here(
        &self,
        release: &Release,
        artifacts: &[Artifact],
        catalogue: &Catalogue,
        signing: &ServerSigning,
    ) -> Result<Vec<SignedManifest>, Problem> {
        let known = self.highest_number(&release.id.product, catalogue)?;
        let record = self.newest_record().ok_or(Unsigned::NoRecord)?;
        let number = signing.number.or_else(|| record.number_after(known));
        let number = number.ok_or(Unsigned::NoNumber { known })?;
        let terms = Terms {
            product: release.id.product.clone(),
            version: release.id.version.to_string(),
            hardware: signing.hardware.clone(),
            number,
            floor: signing.floor,
            downgrade: signing.downgrade,
            not_after: signing.not_after,
        };
        self.custody()?.look(|held| {
            let holding = held.authority.holding();
            if let Some(path) = held.authority.locked().filter(|_| holding.holds_release_key()) {
                return Err(otary_trust::Error::Locked { path }.into());
            }
            let key = holding.release_key().ok_or(Unsigned::NoHeldKey)?;
            Ok(sign(artifacts, &terms, key)?)
        })
    }

    /// What is worth telling of files that are not signed, where releases are.
    pub(in crate::operator) fn unsigned(&self, release: &Release, artifacts: &[Artifact]) -> Vec<String> {
        if self.newest_record().is_none() {
            return Vec::new();
        }
        let unsigned =
            artifacts.iter().filter(|file| can_be_signed(file) && release.manifest_of(&file.id).is_none());
        let note = |file: &Artifact| {
            let name = &file.file_name;
            format!("{name} is not signed: devices that verify releases are not offered it (--sign KEYFILE)")
        };
        unsigned.map(note).collect()
    }

    fn newest_signed(&self) -> Option<Signed> {
        self.custody.as_ref()?.look(|held| held.authority.holding().chain().newest().cloned())
    }
}

/// A manifest for each file that can have one.
fn sign(artifacts: &[Artifact], terms: &Terms, key: &SigningKey) -> Result<Vec<SignedManifest>, Unsigned> {
    let made = artifacts.iter().filter(|artifact| can_be_signed(artifact)).map(|artifact| {
        let bytes = terms.sign(artifact, key);
        let bytes = bytes.map_err(|fault| Unsigned::NotMade { file: artifact.file_name.clone(), fault })?;
        let bytes = ManifestBytes::try_from(bytes.as_slice());
        let bytes = bytes.map_err(|_| Unsigned::NothingToSign)?;
        Ok(SignedManifest { artifact: artifact.id, number: terms.number, bytes })
    });
    let made: Vec<SignedManifest> = made.collect::<Result<_, Unsigned>>()?;
    if made.is_empty() { Err(Unsigned::NothingToSign) } else { Ok(made) }
}

/// Whether devices that run such an image verify manifests: an app of a chip that images name.
fn can_be_signed(artifact: &Artifact) -> bool {
    artifact.kind == Kind::App && artifact.chip.is_some_and(|chip| chip.id().is_some())
}

impl Case<'_> {
    fn check(&self) -> Result<Option<Manifest>, Unsigned> {
        let mut first: Option<Manifest> = None;
        for (place, manifest) in self.release.manifests.iter().enumerate() {
            let artifact = self.artifact(&manifest.artifact)?;
            let earlier = self.release.manifests.iter().take(place);
            if earlier.map(|earlier| earlier.artifact).any(|id| id == artifact.id) {
                return Err(Unsigned::Twice { file: artifact.file_name.clone() });
            }
            let says = self.open(manifest, artifact)?;
            self.check_says(&says, artifact, manifest.number)?;
            match &first {
                Some(first) if first.number != says.number => {
                    return Err(Unsigned::Numbers { first: first.number, second: says.number });
                }
                Some(_) => {}
                None => {
                    self.check_number(&says)?;
                    first = Some(says);
                }
            }
        }
        Ok(first)
    }

    fn artifact(&self, id: &Sha256) -> Result<&Artifact, Unsigned> {
        let found = self.artifacts.iter().find(|artifact| artifact.id == *id && can_be_signed(artifact));
        found.ok_or_else(|| Unsigned::NoSuchFile { artifact: id.to_string() })
    }

    fn open(&self, manifest: &SignedManifest, artifact: &Artifact) -> Result<Manifest, Unsigned> {
        let opened = self.signed.open_manifest(manifest.bytes.as_slice());
        opened.map_err(|fault| Unsigned::Unsound { file: artifact.file_name.clone(), fault })
    }

    /// Whether it says what the file is.
    fn check_says(&self, says: &Manifest, artifact: &Artifact, number: u32) -> Result<(), Unsigned> {
        let id = &self.release.id;
        let chip =
            |chip: Option<otary_fleet::Chip>| chip.map_or("unknown", otary_fleet::Chip::family).to_owned();
        let fields = [
            ("the product", says.product.clone(), id.product.to_string()),
            ("the version", says.version.clone(), id.version.to_string()),
            ("the chip", chip(says.chip), chip(artifact.chip)),
            ("the length", says.length.to_string(), artifact.size.to_string()),
            ("the SHA-256", says.sha256.to_string(), artifact.id.to_string()),
            ("the release number", says.number.to_string(), number.to_string()),
        ];
        let file = || artifact.file_name.clone();
        for (field, found, expected) in fields {
            if found != expected {
                return Err(Unsigned::Otherwise { file: file(), field, found, expected });
            }
        }
        if says.not_after.is_some_and(|end| end < self.now) {
            return Err(Unsigned::Expired { file: file() });
        }
        Ok(())
    }

    /// Whether a release of this product may have its number.
    fn check_number(&self, says: &Manifest) -> Result<(), Unsigned> {
        let (number, minimum) = (says.number, self.signed.record.minimum);
        if number < minimum {
            return Err(Unsigned::BelowMinimum { number, minimum });
        }
        if says.floor > number {
            return Err(Unsigned::Floor { floor: says.floor, number });
        }
        if let Some((product, version)) = self.taken(number) {
            return Err(Unsigned::Taken { number, product, version });
        }
        if number <= self.known && !says.downgrade {
            let product = self.release.id.product.clone();
            return Err(Unsigned::NotHigher { number, known: self.known, product });
        }
        Ok(())
    }

    fn taken(&self, number: u32) -> Option<(ProductName, Version)> {
        let has = |release: &&Release| release.manifests.iter().any(|manifest| manifest.number == number);
        let taken = self.catalogue.releases(&self.release.id.product).iter().find(has)?;
        Some((taken.id.product.clone(), taken.id.version.clone()))
    }
}
