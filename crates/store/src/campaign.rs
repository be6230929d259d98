//! What must hold before a campaign is put on record, the same for every backend.

use otary_fleet::{Campaign, Catalogue, ReleaseId};

use crate::StoreError;

/// Whether a campaign may be added, or take the place of the one of its number. A new one brings a release that is on
/// record; one that moves on may have lost it. Two that are under way are never for the same devices.
pub(crate) fn check_campaign(catalogue: &Catalogue, campaign: &Campaign) -> Result<(), StoreError> {
    if catalogue.product(&campaign.product).is_none() {
        return Err(StoreError::NoProduct(campaign.product.clone()));
    }
    let is_new = catalogue.campaign(campaign.id).is_none();
    if is_new && catalogue.release(&campaign.release).is_none() {
        return Err(StoreError::NoRelease(campaign.release.clone()));
    }
    let rival = catalogue
        .campaigns(&campaign.product)
        .iter()
        .find(|other| other.id != campaign.id && other.is_under_way() && other.has_target_of(campaign));
    match rival {
        Some(rival) if campaign.is_under_way() => Err(StoreError::TargetTaken { by: rival.id }),
        _ => Ok(()),
    }
}

/// Whether a release may be deleted: it is on record, and no campaign under way brings it.
pub(crate) fn check_deletion(catalogue: &Catalogue, release: &ReleaseId) -> Result<(), StoreError> {
    if catalogue.release(release).is_none() {
        return Err(StoreError::NoRelease(release.clone()));
    }
    let brings = |campaign: &&Campaign| campaign.release == *release && campaign.is_under_way();
    match catalogue.campaigns(&release.product).iter().find(brings) {
        Some(campaign) => Err(StoreError::Brought { release: release.clone(), by: campaign.id }),
        None => Ok(()),
    }
}
