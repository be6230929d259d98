//! The notice of a stopped campaign: which devices, what they have in common that the others have not, and what to do.

use std::collections::BTreeMap;
use std::fmt;

use super::{Campaign, Stop};
use crate::Device;

/// How one trait of a device is found.
type Trait = fn(&Campaign, &Device) -> Option<String>;

/// What a person is told when a campaign stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopNotice<'a> {
    campaign: &'a Campaign,
    stop: &'a Stop,
    common: Vec<Common>,
}

/// Something that the devices have in common, and the others mostly have not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// What: `chip`, `SDK`, `free space`, `former build`, `anchor`, `network`.
    pub what: &'static str,
    /// How it is with them.
    pub value: String,
    /// How many of them, of all of them.
    pub of_these: (usize, usize),
    /// How many of the other devices that were offered the release, of all of those.
    pub of_others: (usize, usize),
}

impl<'a> StopNotice<'a> {
    /// The notice of a stop. `these` are the devices that it names, `others` those that were offered the release as well.
    pub fn of(campaign: &'a Campaign, stop: &'a Stop, these: &[&Device], others: &[&Device]) -> Self {
        let traits: [(&'static str, Trait); 6] = [
            ("chip", |_, device| Some(device.standing.as_ref()?.decision.chip?.to_string())),
            ("SDK", |_, device| device.last.as_ref()?.sdk.clone()),
            ("free space", |_, device| {
                device.last.as_ref()?.free_space.map(|bytes| format!("{bytes} bytes"))
            }),
            ("former build", former_build),
            ("anchor", |_, device| anchor(device)),
            ("network", |_, device| device.networks.first().map(|seen| seen.network.to_string())),
        ];
        let of = |devices: &[&Device], of: Trait| -> Vec<Option<String>> {
            devices.iter().map(|device| of(campaign, device)).collect()
        };
        let common = |(what, value)| Common::of(what, &of(these, value), &of(others, value));
        Self { campaign, stop, common: traits.into_iter().filter_map(common).collect() }
    }

    /// What the devices have in common.
    pub fn common(&self) -> &[Common] {
        &self.common
    }
}

fn former_build(campaign: &Campaign, device: &Device) -> Option<String> {
    let trial = device.trials.iter().find(|trial| trial.campaign == campaign.id)?;
    Some(trial.before.to_string())
}

/// The generation whose chain it accepted last.
fn anchor(device: &Device) -> Option<String> {
    let handshake = device.last.as_ref()?.handshake.as_ref()?;
    Some(format!("of generation {}", handshake.presented.generation))
}

impl Common {
    /// The value that at least three in four of these share, if twice as many of them as of the others do.
    fn of(what: &'static str, these: &[Option<String>], others: &[Option<String>]) -> Option<Self> {
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        these.iter().flatten().for_each(|value| *counts.entry(value).or_default() += 1);
        let (value, many) = counts.into_iter().max_by_key(|(_, many)| *many)?;
        let few = others.iter().flatten().filter(|other| *other == value).count();
        let is_shared = many > 1 && many * 4 >= these.len() * 3;
        let is_theirs = many * others.len() >= 2 * few * these.len();
        (is_shared && is_theirs).then(|| Self {
            what,
            value: value.clone(),
            of_these: (many, these.len()),
            of_others: (few, others.len()),
        })
    }
}

impl fmt::Display for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (many, these) = self.of_these;
        write!(f, "{} {} ({many} of {these}", self.what, self.value)?;
        match self.of_others {
            (_, 0) => f.write_str(")"),
            (few, others) => write!(f, "; of the others {few} of {others})"),
        }
    }
}

impl fmt::Display for StopNotice<'_> {
    /// A few lines for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Campaign { id, release, .. }, stop) = (self.campaign, self.stop);
        writeln!(
            f,
            "campaign {id} stopped: {release} went to {} devices, {} run it,",
            stop.offered, stop.installed
        )?;
        writeln!(f, "  {} refused it, rolled back or loop, {} are silent", stop.failed, stop.silent)?;
        for device in &stop.devices {
            writeln!(f, "  {device}")?;
        }
        match self.common.as_slice() {
            [] => writeln!(f, "  nothing known sets them apart from the others")?,
            common => common.iter().try_for_each(|common| writeln!(f, "  in common: {common}"))?,
        }
        writeln!(
            f,
            "  devices that were not offered it are offered nothing; to look at one: otary device show MAC"
        )?;
        let (product, version) = (&release.product, &release.version);
        writeln!(f, "  if the release is bad: otary release withdraw {product} {version}")?;
        write!(f, "  if it is not: otary campaign resume {id}")
    }
}
