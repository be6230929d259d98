//! The poll (`GET {device}`): one check-in, one decision, and links to what is due.

use std::collections::BTreeMap;
use std::time::Duration;

use otary_fleet::{Action, ActionState, Device, Proof, Sha256};
use serde::Serialize;

use super::Asked;
use super::answer::{Problem, problem, shown};
use super::links::{Link, Links};
use crate::check_in;
use crate::visit::{Plan, Visit};

#[derive(Serialize)]
struct Poll {
    config: Config,
    #[serde(rename = "_links", skip_serializing_if = "BTreeMap::is_empty")]
    links: BTreeMap<&'static str, Link>,
}

#[derive(Serialize)]
struct Config {
    polling: Polling,
}

#[derive(Serialize)]
struct Polling {
    sleep: String,
}

pub(super) fn answer(visit: &Visit, asked: Asked) -> Plan {
    let Asked { mut check_in, pass, links } = asked;
    let mut due = BTreeMap::new();
    let decided = check_in::decided(visit, &mut check_in, pass, &mut |device, decision| {
        due = links_to_what_is_due(device, decision.offered(), &links);
    });
    match decided {
        Ok(_) if check_in.proof == Proof::None => return problem(Problem::NotAuthenticated).into(),
        Ok(_) => {}
        // A poll that could not be decided on is one without an action.
        Err(_) => due.clear(),
    }
    let sleep = sleep(Duration::from_secs(visit.shared.poll_after.into()));
    shown(&Poll { config: Config { polling: Polling { sleep } }, links: due }, &links).into()
}

/// An action whose release is held for now goes on without its link: clients go on with what they have begun.
fn links_to_what_is_due(
    device: &Device,
    offered: Option<Sha256>,
    links: &Links,
) -> BTreeMap<&'static str, Link> {
    let Some(controller) = &device.controller else { return BTreeMap::new() };
    let action = controller.open().and_then(|action| link_to(action, offered, links));
    let installed = controller
        .installed()
        .map(|action| ("installedBase", links.to(format_args!("installedBase/{}", action.id))));
    let attributes = controller.described.is_none().then(|| ("configData", links.to("configData")));
    action.into_iter().chain(installed).chain(attributes).collect()
}

fn link_to(action: &Action, offered: Option<Sha256>, links: &Links) -> Option<(&'static str, Link)> {
    let id = action.id;
    match action.state {
        // The number behind `c` changes with what the link leads to, so that no cache keeps it: hawkBit's clients look for it.
        ActionState::Running if offered == Some(action.artifact) => {
            let changes = action.began.secs() & 0xFFFF;
            Some(("deploymentBase", links.to(format_args!("deploymentBase/{id}?c={changes}"))))
        }
        ActionState::Unconfirmed if offered == Some(action.artifact) => {
            Some(("confirmationBase", links.to(format_args!("confirmationBase/{id}?c=0"))))
        }
        ActionState::Cancelling => Some(("cancelAction", links.to(format_args!("cancelAction/{id}")))),
        _ => None,
    }
}

/// `HH:MM:SS`, which clients read as a time of day: less than a day, and not zero, which some take for their own default.
fn sleep(after: Duration) -> String {
    let seconds = after.as_secs().clamp(1, 24 * 60 * 60 - 1);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_written_as_a_time_of_day() {
        let sleep = |seconds| sleep(Duration::from_secs(seconds));
        assert_eq!([sleep(0), sleep(900), sleep(3905)], ["00:00:01", "00:15:00", "01:05:05"]);
        assert_eq!(sleep(7 * 24 * 3600), "23:59:59");
    }
}
