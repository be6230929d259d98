//! The replay: every decision of a recording made again, by the same pure functions.

use std::collections::{HashMap, HashSet};

use otary_fleet::{
    Catalogue, CheckIn, Decision, Delivery, Device, Mac, Openings, Sha256, Time, View, decide, delivered,
    observe,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Input, Line, digest};

/// A recording that is being replayed.
#[derive(Debug, Default)]
pub struct Replay {
    catalogue: Option<Catalogue>,
    openings: Openings,
    devices: HashMap<Mac, Device>,
    /// Those whose records are others by now: that is told once.
    apart: HashSet<Mac>,
    replayed: Replayed,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    /// Lines.
    pub lines: u64,
    /// Check-ins that were decided on again.
    pub decisions: u64,
    /// Of those, the ones that would be answered otherwise; and records that would be others.
    pub differences: u64,
    /// The first of them, at most [`Self::SHOWN`].
    pub shown: Vec<Difference>,
}

/// Where the replay says something else than the recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The line, counted from 1.
    pub line: u64,
    /// When.
    pub at: Time,
    /// Which device; none of one that does not say.
    pub device: Option<Mac>,
    /// What is different.
    #[serde(flatten)]
    pub what: Divergence,
}

/// What is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "difference", rename_all = "kebab-case")]
pub enum Divergence {
    /// Another decision.
    Decision {
        /// The one in the recording.
        recorded: Box<Decision>,
        /// The one that is made now.
        now: Box<Decision>,
    },
    /// The decision is the same, and what was remembered of the device before it is not.
    Record,
}

/// Why a line cannot be replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// It is none of a recording.
    #[error("line {line} is none of a recording")]
    Line {
        /// The line, counted from 1.
        line: u64,
        /// Why.
        source: serde_json::Error,
    },
    /// A decision stands before the catalogue that it rests on: the recording has lost its beginning.
    #[error("line {line} rests on a catalogue that is not in the recording")]
    NoCatalogue {
        /// The line, counted from 1.
        line: u64,
    },
}

impl Replayed {
    /// Differences that are kept.
    pub const SHOWN: usize = 20;
}

impl Replay {
    /// Replays the next line.
    pub fn line(&mut self, text: &str) -> Result<(), ReplayError> {
        self.replayed.lines += 1;
        let line = self.replayed.lines;
        let Line { at, input } =
            serde_json::from_str(text).map_err(|source| ReplayError::Line { line, source })?;
        match input {
            Input::Catalogue(parts) => self.catalogue = Some((*parts).into()),
            Input::Openings { openings } => self.openings = openings.into_iter().collect(),
            Input::Device { device } => {
                self.apart.remove(&device.mac);
                self.devices.insert(device.mac, *device);
            }
            Input::CheckIn { check_in, record, decision, answered } => {
                self.check_in(&check_in, record, decision, answered.as_deref(), at)?;
            }
            Input::Delivery { device, record, delivery } => self.deliver(device, record, delivery, at),
        }
        Ok(())
    }

    /// What came of it.
    pub fn end(self) -> Replayed {
        self.replayed
    }

    fn check_in(
        &mut self,
        check_in: &CheckIn,
        record: Option<Sha256>,
        recorded: Box<Decision>,
        answered: Option<&Decision>,
        at: Time,
    ) -> Result<(), ReplayError> {
        let line = self.replayed.lines;
        let catalogue = self.catalogue.as_ref().ok_or(ReplayError::NoCatalogue { line })?;
        let mut device = record.and(check_in.device).and_then(|mac| self.devices.get_mut(&mac));
        let same_record = device.as_deref().and_then(|device| digest(device).ok()) == record;
        let view = View { catalogue, device: device.as_deref(), openings: &self.openings };
        let now = decide(check_in, view, at);
        if let Some(device) = &mut device {
            observe(device, check_in, answered.unwrap_or(&recorded), catalogue, at);
        }
        self.replayed.decisions += 1;
        if now != *recorded {
            let what = Divergence::Decision { recorded, now: Box::new(now) };
            self.differs(at, check_in.device, what);
        } else if !same_record {
            self.is_apart(at, check_in.device);
        }
        Ok(())
    }

    fn deliver(&mut self, mac: Mac, record: Sha256, delivery: Delivery, at: Time) {
        let device = self.devices.get_mut(&mac);
        let same_record = device.as_deref().and_then(|device| digest(device).ok()) == Some(record);
        if let Some(device) = device {
            delivered(device, delivery, at);
        }
        if !same_record {
            self.is_apart(at, Some(mac));
        }
    }

    fn is_apart(&mut self, at: Time, device: Option<Mac>) {
        if device.is_none_or(|mac| self.apart.insert(mac)) {
            self.differs(at, device, Divergence::Record);
        }
    }

    fn differs(&mut self, at: Time, device: Option<Mac>, what: Divergence) {
        self.replayed.differences += 1;
        if self.replayed.shown.len() < Replayed::SHOWN {
            self.replayed.shown.push(Difference { line: self.replayed.lines, at, device, what });
        }
    }
}
