//! Preflight: which devices would not take a release, before anything is sent.
//!
//! Each device on record that follows the release's channel is asked again what it said last, by the rules that decide its next
//! answer ([`decide`](crate::decide)), campaigns and the operator's word on the device apart; and its anchors are held
//! against those of the image. What comes of it is a forecast: a device may say something else next time.

mod obstacle;
mod trust;

use std::cmp::Reverse;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decide::{Fare, fare};
use crate::{
    Catalogue, Channel, CheckIn, Device, Facts, Generations, Group, GroupName, Kind, Mac, Mode, Openings,
    Reason, Release, ReleaseId, Time, View,
};

pub use obstacle::Obstacle;

/// A release that may be sent, and to whom.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The release; the catalogue has it.
    pub release: &'a Release,
    /// All that could be offered.
    pub catalogue: &'a Catalogue,
    /// Devices that follow this channel.
    pub channel: &'a Channel,
    /// Of those, only the ones in this group.
    pub group: Option<&'a Group>,
    /// What the server presents; none before there is an authority.
    pub generations: Option<&'a Generations>,
    /// The time.
    pub now: Time,
}

/// How a release would fare with one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlook {
    /// It would take it.
    Takes,
    /// It runs it, or something that is not older.
    Settled,
    /// It would not take it.
    Refuses(Obstacle),
    /// The operator holds it.
    Held,
    /// The operator pinned it to another release.
    Pinned,
    /// It was assigned to the product and never asked: nothing is known of it.
    Unheard,
}

/// What came of a preflight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Preflight {
    /// The release.
    pub release: ReleaseId,
    /// Devices that follow this channel were asked.
    pub channel: Channel,
    /// Of those, only the ones in this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupName>,
    /// How many devices these are.
    pub devices: u64,
    /// How many would take it.
    pub take: u64,
    /// How many run it, or something that is not older.
    pub settled: u64,
    /// How many would not take it.
    pub refuse: u64,
    /// Those by what stands against it, what stands against most of them first.
    pub obstacles: Vec<Refusals>,
    /// How many are held by the operator.
    pub held: u64,
    /// How many are pinned to another release.
    pub pinned: u64,
    /// How many never asked.
    pub unheard: u64,
    /// Those that would not take it, by address; at most [`Self::MAX_NAMED`].
    pub named: Vec<Refuser>,
}

/// How many devices would not take a release for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refusals {
    /// The reason's word.
    pub obstacle: String,
    /// The same for people.
    pub words: String,
    /// How many.
    pub devices: u64,
}

/// A device that would not take a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refuser {
    /// Which device.
    pub device: Mac,
    /// When it last asked.
    pub last_seen: Time,
    /// Why, with the figures.
    pub obstacle: Obstacle,
    /// The same in a sentence.
    pub because: String,
}

impl Candidate<'_> {
    /// How the release would fare with a device. None of one that is not meant: of another product, channel or group.
    pub fn ask(&self, device: &Device) -> Option<Outlook> {
        let facts = Facts { device, catalogue: self.catalogue, now: self.now };
        let meant = self.channel.is(device.channel.as_ref());
        if !meant || self.group.is_some_and(|group| !group.contains(&facts)) {
            return None;
        }
        let product = &self.release.id.product;
        let Some(check_in) = device.last_check_in(self.mode(), self.catalogue) else {
            return (device.product.as_ref() == Some(product)).then_some(Outlook::Unheard);
        };
        let view = View { catalogue: self.catalogue, device: Some(device), openings: Openings::SHUT };
        let fare = fare(&check_in, view, self.release, self.now);
        (fare.product.as_ref() == Some(product)).then(|| self.outlook(device, &check_in, fare))
    }

    fn outlook(&self, device: &Device, check_in: &CheckIn, fare: Fare) -> Outlook {
        let pinned = || device.pin.as_ref().is_some_and(|pin| *pin != self.release.id);
        match fare.outcome {
            Err(Reason::UpToDate { .. } | Reason::NewerRelease { .. } | Reason::NotOlder { .. }) => {
                return Outlook::Settled;
            }
            Err(reason) => return Outlook::Refuses(self.obstacle(reason, check_in)),
            Ok(()) => {}
        }
        match self.loses_trust(device, check_in, fare.chip) {
            Some(obstacle) => Outlook::Refuses(obstacle),
            None if device.hold.is_some() => Outlook::Held,
            None if pinned() => Outlook::Pinned,
            None => Outlook::Takes,
        }
    }

    /// What devices will ask for to get it: most often a program.
    pub fn mode(&self) -> Mode {
        let mut artifacts = self.release.artifacts.iter().filter_map(|id| self.catalogue.artifact(id));
        let only_files = artifacts.clone().next().is_some() && artifacts.all(|a| a.kind == Kind::Filesystem);
        if only_files { Mode::Filesystem } else { Mode::Sketch }
    }
}

impl Preflight {
    /// Devices that are named.
    pub const MAX_NAMED: usize = 1000;

    /// A preflight that nobody was asked in yet.
    pub fn of(candidate: &Candidate<'_>) -> Self {
        Self {
            release: candidate.release.id.clone(),
            channel: candidate.channel.clone(),
            group: candidate.group.map(|group| group.name.clone()),
            devices: 0,
            take: 0,
            settled: 0,
            refuse: 0,
            obstacles: Vec::new(),
            held: 0,
            pinned: 0,
            unheard: 0,
            named: Vec::new(),
        }
    }

    /// Asks one more device, and gives what came of it.
    pub fn ask(&mut self, candidate: &Candidate<'_>, device: &Device) -> Option<Outlook> {
        let outlook = candidate.ask(device)?;
        self.devices += 1;
        match &outlook {
            Outlook::Takes => self.take += 1,
            Outlook::Settled => self.settled += 1,
            Outlook::Held => self.held += 1,
            Outlook::Pinned => self.pinned += 1,
            Outlook::Unheard => self.unheard += 1,
            Outlook::Refuses(obstacle) => self.refuses(device, obstacle),
        }
        Some(outlook)
    }

    fn refuses(&mut self, device: &Device, obstacle: &Obstacle) {
        self.refuse += 1;
        let (name, words) = (obstacle.name(), obstacle.words());
        match self.obstacles.iter_mut().find(|before| before.obstacle == name) {
            Some(before) => before.devices += 1,
            None => self.obstacles.push(Refusals { obstacle: name.into(), words: words.into(), devices: 1 }),
        }
        self.obstacles.sort_by_key(|one| Reverse(one.devices));
        if self.named.len() < Self::MAX_NAMED {
            let (because, obstacle) = (obstacle.to_string(), obstacle.clone());
            let (device, last_seen) = (device.mac, device.last_seen);
            self.named.push(Refuser { device, last_seen, obstacle, because });
        }
    }
}

impl fmt::Display for Preflight {
    /// One sentence, without a full stop: `41 of 312 devices would refuse this: 30 slot too small, 9 other chip`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.devices, self.refuse) {
            (0, _) => return f.write_str("no device that it is meant for is on record"),
            (1, 0) => return f.write_str("the one device that it is meant for would not refuse this"),
            (n, 0) => return write!(f, "none of {n} devices would refuse this"),
            (1, _) => f.write_str("1 of 1 device would refuse this: ")?,
            (n, refuse) => write!(f, "{refuse} of {n} devices would refuse this: ")?,
        }
        for (place, Refusals { words, devices, .. }) in self.obstacles.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{devices} {words}")?;
        }
        Ok(())
    }
}
