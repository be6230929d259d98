//! What a decision makes of a controller's actions: begins one, or has one cancelled.

use std::time::Duration;

use super::{Action, ActionState};
use crate::{
    Build, Catalogue, CheckIn, Decision, Device, Dialect, Proof, Reason, Sha256, Target, Time, View,
};

/// How long a device that refused to give an action up is left alone with it.
const LEFT_ALONE: Duration = Duration::from_hours(1);

/// Says for a controller what it runs: what it last reported installed. Its client never says.
pub fn recall(check_in: &mut CheckIn, view: View<'_>) {
    let Some(controller) = view.device.and_then(|device| device.controller.as_ref()) else { return };
    let Some(installed) = controller.installed().filter(|_| check_in.dialect == Dialect::Hawkbit) else {
        return;
    };
    let artifact = view.catalogue.artifact(&installed.artifact);
    check_in.version = Some(installed.release.version.clone());
    check_in.build = Build { md5: artifact.map(|artifact| artifact.md5), sha256: None };
}

/// Why a controller is not asked again for what it could not install.
pub(crate) fn gave_up(view: View<'_>, target: Target<'_>) -> Option<Reason> {
    let actions = &view.device?.controller.as_ref()?.actions;
    let last = actions.iter().find(|action| action.artifact == target.artifact.id)?;
    let failed = matches!(last.state, ActionState::Failed { .. });
    let said = last.messages.first().cloned();
    failed.then(|| Reason::ReportedFailure { offered: target.release.id.version.clone(), said })
}

/// Brings the actions of a controller into line with the decision. True if the offer, where it is one, is made for the first
/// time: every offer of other dialects is.
pub(crate) fn follow(
    device: &mut Device,
    check_in: &CheckIn,
    decision: &Decision,
    catalogue: &Catalogue,
    now: Time,
) -> bool {
    if check_in.dialect != Dialect::Hawkbit {
        return true;
    }
    // A stranger's poll neither begins nor ends anything.
    if check_in.proof == Proof::None {
        return false;
    }
    let controller = device.controller.get_or_insert_default();
    if let Some(open) = controller.actions.iter_mut().find(|action| action.state.is_open()) {
        if check_in.proof < open.proof {
            return false;
        }
        if is_over(open, decision, catalogue) {
            cancel(open, now);
        } else if open.state == ActionState::Cancelling && decision.offered() == Some(open.artifact) {
            open.state = ActionState::Running;
        }
    }
    if controller.open().is_some() {
        return false;
    }
    let (Some(artifact), Some(release)) = (decision.offered(), decision.release.clone()) else {
        return false;
    };
    let asks = catalogue.product(&release.product).is_some_and(|product| product.asks_first);
    let agreed = !asks || controller.agrees.is_some();
    let action = Action {
        id: controller.next_id(now),
        release,
        artifact,
        began: now,
        proof: check_in.proof,
        state: if agreed { ActionState::Running } else { ActionState::Unconfirmed },
        retrieved: None,
        kept: None,
        progress: None,
        messages: Vec::new(),
    };
    controller.make_room();
    controller.actions.insert(0, action);
    true
}

/// Whether an action is for something that is no longer meant for the device: withdrawn, deleted, or another artifact is.
/// What is only held (a pause, a window that closed) goes on.
fn is_over(action: &Action, decision: &Decision, catalogue: &Catalogue) -> bool {
    let release = catalogue.release(&action.release);
    let gone = release.is_none_or(|release| release.withdrawn.is_some());
    let other = |artifact: Sha256| artifact != action.artifact;
    gone || decision.artifact.is_some_and(other) || matches!(decision.reason, Reason::NoRelease { .. })
}

/// An action that the device never fetched is over at once.
fn cancel(action: &mut Action, now: Time) {
    let left_alone = action.kept.is_some_and(|at| now.since(at) < LEFT_ALONE);
    match action.retrieved {
        None => action.state = ActionState::Cancelled { at: now },
        Some(_) if !left_alone => action.state = ActionState::Cancelling,
        Some(_) => {}
    }
}
