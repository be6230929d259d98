//! What must hold before campaigns are put on record, the same for every backend.

use otary_fleet::{Campaign, Catalogue, ReleaseId};

use crate::StoreError;

/// Whether campaigns may be added together, or take the places of those of their numbers. A new one brings a release that is on
/// record, or comes `with` them; one that moves on may have lost it. Two that are under way are never for the same devices.
pub(crate) fn check_campaigns(
    catalogue: &Catalogue,
    campaigns: &[Campaign],
    with: Option<&ReleaseId>,
) -> Result<(), StoreError> {
    campaigns.iter().try_for_each(|campaign| {
        if catalogue.product(&campaign.product).is_none() {
            return Err(StoreError::NoProduct(campaign.product.clone()));
        }
        let is_new = catalogue.campaign(campaign.id).is_none();
        let is_there = catalogue.release(&campaign.release).is_some() || with == Some(&campaign.release);
        if is_new && !is_there {
            return Err(StoreError::NoRelease(campaign.release.clone()));
        }
        let stays = |other: &&Campaign| campaigns.iter().all(|changed| changed.id != other.id);
        let mut others = catalogue.campaigns(&campaign.product).iter().filter(stays).chain(campaigns);
        let is_rival = |other: &&Campaign| {
            other.id != campaign.id && other.is_under_way() && other.has_target_of(campaign)
        };
        match others.find(is_rival) {
            Some(rival) if campaign.is_under_way() => Err(StoreError::TargetTaken { by: rival.id }),
            _ => Ok(()),
        }
    })
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
