//! What decisions go by, and what they taught since the last look.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, MutexGuard};

use otary_fleet::{
    Campaign, CampaignId, Catalogue, CheckIn, Decision, Device, Mac, Opening, Openings, RosterEntry, Sha256,
    Tally, Time, begins,
};

use super::Shown;
use crate::pacer::Pacer;

/// What decisions go by, and what they taught since the last look.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// What may be begun now.
    pub openings: Openings,
    /// What the last look showed.
    pub tallies: BTreeMap<CampaignId, Tally>,
    pub transfers: Transfers,
    /// Of the campaigns under way, what was seen of devices since the last look.
    seen: BTreeMap<CampaignId, Seen>,
}

/// What was seen of devices under one campaign since the last look.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// None of one that is forgotten.
    pub devices: HashMap<Mac, Option<RosterEntry>>,
    /// How many began.
    began: u32,
}

impl Standing {
    /// From now on notes what is seen under these campaigns, and under no other.
    pub fn listen_for(&mut self, campaigns: &[&Campaign]) {
        self.seen.retain(|id, _| campaigns.iter().any(|campaign| campaign.id == *id));
        for campaign in campaigns {
            self.seen.entry(campaign.id).or_default();
        }
    }

    /// What was seen, and from now on counts as seen.
    pub fn hand_over(&mut self) -> BTreeMap<CampaignId, Seen> {
        let anew = self.seen.keys().map(|id| (*id, Seen::default())).collect();
        std::mem::replace(&mut self.seen, anew)
    }

    /// How many more downloads may be under way of what a campaign brings. Each has a share of its bytes a second that a board's
    /// client bears.
    pub fn room(&self, campaign: &Campaign, catalogue: &Catalogue) -> u32 {
        let most = campaign.pace.most_downloads();
        let artifacts = catalogue.release(&campaign.release).map(|release| release.artifacts.as_slice());
        let under_way = artifacts.unwrap_or_default().iter().map(|id| self.transfers.of(id)).sum();
        most.saturating_sub(under_way)
    }

    /// An opening, less what was begun since the evidence that it rests on was handed over.
    pub fn less_what_began(&self, campaign: CampaignId, opening: Opening, room: u32) -> Opening {
        let began = self.seen.get(&campaign).map_or(0, |seen| seen.began);
        Opening {
            slots: opening.slots.min(room).saturating_sub(began),
            unresolved: opening.unresolved.saturating_add(began),
            ..opening
        }
    }
}

/// One check-in's turn: nobody else's is decided on meanwhile, if a campaign is under way.
pub(crate) struct Turn<'a>(Option<MutexGuard<'a, Standing>>);

impl<'a> Turn<'a> {
    /// A turn; without the standing, under no campaign.
    pub(super) const fn new(standing: Option<MutexGuard<'a, Standing>>) -> Self {
        Self(standing)
    }

    /// What may be begun.
    pub(crate) fn openings(&self) -> &Openings {
        self.0.as_ref().map_or(Openings::SHUT, |standing| &standing.openings)
    }

    /// Takes the slot that a decision needs. `device` is the record that it was decided on.
    pub(crate) fn take(
        &mut self,
        check_in: &CheckIn,
        device: Option<&Device>,
        decision: &Decision,
        catalogue: &Catalogue,
    ) {
        let Some(standing) = &mut self.0 else { return };
        let Some(campaign) = begins(check_in, device, decision, catalogue) else { return };
        standing.openings.take(campaign);
        if let Some(seen) = standing.seen.get_mut(&campaign) {
            seen.began += 1;
        }
    }

    /// Notes a device as it is after what was seen of it.
    pub(crate) fn note(&mut self, device: &Device, catalogue: &Catalogue, now: Time) {
        let Some(standing) = &mut self.0 else { return };
        let Some(product) = device.belongs_to() else { return };
        for campaign in catalogue.campaigns(product) {
            let Some(seen) = standing.seen.get_mut(&campaign.id) else { continue };
            if let Some(entry) = entry(campaign, device, catalogue, now) {
                seen.devices.insert(device.mac, Some(entry));
            }
        }
    }

    /// Notes that a device is forgotten.
    pub(crate) fn forget(&mut self, mac: Mac) {
        let Some(standing) = &mut self.0 else { return };
        for seen in standing.seen.values_mut() {
            seen.devices.insert(mac, None);
        }
    }
}

/// What a campaign's roster keeps of a device of its product.
pub(super) fn entry(
    campaign: &Campaign,
    device: &Device,
    catalogue: &Catalogue,
    now: Time,
) -> Option<RosterEntry> {
    RosterEntry::of(campaign, device, campaign.means(device, catalogue, now))
}

/// Transfers under way, by artifact, and those of campaigns that have so many bytes a second.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    under_way: HashMap<Sha256, u32>,
    pacers: BTreeMap<CampaignId, (Vec<Sha256>, Arc<Pacer>)>,
}

impl Transfers {
    /// One begins. Gives what paces it, if anything does.
    pub fn begin(&mut self, artifact: Sha256) -> Option<Arc<Pacer>> {
        *self.under_way.entry(artifact).or_default() += 1;
        let mut pacers = self.pacers.values();
        pacers.find(|(artifacts, _)| artifacts.contains(&artifact)).map(|(_, pacer)| Arc::clone(pacer))
    }

    pub fn end(&mut self, artifact: Sha256) {
        if let Some(count) = self.under_way.get_mut(&artifact) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.under_way.remove(&artifact);
            }
        }
    }

    fn of(&self, artifact: &Sha256) -> u32 {
        self.under_way.get(artifact).copied().unwrap_or(0)
    }

    /// From now on paces what these campaigns bring. A transfer that is under way goes on as it began.
    pub fn pace(&mut self, campaigns: &[Shown], catalogue: &Catalogue) {
        let before = std::mem::take(&mut self.pacers);
        for (campaign, _) in campaigns {
            let Some(bytes) = campaign.pace.bytes_per_second else { continue };
            let Some(release) = catalogue.release(&campaign.release) else { continue };
            let same = before.get(&campaign.id).filter(|(_, pacer)| pacer.bytes_per_second() == bytes);
            let pacer = same.map_or_else(|| Arc::new(Pacer::new(bytes)), |(_, pacer)| Arc::clone(pacer));
            self.pacers.insert(campaign.id, (release.artifacts.clone(), pacer));
        }
    }
}
