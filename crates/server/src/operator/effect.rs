//! What a release will do: every device on record is asked again, against the catalogue as it would be, by the same
//! rule that answers it at its next poll.

use std::collections::BTreeMap;
use std::fmt;

use otary_fleet::{
    Campaign, Candidate, Catalogue, Decision, Device, Mac, Opening, Outlook, Preflight, Reason, Release,
    Time, Verdict, peek,
};
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::site::Operator;

/// What a release will do to the devices of its product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Effect {
    /// Devices of the product that have asked before.
    pub devices: u64,
    /// Those devices by what will become of them, the offered ones first.
    pub groups: Vec<Group>,
    /// Devices that run an unknown build and belong to no product.
    pub unassigned: u64,
}

/// Devices that fare alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Group {
    /// How.
    pub forecast: Forecast,
    /// How many.
    pub devices: u64,
    /// Some of them: at most [`Group::MAX_EXAMPLES`].
    pub examples: Vec<Mac>,
}

/// How a device will fare at its next poll, if it says again what it said last.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Forecast {
    /// It will be offered the release.
    Offered,
    /// It runs the release already.
    Running,
    /// It runs, or says that it runs, a version that is not older.
    NotOlder,
    /// It follows another channel.
    OtherChannel,
    /// Another release is meant for it.
    OtherRelease,
    /// Of the release's program and file system, it takes the other one first.
    ItsTurn,
    /// It comes in a later wave.
    LaterWave,
    /// It asked too rarely so far to be missed, and comes in the last wave.
    LastWave,
    /// It waits for the campaign's window.
    OutsideWindow,
    /// The campaign is for devices that prove who they are, and it does not.
    Unproven,
    /// An operator's word about it goes before: a hold, a pin.
    SaidOtherwise,
    /// It waits for its turn in a campaign.
    InCampaign,
    /// It would not take it: the preflight says why.
    Refuses,
}

impl Group {
    /// Devices that are named.
    pub const MAX_EXAMPLES: usize = 10;
}

impl Operator {
    /// What `release` will do once `catalogue` is the catalogue, and which devices would not take it.
    pub(super) fn effect(
        &self,
        release: &Release,
        catalogue: &Catalogue,
        campaign: Option<&Campaign>,
        now: Time,
    ) -> Result<(Effect, Preflight), Problem> {
        let mut openings = self.rollout.openings()?;
        if let Some(campaign) = campaign {
            // How many of an open wave at the same moment is another matter.
            openings.set(campaign.id, Opening { slots: u32::MAX, allowed: u32::MAX, ..Opening::default() });
        }
        let generations = self.presented();
        let candidate = Candidate {
            release,
            catalogue,
            channel: campaign.map_or(&release.channel, |campaign| &campaign.channel),
            group: campaign.and_then(|campaign| catalogue.group(campaign.group.as_ref()?)),
            generations: generations.as_ref(),
            now,
        };
        let (mut effect, mut preflight) = (Effect::default(), Preflight::of(&candidate));
        let mut groups = BTreeMap::new();
        self.each_device(|device| {
            let outlook = preflight.ask(&candidate, device);
            let decision = peek(device, candidate.mode(), catalogue, &openings, now);
            let Some(decision) = decision else { return };
            if matches!(decision.reason, Reason::NoProduct { .. }) {
                effect.unassigned += 1;
            }
            if decision.product.as_ref() == Some(&release.id.product) {
                effect.devices += 1;
                count(&mut groups, forecast(&decision, outlook.as_ref(), release, device), device.mac);
            }
        })?;
        effect.groups = groups.into_values().collect();
        Ok((effect, preflight))
    }
}

fn count(groups: &mut BTreeMap<Forecast, Group>, forecast: Forecast, mac: Mac) {
    let group = groups.entry(forecast).or_insert(Group { forecast, devices: 0, examples: Vec::new() });
    group.devices += 1;
    if group.examples.len() < Group::MAX_EXAMPLES {
        group.examples.push(mac);
    }
}

fn forecast(decision: &Decision, outlook: Option<&Outlook>, release: &Release, device: &Device) -> Forecast {
    let meant = decision.release.as_ref() == Some(&release.id);
    match (outlook, &decision.reason) {
        (Some(Outlook::Refuses(_)), _) => Forecast::Refuses,
        (_, Reason::Held { .. } | Reason::Pinned { .. } | Reason::OnPin { .. }) => Forecast::SaidOtherwise,
        _ if !meant && !release.channel.is(device.channel.as_ref()) => Forecast::OtherChannel,
        _ if !meant => Forecast::OtherRelease,
        (_, Reason::FilesFirst { .. } | Reason::AppFirst { .. }) => Forecast::ItsTurn,
        (_, Reason::UpToDate { .. }) => Forecast::Running,
        (_, Reason::NewerRelease { .. } | Reason::NotOlder { .. }) => Forecast::NotOlder,
        (_, Reason::LaterWave { .. }) => Forecast::LaterWave,
        (_, Reason::RhythmUnknown { .. }) => Forecast::LastWave,
        (_, Reason::OutsideWindow { .. }) => Forecast::OutsideWindow,
        (_, Reason::Unproven { .. } | Reason::Contested { .. }) => Forecast::Unproven,
        _ if decision.verdict() == Verdict::Offer => Forecast::Offered,
        _ => Forecast::InCampaign,
    }
}

impl Forecast {
    /// What follows the number of devices: for one, and for several.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Offered => ("will be offered it at its next poll", "will be offered it at their next poll"),
            Self::Running => ("runs it already", "run it already"),
            Self::NotOlder => ("reports a version that is not older", "report a version that is not older"),
            Self::OtherChannel => ("follows another channel", "follow another channel"),
            Self::OtherRelease => ("is meant to run another release", "are meant to run another release"),
            Self::ItsTurn => ("takes the release's other file first", "take the release's other file first"),
            Self::LaterWave => ("comes in a later wave", "come in later waves"),
            Self::LastWave => (
                "asked too rarely so far and comes in the last wave",
                "asked too rarely so far and come in the last wave",
            ),
            Self::OutsideWindow => ("waits for the window", "wait for the window"),
            Self::Unproven => ("does not prove who it is", "do not prove who they are"),
            Self::SaidOtherwise => ("is pinned or held", "are pinned or held"),
            Self::InCampaign => ("waits for its turn in a campaign", "wait for their turn in a campaign"),
            Self::Refuses => ("would refuse it", "would refuse it"),
        }
    }
}

impl fmt::Display for Effect {
    /// One sentence, without a full stop: `3 devices will be offered it at their next poll, 1 runs it already`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.groups.is_empty() {
            f.write_str("no device of this product has asked yet")?;
        }
        for (place, group) in self.groups.iter().enumerate() {
            let (one, several) = group.forecast.words();
            match (place, group.devices) {
                (0, 1) => write!(f, "1 device {one}")?,
                (0, n) => write!(f, "{n} devices {several}")?,
                (_, 1) => write!(f, ", 1 {one}")?,
                (_, n) => write!(f, ", {n} {several}")?,
            }
        }
        match self.unassigned {
            0 => Ok(()),
            1 => f.write_str("; 1 device with an unknown build belongs to no product"),
            n => write!(f, "; {n} devices with unknown builds belong to no product"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(forecast: Forecast, devices: u64) -> Group {
        Group { forecast, devices, examples: Vec::new() }
    }

    #[test]
    fn the_effect_reads_as_a_sentence() {
        let groups = vec![
            group(Forecast::Offered, 3),
            group(Forecast::Running, 1),
            group(Forecast::SaidOtherwise, 1),
            group(Forecast::Refuses, 2),
        ];
        let effect = Effect { devices: 7, groups, unassigned: 1 };
        assert_eq!(
            effect.to_string(),
            "3 devices will be offered it at their next poll, 1 runs it already, \
             1 is pinned or held, 2 would refuse it; \
             1 device with an unknown build belongs to no product"
        );
        let only = Effect { devices: 1, groups: vec![group(Forecast::Refuses, 1)], unassigned: 0 };
        assert_eq!(only.to_string(), "1 device would refuse it");
    }
}
