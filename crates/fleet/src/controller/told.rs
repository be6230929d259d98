//! What a controller tells besides polling: reports on an action, its agreement, its attributes.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Action, ActionId, ActionState, Agreement, Controller, Execution, Feedback, Finished};
use crate::observe::{note_installed, note_report};
use crate::{CheckIn, Device, Ending, Event, EventKind, Installed, Network, Outcome, Proof, Report, Time};

/// What a device tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It fetched what is to be done.
    Retrieved(ActionId),
    /// What it does with an action.
    Progress(ActionId, Feedback),
    /// What it does with the request to give an action up.
    Cancellation(ActionId, Feedback),
    /// Whether it agrees to an action, and why.
    Confirmation(ActionId, bool, Vec<String>),
    /// It agrees to all actions from now on, or no longer does.
    Agreement(Option<Agreement>),
    /// What it says of itself.
    Attributes(UpdateMode, BTreeMap<String, String>),
}

/// What becomes of the attributes that are on record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UpdateMode {
    /// They stay, but for those that are named again.
    #[default]
    Merge,
    /// They go.
    Replace,
    /// Those that are named go.
    Remove,
}

/// Why what a device tells is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unheard {
    /// It has no action of this number.
    #[error("the device has no such action")]
    NoAction,
    /// The action is over.
    #[error("the action is over")]
    Over,
    /// Less was shown than when the action began.
    #[error("the action began with a stronger proof")]
    LessProven,
    /// The action is not being cancelled.
    #[error("the action is not being cancelled")]
    NotCancelling,
    /// The action does not wait for an agreement.
    #[error("the action does not wait to be confirmed")]
    NotWaiting,
    /// An attribute's key or value is empty or too long.
    #[error("an attribute's key and value have 1 and 0 to {} characters", Controller::MAX_ATTRIBUTE)]
    AttributeTooLong,
    /// There are too many attributes.
    #[error("a device has at most {} attributes", Controller::MAX_ATTRIBUTES)]
    TooManyAttributes,
}

/// Folds what a controller tells into its record. What comes back is worth keeping. `check_in` says who tells it, from where
/// and with what proof; it is no poll.
pub fn tell(device: &mut Device, check_in: &CheckIn, told: Told, now: Time) -> Result<Vec<Event>, Unheard> {
    let (product, mac) = (device.product.clone(), device.mac);
    let mut kinds = Vec::new();
    let controller = device.controller.get_or_insert_default();
    let over = match told {
        Told::Retrieved(id) => {
            action(controller, id, check_in.proof)?.retrieved = Some(now);
            None
        }
        Told::Progress(id, feedback) => {
            take_progress(action(controller, id, check_in.proof)?, &feedback, now)?
        }
        Told::Cancellation(id, feedback) => {
            take_cancellation(action(controller, id, check_in.proof)?, &feedback, now)?
        }
        Told::Confirmation(id, agreed, details) => {
            take_confirmation(action(controller, id, check_in.proof)?, agreed, &details)?;
            None
        }
        Told::Agreement(agreement) => {
            agree(controller, agreement);
            None
        }
        Told::Attributes(mode, data) => {
            describe(controller, mode, data, now)?;
            None
        }
    };
    device.last_seen = device.last_seen.max(now);
    if let Some(action) = over {
        kinds.extend(end(device, &action, check_in, now));
    }
    let product = kinds.first().and(product.or_else(|| check_in.product.clone()));
    Ok(kinds
        .into_iter()
        .map(|kind| Event { at: now, device: Some(mac), product: product.clone(), kind })
        .collect())
}

/// The action of this number, for one who showed enough to speak of it.
fn action(controller: &mut Controller, id: ActionId, proof: Proof) -> Result<&mut Action, Unheard> {
    let action = controller.actions.iter_mut().find(|action| action.id == id).ok_or(Unheard::NoAction)?;
    if proof < action.proof { Err(Unheard::LessProven) } else { Ok(action) }
}

/// Notes a report on an action. The action, if it is over with that.
fn take_progress(action: &mut Action, said: &Feedback, now: Time) -> Result<Option<Action>, Unheard> {
    match action.state {
        ActionState::Unconfirmed => return Err(Unheard::NoAction),
        ActionState::Running | ActionState::Cancelling => {}
        _ => return Err(Unheard::Over),
    }
    note(action, said);
    action.progress = said.progress.or(action.progress);
    action.state = match (said.execution, said.finished) {
        (Execution::Closed, Finished::Failure) => ActionState::Failed { at: now },
        (Execution::Closed, _) => ActionState::Finished { at: now },
        (Execution::Canceled, _) if action.state == ActionState::Cancelling => {
            ActionState::Cancelled { at: now }
        }
        // Nobody told it to.
        (Execution::Canceled, _) => ActionState::Failed { at: now },
        _ => return Ok(None),
    };
    Ok(Some(action.clone()))
}

/// Notes what a device says of giving an action up. One that refuses goes on with it.
fn take_cancellation(action: &mut Action, said: &Feedback, now: Time) -> Result<Option<Action>, Unheard> {
    match action.state {
        ActionState::Cancelling => {}
        ActionState::Unconfirmed | ActionState::Running => return Err(Unheard::NotCancelling),
        _ => return Err(Unheard::Over),
    }
    note(action, said);
    match (said.execution, said.finished) {
        (Execution::Rejected, _) => {
            (action.state, action.kept) = (ActionState::Running, Some(now));
            return Ok(None);
        }
        (Execution::Closed, Finished::Failure) => action.state = ActionState::Failed { at: now },
        (Execution::Closed, _) => action.state = ActionState::Cancelled { at: now },
        _ => return Ok(None),
    }
    Ok(Some(action.clone()))
}

fn take_confirmation(action: &mut Action, agreed: bool, details: &[String]) -> Result<(), Unheard> {
    match action.state {
        ActionState::Unconfirmed => {}
        ActionState::Running | ActionState::Cancelling => return Err(Unheard::NotWaiting),
        _ => return Err(Unheard::Over),
    }
    for line in details {
        action.note(line);
    }
    if agreed {
        action.state = ActionState::Running;
    } else {
        action.note("not agreed to");
    }
    Ok(())
}

/// What waits is agreed to as well.
fn agree(controller: &mut Controller, agreement: Option<Agreement>) {
    let waits = |action: &&mut Action| action.state == ActionState::Unconfirmed;
    if agreement.is_some()
        && let Some(action) = controller.actions.iter_mut().find(waits)
    {
        action.state = ActionState::Running;
    }
    controller.agrees = agreement;
}

fn describe(
    controller: &mut Controller,
    mode: UpdateMode,
    data: BTreeMap<String, String>,
    now: Time,
) -> Result<(), Unheard> {
    let too_long = |text: &str| text.chars().count() > Controller::MAX_ATTRIBUTE;
    if data.iter().any(|(key, value)| key.is_empty() || too_long(key) || too_long(value)) {
        return Err(Unheard::AttributeTooLong);
    }
    let mut attributes = match mode {
        UpdateMode::Replace => BTreeMap::new(),
        UpdateMode::Merge | UpdateMode::Remove => controller.attributes.clone(),
    };
    match mode {
        UpdateMode::Remove => attributes.retain(|key, _| !data.contains_key(key)),
        UpdateMode::Merge | UpdateMode::Replace => attributes.extend(data),
    }
    if attributes.len() > Controller::MAX_ATTRIBUTES {
        return Err(Unheard::TooManyAttributes);
    }
    (controller.attributes, controller.described) = (attributes, Some(now));
    Ok(())
}

fn note(action: &mut Action, said: &Feedback) {
    if said.details.iter().all(|line| line.trim().is_empty()) {
        action.note(said.execution.words());
    }
    for line in &said.details {
        action.note(line);
    }
    if let Some(code) = said.code {
        action.note(&format!("status code {code}"));
    }
}

/// What the end of an action means: a report, which takes precedence over whatever polls show.
fn end(device: &mut Device, action: &Action, check_in: &CheckIn, now: Time) -> Option<EventKind> {
    let ending = match action.state {
        ActionState::Finished { .. } => Ending::Installed,
        ActionState::Failed { .. } => Ending::Refused,
        // Nothing is known of how it would have ended.
        _ => return None,
    };
    if ending == Ending::Installed {
        install(device, action, check_in, now);
    }
    let report = Report { release: 0, payload: Some(action.artifact), ending, cause: None, tries: 1 };
    note_report(device, report, check_in, now)
}

fn install(device: &mut Device, action: &Action, check_in: &CheckIn, now: Time) {
    let network = Network::of(check_in.source);
    let attempts = device.attempts.iter_mut();
    attempts.filter(|a| a.artifact == action.artifact).for_each(|a| a.outcome = Some(Outcome::Installed));
    let (artifact, release) = (action.artifact, action.release.clone());
    let before = check_in.build;
    note_installed(device, Installed { artifact, release, at: now, network, before, reported: true });
    if let Some(controller) = &mut device.controller {
        // What it says of itself may be different now.
        controller.described = None;
    }
}
