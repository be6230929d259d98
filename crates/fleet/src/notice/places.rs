//! Devices by place: a site of those that are missed, a product of those that loop.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Mac, Time};

/// Devices that something is wrong with, by where they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Missing {
    /// How many, in all places.
    pub devices: u64,
    /// The places, the ones with the most devices first; at most [`Self::MAX_PLACES`].
    pub places: Vec<Place>,
    /// Places beyond those.
    pub more_places: u64,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// A site's network, or a product's name.
    pub place: String,
    /// How many devices something is wrong with.
    pub missing: u64,
    /// How many devices there are.
    pub of: u64,
    /// Since when, of the first of them.
    pub since: Time,
    /// A few of them; at most [`Missing::MAX_NAMED`].
    pub devices: Vec<Mac>,
}

/// The places as a pass over the fleet finds them.
#[derive(Debug, Clone, Default)]
pub struct Roll(BTreeMap<String, Place>);

impl Missing {
    /// Places that are told one by one.
    pub const MAX_PLACES: usize = 20;
    /// Devices of a place that are named.
    pub const MAX_NAMED: usize = 5;

    /// All of these places.
    pub(super) fn of<'a>(places: impl IntoIterator<Item = &'a Place>) -> Self {
        let mut places: Vec<Place> = places.into_iter().cloned().collect();
        places.sort_by_key(|place| std::cmp::Reverse(place.missing));
        let devices = places.iter().map(|place| place.missing).sum();
        let more_places = places.len().saturating_sub(Self::MAX_PLACES) as u64;
        places.truncate(Self::MAX_PLACES);
        Self { devices, places, more_places }
    }
}

impl Roll {
    /// Notes a device of a place. `since`: since when something is wrong with it, if it is.
    pub fn note(&mut self, place: impl fmt::Display, device: Mac, since: Option<Time>) {
        let name = place.to_string();
        let found = self.0.entry(name).or_insert_with_key(|name| Place {
            place: name.clone(),
            missing: 0,
            of: 0,
            since: Time(u64::MAX),
            devices: Vec::new(),
        });
        found.of += 1;
        if let Some(since) = since {
            found.missing += 1;
            found.since = found.since.min(since);
            if found.devices.len() < Missing::MAX_NAMED {
                found.devices.push(device);
            }
        }
    }

    /// The places where something is wrong.
    pub(super) fn wrong(&self) -> impl Iterator<Item = &Place> {
        self.0.values().filter(|place| place.missing > 0)
    }
}

impl fmt::Display for Missing {
    /// `3 of 14 devices at 192.168.1.0/24 have`, `41 devices in 7 places have`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let have = if self.devices == 1 { "has" } else { "have" };
        match self.places.as_slice() {
            [Place { place, missing, of, .. }] if self.more_places == 0 => {
                write!(f, "{missing} of {of} devices at {place} {have}")
            }
            places => {
                let places = places.len() as u64 + self.more_places;
                write!(f, "{} devices in {places} places {have}", self.devices)
            }
        }
    }
}
