//! Openings: what may be begun at this moment under each campaign. Computed beside the decisions, from the evidence, and
//! handed to them as a value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CampaignId, Time};

/// What may be begun now under one campaign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Opening {
    /// How many more devices may be offered its release.
    pub slots: u32,
    /// Devices that were offered it and of which nothing is known yet.
    pub unresolved: u32,
    /// How many of those there may be at this moment.
    pub allowed: u32,
    /// Nothing is begun before this: the pace is reached.
    pub paced_until: Option<Time>,
    /// Whether the slots reach into the wave after the last open one: what was seen is not enough to tell.
    pub probing: bool,
}

/// What may be begun now, by campaign. Under a campaign that is not in it nothing may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Openings(BTreeMap<CampaignId, Opening>);

impl Openings {
    /// Nothing may be begun.
    pub const SHUT: &'static Self = &Self(BTreeMap::new());

    /// What may be begun under a campaign.
    pub fn of(&self, campaign: CampaignId) -> Option<&Opening> {
        self.0.get(&campaign)
    }

    /// Each campaign of which something is said, and what.
    pub fn iter(&self) -> impl Iterator<Item = (CampaignId, Opening)> {
        self.0.iter().map(|(campaign, opening)| (*campaign, *opening))
    }

    /// Says what may be begun under a campaign.
    pub fn set(&mut self, campaign: CampaignId, opening: Opening) {
        self.0.insert(campaign, opening);
    }

    /// Takes one slot. False if there is none.
    pub fn take(&mut self, campaign: CampaignId) -> bool {
        let free = self.0.get_mut(&campaign).filter(|opening| opening.slots > 0);
        free.is_some_and(|opening| {
            opening.slots -= 1;
            opening.unresolved = opening.unresolved.saturating_add(1);
            true
        })
    }
}

impl FromIterator<(CampaignId, Opening)> for Openings {
    fn from_iter<I: IntoIterator<Item = (CampaignId, Opening)>>(openings: I) -> Self {
        Self(openings.into_iter().collect())
    }
}
