//! What a release will do: every device on record is asked again, against the catalogue as it would be, by the same
//! rule that answers it at its next poll.

use std::collections::BTreeMap;
use std::fmt;

use otary_fleet::{
    Artifact, Campaign, Catalogue, Decision, Device, Kind, Mac, Mode, Opening, Reason, Release, Time, Verdict,
};
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::replay::replay;
use super::site::Operator;

/// What a release will do to the devices of its product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Devices of the product that have asked before.
    pub devices: u64,
    /// Those devices by what will become of them, the offered ones first.
    pub groups: Vec<Group>,
    /// Devices that run an unknown build and belong to no product.
    pub unassigned: u64,
}

/// Devices that fare alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// How.
    pub forecast: Forecast,
    /// How many.
    pub devices: u64,
    /// Some of them: at most [`Group::MAX_EXAMPLES`].
    pub examples: Vec<Mac>,
}

/// How a device will fare at its next poll, if it says again what it said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forecast {
    /// It will be offered the release.
    Offered,
    /// It runs the release already.
    Running,
    /// It runs, or says that it runs, a version that is not older.
    NotOlder,
    /// It took the release once and shows nothing that would tell whether it runs.
    TakenOnce,
    /// It follows another channel.
    OtherChannel,
    /// Another release is meant for it.
    OtherRelease,
    /// The release has no image for its chip.
    NoImage,
    /// The image is larger than its slot.
    TooLarge,
    /// It has no slot for an update.
    NoSlot,
    /// Nothing says which chip it is.
    ChipUnknown,
    /// It speaks as another chip does.
    ChipContradicts,
    /// It asks over plain HTTP, which the product does not allow.
    PlainHttp,
    /// It took the image several times without effect.
    Looping,
    /// It was reflashed by hand.
    Reflashed,
    /// It installs only what is signed, and the release has no manifest for it.
    Unsigned,
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
}

impl Group {
    /// Devices that are named.
    pub const MAX_EXAMPLES: usize = 10;
}

impl Operator {
    /// What `release` will do once `catalogue` is the catalogue.
    pub(super) fn effect(
        &self,
        release: &Release,
        artifacts: &[Artifact],
        catalogue: &Catalogue,
        campaign: Option<&Campaign>,
        now: Time,
    ) -> Result<Effect, Problem> {
        let mode = mode(artifacts);
        let mut openings = self.rollout.openings()?;
        if let Some(campaign) = campaign {
            // How many of an open wave at the same moment is another matter.
            openings.set(campaign.id, Opening { slots: u32::MAX, allowed: u32::MAX, ..Opening::default() });
        }
        let mut effect = Effect::default();
        let mut groups = BTreeMap::new();
        self.each_device(|device| {
            let Some(decision) = replay(device, mode, catalogue, &openings, now) else { return };
            if matches!(decision.reason, Reason::NoProduct { .. }) {
                effect.unassigned += 1;
            }
            if decision.product.as_ref() == Some(&release.id.product) {
                effect.devices += 1;
                count(&mut groups, forecast(&decision, device, release), device.mac);
            }
        })?;
        effect.groups = groups.into_values().collect();
        Ok(effect)
    }
}

/// What devices will ask for to get it: most often a program.
fn mode(artifacts: &[Artifact]) -> Mode {
    let only_files = !artifacts.is_empty() && artifacts.iter().all(|a| a.kind == Kind::Filesystem);
    if only_files { Mode::Filesystem } else { Mode::Sketch }
}

fn count(groups: &mut BTreeMap<Forecast, Group>, forecast: Forecast, mac: Mac) {
    let group = groups.entry(forecast).or_insert(Group { forecast, devices: 0, examples: Vec::new() });
    group.devices += 1;
    if group.examples.len() < Group::MAX_EXAMPLES {
        group.examples.push(mac);
    }
}

fn forecast(decision: &Decision, device: &Device, release: &Release) -> Forecast {
    let meant = decision.release.as_ref() == Some(&release.id);
    match decision.reason {
        Reason::ChipUnknown { .. } => Forecast::ChipUnknown,
        Reason::ChipContradicts { .. } => Forecast::ChipContradicts,
        Reason::PlainHttp { .. } => Forecast::PlainHttp,
        Reason::Held { .. } | Reason::Pinned { .. } | Reason::OnPin { .. } => Forecast::SaidOtherwise,
        _ if !meant && !release.channel.is(device.channel.as_ref()) => Forecast::OtherChannel,
        Reason::NoRelease { .. } => Forecast::NoImage,
        _ if !meant => Forecast::OtherRelease,
        Reason::NoSlot => Forecast::NoSlot,
        Reason::TooLarge { .. } => Forecast::TooLarge,
        Reason::Looping { .. } => Forecast::Looping,
        Reason::Reflashed { .. } => Forecast::Reflashed,
        Reason::Unsigned { .. } => Forecast::Unsigned,
        Reason::TakenOnce { .. } => Forecast::TakenOnce,
        Reason::FilesFirst { .. } | Reason::AppFirst { .. } => Forecast::ItsTurn,
        Reason::UpToDate { .. } => Forecast::Running,
        Reason::LaterWave { .. } => Forecast::LaterWave,
        Reason::RhythmUnknown { .. } => Forecast::LastWave,
        Reason::OutsideWindow { .. } => Forecast::OutsideWindow,
        Reason::Unproven { .. } | Reason::Contested { .. } => Forecast::Unproven,
        _ if decision.verdict() == Verdict::Offer => Forecast::Offered,
        _ => Forecast::NotOlder,
    }
}

impl Forecast {
    /// What follows the number of devices: for one, and for several.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Offered => ("will be offered it at its next poll", "will be offered it at their next poll"),
            Self::Running => ("runs it already", "run it already"),
            Self::NotOlder => ("reports a version that is not older", "report a version that is not older"),
            Self::TakenOnce => ("took it once already", "took it once already"),
            Self::OtherChannel => ("follows another channel", "follow another channel"),
            Self::OtherRelease => ("is meant to run another release", "are meant to run another release"),
            Self::NoImage => ("has a chip that it has no image for", "have a chip that it has no image for"),
            Self::TooLarge => ("would not fit (slot too small)", "would not fit (slot too small)"),
            Self::NoSlot => ("has no slot for updates", "have no slot for updates"),
            Self::ChipUnknown => ("is held (chip unknown)", "are held (chip unknown)"),
            Self::ChipContradicts => ("speaks as another chip does", "speak as another chip does"),
            Self::PlainHttp => ("asks over plain HTTP", "ask over plain HTTP"),
            Self::Looping => ("is held for looping", "are held for looping"),
            Self::Unsigned => ("installs only what is signed", "install only what is signed"),
            Self::ItsTurn => ("takes the release's other file first", "take the release's other file first"),
            Self::LaterWave => ("comes in a later wave", "come in later waves"),
            Self::LastWave => (
                "asked too rarely so far and comes in the last wave",
                "asked too rarely so far and come in the last wave",
            ),
            Self::OutsideWindow => ("waits for the window", "wait for the window"),
            Self::Unproven => ("does not prove who it is", "do not prove who they are"),
            Self::SaidOtherwise => ("is pinned or held", "are pinned or held"),
            Self::Reflashed => ("is held as reflashed by hand", "are held as reflashed by hand"),
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
            group(Forecast::TooLarge, 2),
            group(Forecast::ChipUnknown, 1),
        ];
        let effect = Effect { devices: 7, groups, unassigned: 1 };
        assert_eq!(
            effect.to_string(),
            "3 devices will be offered it at their next poll, 1 runs it already, \
             2 would not fit (slot too small), 1 is held (chip unknown); \
             1 device with an unknown build belongs to no product"
        );
        let only = Effect { devices: 1, groups: vec![group(Forecast::ChipUnknown, 1)], unassigned: 0 };
        assert_eq!(only.to_string(), "1 device is held (chip unknown)");
    }
}
