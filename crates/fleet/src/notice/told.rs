//! What was told, so that it is told once. It is kept as JSON, and bounded.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Place;
use crate::{Act, CampaignId, Time};

/// What falls silent within so long is told together.
const SETTLE: Duration = Duration::from_mins(10);
/// Such notices are so far apart at least.
const PAUSE: Duration = Duration::from_hours(1);
/// Places that were told of and are remembered.
const MAX_PLACES: usize = 1000;

/// What was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Told {
    /// From when on is told what happens: what was before the first look is no news.
    pub(super) since: Option<Time>,
    /// When the campaigns came to their end of which it was told.
    pub(super) campaigns: BTreeMap<CampaignId, Time>,
    pub(super) silent: Spread,
    pub(super) looping: Spread,
    /// The deadline of each act, and how urgent it was when it was told.
    pub(super) due: BTreeMap<Act, (Time, u64)>,
    /// The same of the certificate that ends first.
    pub(super) certificate: Option<(Time, u64)>,
    /// When it was told that the disk is nearly full, while it is.
    pub(super) disk: Option<Time>,
    /// When the audit log's head was told last.
    pub(super) audit: Option<Time>,
}

/// What was told of devices by place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub(super) struct Spread {
    /// The places that were told of, with the devices that something was wrong with.
    told: BTreeMap<String, u64>,
    /// Since when there is something to tell.
    pending: Option<Time>,
    /// When it was told last.
    last: Option<Time>,
}

impl Spread {
    /// The places to tell of now: those that are new or twice as bad as told, when it has settled.
    pub(super) fn news<'a>(&mut self, wrong: impl Iterator<Item = &'a Place>, now: Time) -> Vec<&'a Place> {
        let wrong: BTreeMap<&str, &Place> = wrong.map(|place| (place.place.as_str(), place)).collect();
        self.told.retain(|place, _| wrong.contains_key(place.as_str()));
        let is_news = |place: &&&Place| {
            self.told.get(&place.place).is_none_or(|told| place.missing >= told.saturating_mul(2))
        };
        let news: Vec<&Place> = wrong.values().filter(is_news).copied().collect();
        if news.is_empty() {
            self.pending = None;
            return news;
        }
        let pending = *self.pending.get_or_insert(now);
        let is_settled = now.since(pending) >= SETTLE;
        if !is_settled || self.last.is_some_and(|last| now.since(last) < PAUSE) {
            return Vec::new();
        }
        (self.pending, self.last) = (None, Some(now));
        for place in &news {
            if self.told.len() < MAX_PLACES || self.told.contains_key(&place.place) {
                self.told.insert(place.place.clone(), place.missing);
            }
        }
        news
    }
}
