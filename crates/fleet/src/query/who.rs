//! Whose facts: a device by its record, or by its brief.

use super::facts::Words;
use crate::brief::Traits;
use crate::{Answered, Brief, Channel, Chip, Device, Mac, ProductName, ReleaseId, Runs, Time};

/// Where a device is known from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who<'a> {
    Record(&'a Device),
    Brief(&'a Brief, Traits<'a>, Runs<'a>),
}

impl<'a> Who<'a> {
    pub(super) const fn mac(&self) -> Mac {
        match self {
            Self::Record(device) => device.mac,
            Self::Brief(brief, ..) => brief.mac,
        }
    }

    pub(super) fn name(&self) -> Option<&'a str> {
        match self {
            Self::Record(device) => device.name.as_deref(),
            Self::Brief(brief, ..) => brief.name.as_deref(),
        }
    }

    pub(super) fn product(&self) -> Option<&'a ProductName> {
        match self {
            Self::Record(device) => device.taken_for(),
            Self::Brief(_, traits, _) => traits.product,
        }
    }

    pub(super) const fn channel(&self) -> Option<&'a Channel> {
        match self {
            Self::Record(device) => device.channel.as_ref(),
            Self::Brief(_, traits, _) => traits.channel,
        }
    }

    /// As the operator said.
    pub(super) const fn chip(&self) -> Option<Chip> {
        match self {
            Self::Record(device) => device.chip,
            Self::Brief(_, traits, _) => traits.chip,
        }
    }

    pub(super) const fn pin(&self) -> Option<&'a ReleaseId> {
        match self {
            Self::Record(device) => device.pin.as_ref(),
            Self::Brief(_, traits, _) => traits.pin,
        }
    }

    pub(super) const fn is_held(&self) -> bool {
        match self {
            Self::Record(device) => device.hold.is_some(),
            Self::Brief(_, traits, _) => traits.held,
        }
    }

    pub(super) const fn is_contested(&self) -> bool {
        match self {
            Self::Record(device) => device.contested.is_some(),
            Self::Brief(brief, ..) => brief.contested,
        }
    }

    pub(super) const fn is_stranger(&self) -> bool {
        match self {
            Self::Record(device) => !device.is_known(),
            Self::Brief(_, traits, _) => traits.stranger,
        }
    }

    pub(super) const fn first_seen(&self) -> Time {
        match self {
            Self::Record(device) => device.first_seen,
            Self::Brief(brief, ..) => brief.first_seen,
        }
    }

    pub(super) const fn last_seen(&self) -> Time {
        match self {
            Self::Record(device) => device.last_seen,
            Self::Brief(brief, ..) => brief.last_seen,
        }
    }

    pub(super) const fn polls(&self) -> u64 {
        match self {
            Self::Record(device) => device.polls,
            Self::Brief(brief, ..) => brief.polls,
        }
    }

    /// What it said last.
    pub(super) fn words(&self) -> Option<Words<'a>> {
        match self {
            Self::Record(device) => device.last.as_ref().map(Words::from),
            Self::Brief(brief, traits, _) => Some(Words::by(traits.said?, brief.source?)),
        }
    }

    /// What it was answered last.
    pub(super) fn answer(&self) -> Option<Answered> {
        match self {
            Self::Record(device) => Answered::last(device),
            Self::Brief(_, traits, _) => traits.answer,
        }
    }
}
