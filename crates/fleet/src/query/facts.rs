//! Facts: what is known of a device, field by field, borrowed from its record and the catalogue.

use std::cell::OnceCell;
use std::net::IpAddr;
use std::time::Duration;

use super::Chips;
use super::field::Field;
use crate::{
    Artifact, Catalogue, Channel, Chip, Decision, Device, FoundCertificate, Mac, ProductName, Proof, Release,
    ReleaseId, Snapshot, Time,
};

/// What a query is asked of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What is remembered of the device.
    pub device: &'a Device,
    /// All that could be offered.
    pub catalogue: &'a Catalogue,
    /// The time.
    pub now: Time,
}

/// The same while several queries are asked of one device: what has to be looked up is looked up once.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    facts: Facts<'a>,
    running: OnceCell<Option<&'a Artifact>>,
    chip: OnceCell<Option<Chip>>,
    chips: OnceCell<Chips>,
    version: OnceCell<Option<&'a str>>,
}

/// One fact.
pub(super) enum Fact<'a> {
    Text(&'a str),
    Groups(Facts<'a>),
    Version(&'a str),
    Mac(Mac),
    Release(&'a ReleaseId),
    Age(Duration),
    Number(u64),
    Source(IpAddr),
    Proof(Proof),
    Anchors(&'a [FoundCertificate]),
}

impl Fact<'_> {
    /// Shows the fact as a text to `look`, if it is one.
    pub(super) fn text<T>(&self, look: impl FnOnce(&str) -> T) -> Option<T> {
        match self {
            Self::Text(text) | Self::Version(text) => Some(look(text)),
            Self::Mac(mac) => Some(look(std::str::from_utf8(&mac.text()).unwrap_or_default())),
            _ => None,
        }
    }
}

impl<'a> Facts<'a> {
    /// The product that the device was taken for when it last asked, else the one that it was assigned to.
    pub(crate) fn product(&self) -> Option<&'a ProductName> {
        self.decision().and_then(|decision| decision.product.as_ref()).or(self.device.product.as_ref())
    }

    fn decision(&self) -> Option<&'a Decision> {
        self.device.standing.as_ref().map(|standing| &standing.decision)
    }

    fn last(&self) -> Option<&'a Snapshot> {
        self.device.last.as_ref()
    }
}

impl<'a> Known<'a> {
    /// Of these facts nothing is looked up yet.
    pub(crate) const fn of(facts: Facts<'a>) -> Self {
        let (running, version) = (OnceCell::new(), OnceCell::new());
        Self { facts, running, version, chip: OnceCell::new(), chips: OnceCell::new() }
    }

    /// What is known of a field that has a value.
    pub(super) fn fact(&self, field: Field) -> Option<Fact<'a>> {
        Some(match field {
            Field::Mac => Fact::Mac(self.facts.device.mac),
            Field::Product => Fact::Text(self.facts.product()?.as_str()),
            Field::Channel => {
                Fact::Text(self.facts.device.channel.as_ref().map_or(Channel::STABLE, Channel::as_str))
            }
            Field::Group => Fact::Groups(self.facts),
            Field::Name => Fact::Text(self.facts.device.name.as_deref()?),
            Field::Chip => Fact::Text(self.chip()?.name()),
            Field::Dialect => Fact::Text(self.facts.last()?.dialect.name()),
            Field::Build => Fact::Version(self.version()?),
            Field::Release => Fact::Release(&self.release()?.id),
            Field::Sdk => Fact::Version(self.facts.last()?.sdk.as_deref()?),
            Field::Seen => Fact::Age(self.ago(self.facts.device.last_seen)?),
            Field::FirstSeen => Fact::Age(self.ago(self.facts.device.first_seen)?),
            Field::Polls => Fact::Number(self.facts.device.polls),
            Field::Free => Fact::Number(self.facts.last()?.free_space?),
            Field::Flash => Fact::Number(self.facts.last()?.chip_size?),
            Field::Network => Fact::Source(self.facts.last()?.source),
            Field::Proof => Fact::Proof(self.facts.last()?.proof),
            Field::Anchor => Fact::Anchors(&self.running()?.embedded.certificates),
            Field::Answer => Fact::Text(self.facts.decision()?.verdict().name()),
            Field::Rule => Fact::Text(self.facts.decision()?.reason.rule()),
            Field::Pin => Fact::Release(self.facts.device.pin.as_ref()?),
            Field::Hold | Field::Contested | Field::Stranger => return None,
        })
    }

    /// Whether it is so, of a field that stands alone.
    pub(super) fn flag(&self, field: Field) -> Option<bool> {
        match field {
            Field::Hold => Some(self.facts.device.hold.is_some()),
            Field::Contested => Some(self.facts.device.contested.is_some()),
            Field::Stranger => Some(!self.facts.device.is_known()),
            _ => None,
        }
    }

    /// Whether anything is known of a field.
    pub(super) fn is_known(&self, field: Field) -> bool {
        match field {
            Field::Group => self.facts.catalogue.groups().any(|group| group.contains(&self.facts)),
            field => self.fact(field).is_some(),
        }
    }

    /// How long ago it asked. One that was assigned and never asked was never seen.
    fn ago(&self, then: Time) -> Option<Duration> {
        (self.facts.device.polls > 0).then(|| self.facts.now.since(then))
    }

    /// By the digest of what runs, else as it was decided, else by its word, else as the operator said.
    fn chip(&self) -> Option<Chip> {
        let running = || self.running()?.chip;
        let decided = || self.facts.decision()?.chip;
        let said = || self.facts.last()?.chip;
        let chip = || running().or_else(decided).or_else(said).or(self.facts.device.chip);
        *self.chip.get_or_init(chip)
    }

    /// Its chip as a set.
    pub(crate) fn chips(&self) -> Chips {
        *self.chips.get_or_init(|| Chips::of(self.chip()))
    }

    fn running(&self) -> Option<&'a Artifact> {
        *self.running.get_or_init(|| self.facts.catalogue.running(&self.facts.last()?.build))
    }

    fn release(&self) -> Option<&'a Release> {
        let (running, catalogue) = (self.running()?, self.facts.catalogue);
        let product = self.facts.product().or_else(|| Some(&catalogue.product_of(&running.id)?.name));
        catalogue.release_of(product?, &running.id)
    }

    fn version(&self) -> Option<&'a str> {
        let released = || Some(&*self.release()?.id.version);
        *self.version.get_or_init(|| released().or_else(|| self.facts.last()?.version.as_deref()))
    }
}
