//! Facts: what is known of a device, field by field, borrowed from its record and the catalogue.

use std::net::IpAddr;
use std::time::Duration;

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
    /// What is known of a field that has a value.
    pub(super) fn fact(&self, field: Field) -> Option<Fact<'a>> {
        Some(match field {
            Field::Mac => Fact::Mac(self.device.mac),
            Field::Product => Fact::Text(self.product()?.as_str()),
            Field::Channel => {
                Fact::Text(self.device.channel.as_ref().map_or(Channel::STABLE, Channel::as_str))
            }
            Field::Group => Fact::Groups(*self),
            Field::Name => Fact::Text(self.device.name.as_deref()?),
            Field::Chip => Fact::Text(self.chip()?.name()),
            Field::Dialect => Fact::Text(self.last()?.dialect.name()),
            Field::Build => Fact::Version(self.version()?),
            Field::Release => Fact::Release(&self.release()?.id),
            Field::Sdk => Fact::Version(self.last()?.sdk.as_deref()?),
            Field::Seen => Fact::Age(self.ago(self.device.last_seen)?),
            Field::FirstSeen => Fact::Age(self.ago(self.device.first_seen)?),
            Field::Polls => Fact::Number(self.device.polls),
            Field::Free => Fact::Number(self.last()?.free_space?),
            Field::Flash => Fact::Number(self.last()?.chip_size?),
            Field::Network => Fact::Source(self.last()?.source),
            Field::Proof => Fact::Proof(self.last()?.proof),
            Field::Anchor => Fact::Anchors(&self.running()?.embedded.certificates),
            Field::Answer => Fact::Text(self.decision()?.verdict().name()),
            Field::Rule => Fact::Text(self.decision()?.reason.rule()),
            Field::Pin => Fact::Release(self.device.pin.as_ref()?),
            Field::Hold | Field::Contested | Field::Stranger => return None,
        })
    }

    /// Whether it is so, of a field that stands alone.
    pub(super) fn flag(&self, field: Field) -> Option<bool> {
        match field {
            Field::Hold => Some(self.device.hold.is_some()),
            Field::Contested => Some(self.device.contested.is_some()),
            Field::Stranger => Some(!self.device.is_known()),
            _ => None,
        }
    }

    /// Whether anything is known of a field.
    pub(super) fn is_known(&self, field: Field) -> bool {
        match field {
            Field::Group => self.catalogue.groups().any(|group| group.contains(self)),
            field => self.fact(field).is_some(),
        }
    }

    fn last(&self) -> Option<&'a Snapshot> {
        self.device.last.as_ref()
    }

    fn decision(&self) -> Option<&'a Decision> {
        self.device.standing.as_ref().map(|standing| &standing.decision)
    }

    /// How long ago it asked. One that was assigned and never asked was never seen.
    fn ago(&self, then: Time) -> Option<Duration> {
        (self.device.polls > 0).then(|| self.now.since(then))
    }

    /// The product that the device was taken for when it last asked, else the one that it was assigned to.
    pub(crate) fn product(&self) -> Option<&'a ProductName> {
        let decided = self.decision().and_then(|decision| decision.product.as_ref());
        decided.or(self.device.product.as_ref())
    }

    /// By the digest of what runs, else as it was decided, else by its word, else as the operator said.
    fn chip(&self) -> Option<Chip> {
        let running = || self.running()?.chip;
        let decided = || self.decision()?.chip;
        let said = || self.last()?.chip;
        running().or_else(decided).or_else(said).or(self.device.chip)
    }

    fn running(&self) -> Option<&'a Artifact> {
        self.catalogue.running(&self.last()?.build)
    }

    fn release(&self) -> Option<&'a Release> {
        let running = self.running()?;
        let product = self.product().or_else(|| Some(&self.catalogue.product_of(&running.id)?.name));
        self.catalogue.release_of(product?, &running.id)
    }

    fn version(&self) -> Option<&'a str> {
        let released = self.release().map(|release| &*release.id.version);
        released.or_else(|| self.last()?.version.as_deref())
    }
}
