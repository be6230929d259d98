//! The rosters of the campaigns under way: read from the records once, and kept by what check-ins teach.

use std::collections::BTreeMap;
use std::time::Duration;

use otary_fleet::{Campaign, CampaignId, Catalogue, Device, Group, Mac, Roster, Tally, Time};
use otary_store::{Store, StoreError};

use super::pauses::Pauses;
use super::standing::{Seen, entry};
use crate::every::each_device;

/// How long a roster is kept before it is read anew: devices that the store let go leave it then.
const ROSTER_AGE: Duration = Duration::from_hours(1);

/// The rosters of the campaigns under way.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub pauses: Pauses,
    rosters: BTreeMap<CampaignId, Roster>,
    /// What the groups were when the rosters were read.
    groups: Vec<Group>,
    /// When the oldest was read.
    read: Time,
}

impl Watch {
    /// Has a roster of each of these campaigns, and of no other.
    pub fn read(
        &mut self,
        store: &dyn Store,
        catalogue: &Catalogue,
        campaigns: &[&Campaign],
        now: Time,
    ) -> Result<(), StoreError> {
        let groups: Vec<Group> = catalogue.groups().cloned().collect();
        if groups != self.groups || now.since(self.read) > ROSTER_AGE {
            self.rosters.clear();
            (self.groups, self.read) = (groups, now);
        }
        self.rosters.retain(|id, _| campaigns.iter().any(|campaign| campaign.id == *id));
        let new = campaigns.iter().filter(|campaign| !self.rosters.contains_key(&campaign.id));
        let new: Vec<&Campaign> = new.copied().collect();
        if !new.is_empty() {
            self.rosters.extend(rosters(store, catalogue, &new, &self.pauses, now)?);
        }
        Ok(())
    }

    /// Takes in what was seen since.
    pub fn take(&mut self, seen: BTreeMap<CampaignId, Seen>) {
        for (id, seen) in seen {
            let Some(roster) = self.rosters.get_mut(&id) else { continue };
            for (mac, entry) in seen.devices {
                match entry {
                    Some(entry) => roster.enter(entry),
                    None => roster.forget(mac),
                }
            }
        }
    }

    /// What a campaign that there is a roster of has shown.
    pub fn count(&self, campaign: &Campaign, now: Time) -> Tally {
        self.rosters.get(&campaign.id).map(|roster| roster.tally(campaign, now)).unwrap_or_default()
    }

    /// What any campaign has shown, by the records.
    pub fn tally(
        &self,
        store: &dyn Store,
        catalogue: &Catalogue,
        campaign: &Campaign,
        now: Time,
    ) -> Result<Tally, StoreError> {
        let rosters = rosters(store, catalogue, &[campaign], &self.pauses, now)?;
        Ok(rosters.get(&campaign.id).map(|roster| roster.tally(campaign, now)).unwrap_or_default())
    }

    /// The devices that were offered what a campaign brings, by address.
    pub fn offered(
        &self,
        store: &dyn Store,
        catalogue: &Catalogue,
        campaign: &Campaign,
    ) -> Result<Vec<Mac>, StoreError> {
        if let Some(roster) = self.rosters.get(&campaign.id) {
            return Ok(roster.offered().collect());
        }
        let rosters = rosters(store, catalogue, &[campaign], &self.pauses, campaign.created)?;
        Ok(rosters.get(&campaign.id).map(|roster| roster.offered().collect()).unwrap_or_default())
    }
}

/// The rosters of these campaigns, read from the records in one pass.
fn rosters(
    store: &dyn Store,
    catalogue: &Catalogue,
    campaigns: &[&Campaign],
    pauses: &Pauses,
    now: Time,
) -> Result<BTreeMap<CampaignId, Roster>, StoreError> {
    let mut roster = Roster::default();
    pauses.all().for_each(|(from, to)| roster.was_deaf(from, to));
    let mut rosters: BTreeMap<CampaignId, Roster> =
        campaigns.iter().map(|campaign| (campaign.id, roster.clone())).collect();
    let mut note = |device: &Device| {
        let product = device.belongs_to();
        for campaign in campaigns.iter().filter(|campaign| product == Some(&campaign.product)) {
            let entry = entry(campaign, device, catalogue, now);
            if let Some((roster, entry)) = rosters.get_mut(&campaign.id).zip(entry) {
                roster.enter(entry);
            }
        }
    };
    each_device(store, &mut note)?;
    Ok(rosters)
}
