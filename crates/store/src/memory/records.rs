//! What the operator made, and the catalogue of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use otary_fleet::{
    Artifact, Campaign, CampaignId, Catalogue, Group, GroupName, Product, ProductName, Release, Sha256,
};

/// What the operator made. The catalogue is always of what the maps hold.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) products: BTreeMap<ProductName, Product>,
    /// In the order in which they were published.
    pub(super) releases: Vec<Release>,
    pub(super) artifacts: HashMap<Sha256, Artifact>,
    pub(super) campaigns: BTreeMap<CampaignId, Campaign>,
    pub(super) groups: BTreeMap<GroupName, Group>,
    catalogue: Arc<Catalogue>,
}

impl Records {
    pub(super) fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue)
    }

    /// Adds campaigns, or puts them in the places of those of their numbers.
    pub(super) fn keep_campaigns(&mut self, campaigns: &[Campaign]) {
        self.campaigns.extend(campaigns.iter().map(|campaign| (campaign.id, campaign.clone())));
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Self)) {
        change(self);
        let catalogue = Catalogue::new(
            self.products.values().cloned(),
            self.releases.iter().cloned(),
            self.artifacts.values().cloned(),
        );
        let (campaigns, groups) = (self.campaigns.values().cloned(), self.groups.values().cloned());
        self.catalogue = Arc::new(catalogue.with_campaigns(campaigns, groups));
    }
}
