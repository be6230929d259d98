//! Briefs: what is known of one device in a few words, about 100 bytes, so that a hundred thousand are in memory at once. A
//! brief says all that a list is sorted, counted and searched by; the rest is in the record.
//!
//! - **A query finds a device by its brief exactly if it finds it by its record** ([`Query::finds_brief`]).
//! - **Keeping one costs no allocation** while a device says the same and is answered the same ([`Brief::follow`]).

mod cohort;
mod runs;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::query::Known;
use crate::{Catalogue, Device, Mac, Query, Time};

pub(crate) use cohort::Saying;
pub use cohort::{Answered, Cohort};
pub use runs::Runs;

/// One device in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// Its address.
    pub mac: Mac,
    /// What it has in common with others.
    pub cohort: Arc<Cohort>,
    /// What it calls itself.
    pub name: Option<Box<str>>,
    /// When it first asked.
    pub first_seen: Time,
    /// When it last asked; when it was put on record, if it never did.
    pub last_seen: Time,
    /// How often it asked.
    pub polls: u64,
    /// Where it last asked from.
    pub source: Option<IpAddr>,
    /// Whether builds or networks were ever seen taking turns under its address.
    pub contested: bool,
    /// Seconds of silence after which it is missed. Zero: its rhythm is not known yet.
    patience: u32,
}

/// What a query is asked of, by a brief.
#[derive(Debug, Clone, Copy)]
pub struct BriefFacts<'a> {
    /// The device.
    pub brief: &'a Brief,
    /// What its cohort runs by this catalogue ([`Runs::of`]): worked out once for all of a cohort.
    pub runs: Runs<'a>,
    /// All that could be offered.
    pub catalogue: &'a Catalogue,
    /// The time.
    pub now: Time,
}

impl Brief {
    /// A device as its record stands, which is of this cohort.
    pub fn of(device: &Device, cohort: Arc<Cohort>) -> Self {
        let mut brief = Self {
            mac: device.mac,
            cohort,
            name: None,
            first_seen: device.first_seen,
            last_seen: device.last_seen,
            polls: device.polls,
            source: None,
            contested: false,
            patience: 0,
        };
        brief.note(device);
        brief
    }

    /// Notes how the record stands now. False, and nothing is noted, if the device is of another cohort by now.
    pub fn follow(&mut self, device: &Device) -> bool {
        let same = self.cohort.has(device);
        if same {
            self.note(device);
        }
        same
    }

    fn note(&mut self, device: &Device) {
        self.first_seen = device.first_seen;
        self.last_seen = device.last_seen;
        self.polls = device.polls;
        self.source = device.last.as_ref().map(|last| last.source);
        self.contested = device.contested.is_some();
        if self.name.as_deref() != device.name.as_deref() {
            self.name = device.name.as_deref().map(Box::from);
        }
        let patience = device.rhythm.patience().as_secs();
        self.patience =
            if device.rhythm.is_known() { u32::try_from(patience).unwrap_or(u32::MAX) } else { 0 };
    }

    /// How long it may be silent before it is missed; none while its rhythm is not known.
    pub fn patience(&self) -> Option<Duration> {
        (self.patience > 0).then(|| Duration::from_secs(self.patience.into()))
    }

    /// Whether it has not asked for longer than its own rhythm lets expect: the rule by which a campaign misses a device.
    /// `deaf`: for how long of the time since it last asked nobody could be heard.
    pub fn is_missed(&self, deaf: Duration, now: Time) -> bool {
        self.patience().is_some_and(|patience| now > self.last_seen + patience + deaf)
    }
}

impl Query {
    /// Whether a device is meant, by its brief: the same as by its record.
    pub fn finds_brief(&self, facts: &BriefFacts<'_>) -> bool {
        self.finds(&Known::from(facts))
    }
}
