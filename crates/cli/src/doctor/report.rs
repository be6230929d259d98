//! What an examination came to: an object for programs, which [`Look`](super::Look) sets for people.

use serde::Serialize;

use super::patient::Patient;
use super::step::{Cause, State, Step};

/// An examination that is over.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What the device asks.
    url: String,
    /// Its software.
    stack: &'static str,
    /// Whether the device gets all the way.
    well: bool,
    /// The first thing that ends it.
    #[serde(flatten)]
    pub(super) cause: Option<Cause>,
    /// Every step.
    steps: Vec<Step>,
    /// What it is, in a few words.
    #[serde(skip)]
    pub(super) described: &'static str,
}

impl Report {
    pub(super) fn new(patient: &Patient, steps: Vec<Step>) -> Self {
        let cause = steps.iter().find_map(|step| step.cause.clone());
        Self {
            url: patient.url.to_string(),
            stack: patient.stack.name(),
            well: cause.is_none(),
            cause,
            steps,
            described: patient.stack.description(),
        }
    }

    /// Whether the device gets all the way.
    pub const fn is_well(&self) -> bool {
        self.well
    }

    /// Whether a step has something that somebody should know.
    pub(super) fn has_notes(&self) -> bool {
        self.steps.iter().any(|step| step.state == State::Note)
    }
}
