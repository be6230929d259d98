//! Facts: what is known of a device, field by field, borrowed from its record and the catalogue.
//!
//! Who looks at the fleet asks the **record**: it has the last word under the device's address, which may be a stranger's. Who
//! decides what a device is answered asks what it says **at this moment** ([`AtHand`]), and of the record only what an operator
//! said and how long the device has been known: what somebody else said last does not bring a device into a group that a
//! campaign is for, nor out of it. Who looks at a large fleet asks **briefs** ([`BriefFacts`]), which say the same as the
//! records.

use std::net::IpAddr;
use std::time::Duration;

use super::Chips;
use super::field::Field;
use super::who::Who;
use crate::brief::Saying;
use crate::{
    Answered, Artifact, BriefFacts, Build, Catalogue, Channel, CheckIn, Chip, Device, Dialect,
    FoundCertificate, Mac, ProductName, Proof, Release, ReleaseId, Snapshot, Time,
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

/// A check-in that is being decided on, and what it was taken for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AtHand<'a> {
    pub(crate) check_in: &'a CheckIn,
    pub(crate) product: &'a ProductName,
    pub(crate) chip: Option<Chip>,
    running: Option<&'a Artifact>,
    release: Option<&'a Release>,
}

impl<'a> AtHand<'a> {
    /// A check-in of a device of this product and chip. What runs is looked up here, once for all that is asked.
    pub(crate) fn new(
        check_in: &'a CheckIn,
        product: &'a ProductName,
        chip: Option<Chip>,
        catalogue: &'a Catalogue,
    ) -> Self {
        let running = catalogue.running(&check_in.build);
        let release = running.and_then(|running| catalogue.release_of(product, &running.id));
        Self { check_in, product, chip, running, release }
    }
}

/// Facts, by the record, by the brief, or by what is said at this moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    who: Who<'a>,
    pub(crate) catalogue: &'a Catalogue,
    now: Time,
    at_hand: Option<AtHand<'a>>,
}

/// What a device says of itself, whenever it said so.
pub(super) struct Words<'a> {
    dialect: Dialect,
    chip: Option<Chip>,
    build: &'a Build,
    version: Option<&'a str>,
    free_space: Option<u64>,
    chip_size: Option<u64>,
    sdk: Option<&'a str>,
    source: IpAddr,
    proof: Proof,
}

/// One fact.
pub(super) enum Fact<'a> {
    Text(&'a str),
    Groups(Known<'a>),
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

impl<'a> From<Facts<'a>> for Known<'a> {
    fn from(Facts { device, catalogue, now }: Facts<'a>) -> Self {
        Self { who: Who::Record(device), catalogue, now, at_hand: None }
    }
}

impl<'a> From<&'a BriefFacts<'a>> for Known<'a> {
    fn from(facts: &'a BriefFacts<'a>) -> Self {
        Self { who: Who::Brief(facts), catalogue: facts.catalogue, now: facts.now, at_hand: None }
    }
}

impl<'a> Known<'a> {
    /// What is known of a device at this moment, when it says something.
    pub(crate) fn at_hand(facts: Facts<'a>, at_hand: AtHand<'a>) -> Self {
        Self { at_hand: Some(at_hand), ..Self::from(facts) }
    }

    /// What is known of a field that has a value.
    pub(super) fn fact(&self, field: Field) -> Option<Fact<'a>> {
        Some(match field {
            Field::Mac => Fact::Mac(self.mac()),
            Field::Product => Fact::Text(self.product()?.as_str()),
            Field::Channel => Fact::Text(self.who.channel().map_or(Channel::STABLE, Channel::as_str)),
            Field::Group => Fact::Groups(*self),
            Field::Name => Fact::Text(self.who.name()?),
            Field::Chip => Fact::Text(self.chip()?.name()),
            Field::Dialect => Fact::Text(self.words()?.dialect.name()),
            Field::Build => Fact::Version(self.version()?),
            Field::Release => Fact::Release(&self.release()?.id),
            Field::Sdk => Fact::Version(self.words()?.sdk?),
            Field::Seen => Fact::Age(self.seen()?),
            Field::FirstSeen => Fact::Age(self.ago(self.who.first_seen())?),
            Field::Polls => Fact::Number(self.who.polls()),
            Field::Free => Fact::Number(self.words()?.free_space?),
            Field::Flash => Fact::Number(self.words()?.chip_size?),
            Field::Network => Fact::Source(self.words()?.source),
            Field::Proof => Fact::Proof(self.words()?.proof),
            Field::Anchor => Fact::Anchors(&self.running()?.embedded.certificates),
            Field::Answer => Fact::Text(self.answer()?.verdict.name()),
            Field::Rule => Fact::Text(self.answer()?.rule),
            Field::Pin => Fact::Release(self.who.pin()?),
            Field::Hold | Field::Contested | Field::Stranger => return None,
        })
    }

    /// Whether it is so, of a field that stands alone.
    pub(super) fn flag(&self, field: Field) -> Option<bool> {
        match field {
            Field::Hold => Some(self.who.is_held()),
            Field::Contested => Some(self.who.is_contested()),
            Field::Stranger => Some(self.who.is_stranger()),
            _ => None,
        }
    }

    /// Whether anything is known of a field.
    pub(super) fn is_known(&self, field: Field) -> bool {
        match field {
            Field::Group => self.catalogue.groups().any(|group| group.has(self)),
            field => self.fact(field).is_some(),
        }
    }

    /// The device's address.
    pub(crate) const fn mac(&self) -> Mac {
        self.who.mac()
    }

    fn words(&self) -> Option<Words<'a>> {
        match self.at_hand {
            Some(at_hand) => Some(at_hand.check_in.into()),
            None => self.who.words(),
        }
    }

    /// What it was answered. While that is being decided, it is not known.
    fn answer(&self) -> Option<Answered> {
        if self.at_hand.is_some() {
            return None;
        }
        self.who.answer()
    }

    fn seen(&self) -> Option<Duration> {
        match self.at_hand {
            Some(_) => Some(Duration::ZERO),
            None => self.ago(self.who.last_seen()),
        }
    }

    /// How long ago it asked. One that was assigned and never asked was never seen.
    fn ago(&self, then: Time) -> Option<Duration> {
        (self.who.polls() > 0).then(|| self.now.since(then))
    }

    /// The product that the device is taken for as it asks; else the one that it is of on record.
    pub(crate) fn product(&self) -> Option<&'a ProductName> {
        self.at_hand.map_or_else(|| self.who.product(), |at_hand| Some(at_hand.product))
    }

    /// By the digest of what runs, else as it was decided, else by its word, else as the operator said.
    fn chip(&self) -> Option<Chip> {
        let running = || self.running()?.chip;
        let decided = || self.at_hand.map_or_else(|| self.answer()?.chip, |at_hand| at_hand.chip);
        let said = || self.words()?.chip;
        running().or_else(decided).or_else(said).or_else(|| self.who.chip())
    }

    /// The same as a set.
    pub(crate) fn chips(&self) -> Chips {
        Chips::of(self.chip())
    }

    fn running(&self) -> Option<&'a Artifact> {
        match (self.at_hand, self.who) {
            (Some(at_hand), _) => at_hand.running,
            (None, Who::Brief(facts)) => facts.runs.artifact,
            (None, Who::Record(_)) => self.catalogue.running(self.words()?.build),
        }
    }

    fn release(&self) -> Option<&'a Release> {
        match (self.at_hand, self.who) {
            (Some(at_hand), _) => return at_hand.release,
            (None, Who::Brief(facts)) => return facts.runs.release,
            (None, Who::Record(_)) => {}
        }
        let running = self.running()?;
        let product = self.product().or_else(|| Some(&self.catalogue.product_of(&running.id)?.name));
        self.catalogue.release_of(product?, &running.id)
    }

    fn version(&self) -> Option<&'a str> {
        let released = self.release().map(|release| &*release.id.version);
        released.or_else(|| self.words()?.version)
    }
}

impl<'a> Words<'a> {
    /// What the devices of a cohort say, from where one of them says it.
    pub(super) const fn by(saying: Saying<'a>, source: IpAddr) -> Self {
        let Saying { dialect, chip, build, version, free_space, chip_size, sdk, proof } = saying;
        Self { dialect, chip, build, version, free_space, chip_size, sdk, source, proof }
    }
}

impl<'a> From<&'a Snapshot> for Words<'a> {
    fn from(last: &'a Snapshot) -> Self {
        Self {
            dialect: last.dialect,
            chip: last.chip,
            build: &last.build,
            version: last.version.as_deref(),
            free_space: last.free_space,
            chip_size: last.chip_size,
            sdk: last.sdk.as_deref(),
            source: last.source,
            proof: last.proof,
        }
    }
}

impl<'a> From<&'a CheckIn> for Words<'a> {
    fn from(says: &'a CheckIn) -> Self {
        Self {
            dialect: says.dialect,
            chip: says.chip,
            build: &says.build,
            version: says.version.as_deref(),
            free_space: says.free_space,
            chip_size: says.chip_size,
            sdk: says.sdk.as_deref(),
            source: says.source,
            proof: says.proof,
        }
    }
}
