//! The files of an action (`softwaremodules/{action}/artifacts/{file}`), whole or in ranges, and their MD5 as `md5sum` prints
//! it (`{file}.MD5SUM`).
//!
//! A file is there while its action runs, or after the device installed it. What was withdrawn is 410.

use otary_fleet::{ActionId, ActionState};

use super::Asked;
use super::answer::{Problem, problem};
use super::describe::{File, files};
use crate::artifact::for_one_device;
use crate::http1::{Head, Reply, Status};
use crate::sending::Recipient;
use crate::visit::{Plan, Visit};

const MD5SUM: &str = ".MD5SUM";

pub(super) fn answer(visit: &Visit, head: &Head<'_>, asked: &Asked, id: ActionId, name: &str) -> Plan {
    let catalogue = visit.shared.store.catalogue();
    let known = match asked.known(visit, &catalogue) {
        Ok(known) => known,
        Err(why) => return problem(why).into(),
    };
    let action = known.action(id);
    let action = action.filter(|action| !matches!(action.state, ActionState::Unconfirmed));
    let Some(action) = action else { return problem(Problem::NoAction).into() };
    let withdrawn = catalogue.release(&action.release).is_none_or(|release| release.withdrawn.is_some());
    if withdrawn || matches!(action.state, ActionState::Cancelling | ActionState::Cancelled { .. }) {
        return problem(Problem::Over).into();
    }
    let files = files(action, &catalogue).unwrap_or_default();
    let find = |name: &str| files.iter().find(|file| file.name == name);
    if let Some(file) = find(name) {
        let recipient = Recipient { device: known.check_in.device, claimant: known.check_in.claimant() };
        return for_one_device(head, &file.artifact, recipient);
    }
    match name.strip_suffix(MD5SUM).and_then(find) {
        Some(file) => md5sum(file).into(),
        None => problem(Problem::NoResource).into(),
    }
}

/// hawkBit ends the line with the name, not with a line feed.
fn md5sum(file: &File) -> Reply {
    let name = &file.name;
    Reply::sentence(Status::Ok, format!("{}  {name}", file.artifact.md5))
        .field("Content-Disposition", format_args!("attachment;filename={name}{MD5SUM}"))
}
