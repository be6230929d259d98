//! Explanations: what a device would be answered now, by which rule, on what evidence, and what would change it.
//!
//! A device is asked again what it said last, by [`decide`] itself; so an explanation never says anything else than what
//! the device is answered, as long as it says the same again. What is told besides are the figures that the rule rested on,
//! with how each is known: *reported* by the device, or *inferred* from its polls.

mod answer;
mod attempts;
mod campaign;
mod change;
mod evidence;
mod page;
mod rhythm;
mod runs;

use serde::{Deserialize, Serialize};

use crate::{Campaign, Catalogue, CheckIn, Decision, Device, Mac, Mode, Openings, Time, View, decide};

pub use change::Change;

/// Why a device is answered as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// The device; none of a client that says none.
    pub device: Option<Mac>,
    /// What it calls itself, if its client says a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When this was asked.
    pub at: Time,
    /// The answer in one sentence.
    pub answer: String,
    /// The decision with its figures; none of a device that never asked.
    pub decision: Option<Decision>,
    /// The rule in general: its word, what it is answered with, and what it says.
    pub rule: Option<String>,
    /// What it runs, how that is known, when it was last heard, and whether it is overdue by its own rhythm.
    pub runs: Vec<String>,
    /// What the rule rested on, a sentence each.
    pub evidence: Vec<String>,
    /// What would change the answer.
    pub changes: Vec<Change>,
    /// The releases that it met last, and what became of each; the latest first.
    pub attempts: Vec<String>,
}

/// What is explained.
#[derive(Clone, Copy)]
struct Case<'a> {
    check_in: &'a CheckIn,
    view: View<'a>,
    decision: &'a Decision,
    now: Time,
}

/// Explains what a device on record would be answered, if it asked for a program and said again what it said last.
pub fn explain(device: &Device, catalogue: &Catalogue, openings: &Openings, now: Time) -> Explanation {
    match device.last_check_in(Mode::Sketch, catalogue) {
        Some(check_in) => {
            explain_check_in(&check_in, View { catalogue, device: Some(device), openings }, now)
        }
        None => Explanation {
            device: Some(device.mac),
            name: device.name.clone(),
            at: now,
            answer: "Nothing is known of it: it has not asked yet.".to_owned(),
            decision: None,
            rule: None,
            runs: Vec::new(),
            evidence: evidence::of_one_that_never_asked(device, now),
            changes: change::of_one_that_never_asked(device),
            attempts: Vec::new(),
        },
    }
}

/// Explains what whoever says this is answered.
pub fn explain_check_in(check_in: &CheckIn, view: View<'_>, now: Time) -> Explanation {
    let decision = decide(check_in, view, now);
    let case = Case { check_in, view, decision: &decision, now };
    let reason = &decision.reason;
    Explanation {
        device: check_in.device,
        name: view.device.and_then(|device| device.name.clone()),
        at: now,
        answer: case.answer(),
        rule: Some(format!("{} ({}): {}", reason.rule(), reason.verdict().name(), reason.principle())),
        runs: case.runs(),
        evidence: case.evidence(),
        changes: case.changes(),
        attempts: view.device.map_or_else(Vec::new, |device| attempts::of(device, view.catalogue, now)),
        decision: Some(decision),
    }
}

impl<'a> Case<'a> {
    /// The campaign that speaks of the device.
    fn campaign(&self) -> Option<&'a Campaign> {
        self.view.catalogue.campaign(self.decision.campaign?)
    }

    /// What is meant for it, in words.
    fn meant(&self) -> String {
        self.decision.release.as_ref().map_or_else(|| "a release".to_owned(), ToString::to_string)
    }

    /// Since when the device is missed: longer silent than its rhythm lets expect.
    fn missed_since(&self) -> Option<Time> {
        let device = self.view.device?;
        let missed = self.now.since(device.last_seen) > device.rhythm.patience();
        (device.rhythm.is_known() && missed).then_some(device.last_seen)
    }
}
