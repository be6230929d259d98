//! Whose facts: a device by its record, or by its brief.

use super::facts::Words;
use crate::{Answered, BriefFacts, Channel, Chip, Device, Mac, ProductName, ReleaseId, Time};

/// Where a device is known from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who<'a> {
    Record(&'a Device),
    Brief(&'a BriefFacts<'a>),
}

impl<'a> Who<'a> {
    pub(super) const fn mac(&self) -> Mac {
        match self {
            Self::Record(device) => device.mac,
            Self::Brief(facts) => facts.brief.mac,
        }
    }

    pub(super) fn name(&self) -> Option<&'a str> {
        match self {
            Self::Record(device) => device.name.as_deref(),
            Self::Brief(facts) => facts.brief.name.as_deref(),
        }
    }

    pub(super) fn product(&self) -> Option<&'a ProductName> {
        match self {
            Self::Record(device) => device.belongs_to(),
            Self::Brief(facts) => facts.brief.cohort.product(),
        }
    }

    pub(super) fn channel(&self) -> Option<&'a Channel> {
        match self {
            Self::Record(device) => device.channel.as_ref(),
            Self::Brief(facts) => facts.brief.cohort.channel(),
        }
    }

    /// As the operator said.
    pub(super) fn chip(&self) -> Option<Chip> {
        match self {
            Self::Record(device) => device.chip,
            Self::Brief(facts) => facts.brief.cohort.chip(),
        }
    }

    pub(super) fn pin(&self) -> Option<&'a ReleaseId> {
        match self {
            Self::Record(device) => device.pin.as_ref(),
            Self::Brief(facts) => facts.brief.cohort.pin(),
        }
    }

    pub(super) fn is_held(&self) -> bool {
        match self {
            Self::Record(device) => device.hold.is_some(),
            Self::Brief(facts) => facts.brief.cohort.is_held(),
        }
    }

    pub(super) const fn is_contested(&self) -> bool {
        match self {
            Self::Record(device) => device.contested.is_some(),
            Self::Brief(facts) => facts.brief.contested,
        }
    }

    pub(super) fn is_stranger(&self) -> bool {
        match self {
            Self::Record(device) => !device.is_known(),
            Self::Brief(facts) => facts.brief.cohort.is_stranger(),
        }
    }

    pub(super) const fn first_seen(&self) -> Time {
        match self {
            Self::Record(device) => device.first_seen,
            Self::Brief(facts) => facts.brief.first_seen,
        }
    }

    pub(super) const fn last_seen(&self) -> Time {
        match self {
            Self::Record(device) => device.last_seen,
            Self::Brief(facts) => facts.brief.last_seen,
        }
    }

    pub(super) const fn polls(&self) -> u64 {
        match self {
            Self::Record(device) => device.polls,
            Self::Brief(facts) => facts.brief.polls,
        }
    }

    /// What it said last.
    pub(super) fn words(&self) -> Option<Words<'a>> {
        match self {
            Self::Record(device) => device.last.as_ref().map(Words::from),
            Self::Brief(facts) => Some(Words::by(facts.brief.cohort.saying()?, facts.brief.source?)),
        }
    }

    /// What it was answered last.
    pub(super) fn answer(&self) -> Option<Answered> {
        match self {
            Self::Record(device) => Answered::last(device),
            Self::Brief(facts) => facts.brief.cohort.answer(),
        }
    }
}
