//! hawkBit's Direct Device Integration (DDI), spoken to the clients that there are for it: SWUpdate's suricatta, RAUC's updater,
//! Zephyr's, the `hawkbit` crate.
//!
//! - A poll is one check-in, and is answered by one decision. *Offer* is a link to an action; *wait* and *hold* are a poll
//!   without that link. What is no longer meant for the device is cancelled.
//! - Every other request is about an action on the device's record, or about the device itself. It is no poll.
//! - Everything goes over HTTPS, from devices that show a credential: 401 to all others, whether there is such a device or not.
//! - A body is read only of who has shown one, and is bounded.
//!
//! Read from hawkBit's sources (`DdiRootController`, 2026); the statuses are those that it answers.

mod answer;
mod body;
mod describe;
mod download;
mod links;
mod path;
mod poll;
mod tell;

use otary_fleet::{
    Catalogue, CheckIn, Decision, Device, Dialect, Mode, Openings, Proof, Transport, View, decide, prove,
    recall,
};

use self::answer::{Problem, problem};
pub(crate) use self::describe::Describing;
use self::links::Links;
use self::path::Resource;
pub(crate) use self::path::{Call, NoResource, call};
pub(crate) use self::tell::Telling;
use super::chip_in_query;
use crate::evidence::Pass;
use crate::http1::{Head, Method};
use crate::link::Link;
use crate::visit::{Plan, Visit, only};

/// A request by a device, as far as its head says.
pub(crate) struct Asked {
    check_in: CheckIn,
    pass: Pass,
    links: Links,
}

/// A device that has shown who it is.
struct Known {
    device: Device,
    /// What it says and has shown.
    check_in: CheckIn,
}

/// Answers a request whose path is one of this protocol's.
pub(crate) fn answer(
    visit: &Visit,
    head: &Head<'_>,
    link: Option<Link<'_>>,
    call: Result<Call, NoResource>,
) -> Plan {
    if visit.transport == Transport::Http {
        return visit.forbid("hawkBit's protocol is spoken over HTTPS alone");
    }
    let Ok(Call { tenant, product, name, resource }) = call else {
        return problem(Problem::NoResource).into();
    };
    let check_in = CheckIn {
        dialect: Dialect::Hawkbit,
        mode: Mode::Sketch,
        device: Some(name.mac()),
        product,
        chip: chip_in_query(head),
        build: otary_fleet::Build::default(),
        version: None,
        free_space: None,
        chip_size: None,
        sdk: None,
        source: visit.peer,
        transport: visit.transport,
        // It takes the device's record to tell.
        proof: Proof::None,
        handshake: visit.secured.as_ref().map(|secured| secured.handshake.clone()),
        agent: None,
        report: None,
        name: Some(name.clone()),
    };
    let links = Links::new(head, link, &visit.shared.url, &tenant, &name);
    let asked = Asked { check_in, pass: Pass::by(visit, head, link), links };
    dispatch(visit, head, asked, resource)
}

fn dispatch(visit: &Visit, head: &Head<'_>, asked: Asked, resource: Resource) -> Plan {
    let read = matches!(head.method, Method::Get | Method::Head);
    match (resource, head.method) {
        (Resource::Poll, _) if read => poll::answer(visit, asked),
        (Resource::Told(told), method) if method == told.method() => tell::plan(visit, head, asked, told),
        (Resource::Told(told), _) => only(told.method_name()),
        (Resource::Shown(shown), _) if read => describe::plan(visit, head, &asked, shown),
        (Resource::File(action, file), _) if read => download::answer(visit, head, &asked, action, &file),
        _ => only("GET, HEAD"),
    }
}

impl Asked {
    /// The device, if it is on record and has shown who it is.
    fn known(&self, visit: &Visit, catalogue: &Catalogue) -> Result<Known, Problem> {
        let device = self.check_in.device.and_then(|mac| visit.shared.store.device(mac).ok().flatten());
        let check_in = self.proven(device.as_ref(), catalogue);
        if check_in.proof == Proof::None {
            self.pass.tell_if_wrong(visit, check_in.proof);
            return Err(Problem::NotAuthenticated);
        }
        device.map(|device| Known { device, check_in }).ok_or(Problem::NoDevice)
    }

    /// What it says, with what the record adds and what was shown.
    fn proven(&self, device: Option<&Device>, catalogue: &Catalogue) -> CheckIn {
        let view = View { catalogue, device, openings: Openings::SHUT };
        let mut check_in = self.check_in.clone();
        recall(&mut check_in, view);
        check_in.proof = prove(&check_in, &self.pass.evidence, view);
        check_in
    }
}

impl Known {
    /// What it would be answered if it polled now.
    fn decision(&self, visit: &Visit, catalogue: &Catalogue) -> Decision {
        decide(
            &self.check_in,
            View { catalogue, device: Some(&self.device), openings: Openings::SHUT },
            visit.shared.clock.now(),
        )
    }
}
