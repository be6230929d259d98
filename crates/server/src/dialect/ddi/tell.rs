//! What a device tells (`PUT configData`, `POST .../feedback`): taken from whoever has shown who they are.

use otary_fleet::{Execution, Feedback, Finished, Proof, Told, Unheard, tell};
use otary_store::Admit;

use super::answer::{Problem, problem};
use super::path::ToldAt;
use super::{Asked, body};
use crate::http1::{Head, Reply, Status};
use crate::visit::{Plan, Visit};

/// A request whose body is still to come.
pub(crate) struct Telling {
    asked: Asked,
    at: ToldAt,
}

/// Looks at the head: whoever shows nothing that is known is not listened to.
pub(super) fn plan(visit: &Visit, head: &Head<'_>, asked: Asked, at: ToldAt) -> Plan {
    let catalogue = visit.shared.store.catalogue();
    if let Err(why) = asked.known(visit, &catalogue) {
        return problem(why).into();
    }
    let content_type = head.field("content-type").unwrap_or("application/json");
    if !content_type.contains("json") {
        return problem(Problem::NotJson).into();
    }
    Plan::Tell(Box::new(Telling { asked, at }))
}

impl Telling {
    /// Takes the body.
    pub(crate) fn take(self, visit: &Visit, body: &[u8]) -> Reply {
        let now = visit.shared.clock.now();
        let read = match self.at {
            ToldAt::ConfigData => body::attributes(body).map(|(mode, data)| Told::Attributes(mode, data)),
            ToldAt::Deployment(id) => body::feedback(body).map(|said| Told::Progress(id, said)),
            ToldAt::Cancel(id) => body::feedback(body).map(|said| Told::Cancellation(id, said)),
            ToldAt::Confirmation(id) => {
                body::confirmation(body).map(|(agrees, details)| Told::Confirmation(id, agrees, details))
            }
            ToldAt::AutoConfirm => {
                body::agreement(body, now).map(|agreement| Told::Agreement(Some(agreement)))
            }
            ToldAt::NoAutoConfirm => Ok(Told::Agreement(None)),
        };
        let Ok(told_by_device) = read else {
            visit.shared.troubles.refused(visit.peer, "a hawkBit client sent a body that cannot be read");
            return problem(Problem::NotReadable);
        };
        match told(visit, &self.asked, &told_by_device) {
            Ok(()) => {
                let device = self.asked.check_in.device.map(|mac| mac.to_string());
                tracing::info!(target: "report", device, source = &*visit.source, "{}", line(&told_by_device));
                Reply::empty(Status::Ok)
            }
            Err(why) => problem(refusal(why)),
        }
    }
}

/// What a device told, for the log. Its own words are on its record.
fn line(told: &Told) -> String {
    let of = |said: &Feedback| match (said.execution, said.finished) {
        (Execution::Closed, Finished::Failure) => "closed: failure",
        (Execution::Closed, _) => "closed: success",
        (execution, _) => execution.words(),
    };
    match told {
        Told::Retrieved(id) => format!("action {id}: fetched"),
        Told::Progress(id, said) => format!("action {id}: {}", of(said)),
        Told::Cancellation(id, said) => format!("action {id}, to be given up: {}", of(said)),
        Told::Confirmation(id, true, _) => format!("action {id}: agreed to"),
        Told::Confirmation(id, false, _) => format!("action {id}: not agreed to"),
        Told::Agreement(Some(_)) => "agrees to every action from now on".to_owned(),
        Told::Agreement(None) => "is to be asked before every action".to_owned(),
        Told::Attributes(_, data) => format!("{} attributes", data.len()),
    }
}

/// Why nothing was noted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Untold {
    Refused(Unheard),
    /// Nothing is proven any more.
    Stranger,
    NoDevice,
    Store,
}

/// Notes in the device's record what it tells. What it has shown is looked at again: the record may be another one by now.
pub(super) fn told(visit: &Visit, asked: &Asked, told: &Told) -> Result<(), Untold> {
    let catalogue = visit.shared.store.catalogue();
    let now = visit.shared.clock.now();
    let Some(mac) = asked.check_in.device else { return Err(Untold::NoDevice) };
    let mut outcome = Err(Untold::NoDevice);
    let noted = visit.shared.store.with_device(mac, now, Admit::OnRecord, &mut |device| {
        let Some(device) = device else { return Vec::new() };
        let check_in = asked.proven(Some(device), &catalogue);
        if check_in.proof == Proof::None {
            outcome = Err(Untold::Stranger);
            return Vec::new();
        }
        match tell(device, &check_in, told.clone(), now) {
            Ok(events) => {
                visit.shared.rollout.turn().note(device, &catalogue, now);
                visit.shared.census.note(device);
                visit.shared.counters.note(&events);
                outcome = Ok(());
                events
            }
            Err(why) => {
                outcome = Err(Untold::Refused(why));
                Vec::new()
            }
        }
    });
    if let Err(error) = noted {
        let error: &dyn std::error::Error = &error;
        tracing::error!(target: "check_in", device = %mac, error, "what a device told is not on record");
        return Err(Untold::Store);
    }
    outcome
}

/// What is answered then.
pub(super) const fn refusal(why: Untold) -> Problem {
    match why {
        Untold::Stranger => Problem::NotAuthenticated,
        Untold::NoDevice => Problem::NoDevice,
        Untold::Store => Problem::Failed,
        Untold::Refused(why) => match why {
            Unheard::NoAction | Unheard::NotWaiting => Problem::NoAction,
            Unheard::Over => Problem::Over,
            Unheard::LessProven => Problem::NotAllowed,
            Unheard::NotCancelling => Problem::NotCancelling,
            Unheard::AttributeTooLong => Problem::TooLong,
            Unheard::TooManyAttributes => Problem::TooMany,
        },
    }
}
