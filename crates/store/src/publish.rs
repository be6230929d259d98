//! What must hold before a release is put on record, the same for every backend.

use otary_fleet::{Artifact, Catalogue, Release, Sha256, SignedManifest};

use crate::StoreError;

/// Whether a release may be added with these artifacts. `blob_size` tells how many bytes a blob has.
pub(crate) fn check_new(
    catalogue: &Catalogue,
    release: &Release,
    artifacts: &[Artifact],
    blob_size: impl Fn(&Sha256) -> Result<u64, StoreError>,
) -> Result<(), StoreError> {
    if catalogue.product(&release.id.product).is_none() {
        return Err(StoreError::NoProduct(release.id.product.clone()));
    }
    if catalogue.release(&release.id).is_some() {
        return Err(StoreError::ReleaseExists(release.id.clone()));
    }
    for artifact in artifacts {
        let found = blob_size(&artifact.id)?;
        if found != artifact.size {
            return Err(StoreError::WrongSize { name: artifact.id, expected: artifact.size, found });
        }
    }
    let on_record =
        |id: &Sha256| catalogue.artifact(id).is_some() || artifacts.iter().any(|new| new.id == *id);
    check_artifacts(release, on_record)
}

/// Whether a release may take the place of the one of its name.
pub(crate) fn check_replacing(catalogue: &Catalogue, release: &Release) -> Result<(), StoreError> {
    if catalogue.release(&release.id).is_none() {
        return Err(StoreError::NoRelease(release.id.clone()));
    }
    check_artifacts(release, |id| catalogue.artifact(id).is_some())
}

fn check_artifacts(release: &Release, on_record: impl Fn(&Sha256) -> bool) -> Result<(), StoreError> {
    match release.artifacts.iter().find(|id| !on_record(id)) {
        Some(missing) => Err(StoreError::NoBlob(*missing)),
        None => check_manifests(release),
    }
}

/// Each manifest is of an artifact of the release, and no other is.
fn check_manifests(release: &Release) -> Result<(), StoreError> {
    let strays = |manifest: &&SignedManifest| {
        let others = release.manifests.iter().filter(|other| other.artifact == manifest.artifact);
        !release.artifacts.contains(&manifest.artifact) || others.count() > 1
    };
    match release.manifests.iter().find(strays) {
        Some(stray) => {
            Err(StoreError::StrayManifest { release: release.id.clone(), artifact: stray.artifact })
        }
        None => Ok(()),
    }
}

/// Whether a release holds the artifact.
pub(crate) fn is_held(catalogue: &Catalogue, artifact: &Sha256) -> bool {
    catalogue.all_releases().any(|release| release.artifacts.contains(artifact))
}
