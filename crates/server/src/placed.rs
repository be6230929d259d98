//! The clients that are known by their URL: ESP-IDF, ESPHome, esp32FOTA, Tasmota, MicroPython.
//!
//! One download is one check-in: what goes on with a download is no poll, and neither is `HEAD` where an image is offered,
//! since `GET` follows. What was begun is gone on with, whatever is published meanwhile; if it is gone, the client is told
//! to begin anew.

use std::sync::Arc;

use otary_fleet::{Artifact, Catalogue, CheckIn, Decision, Dialect, Sha256, Transport};
use otary_store::StoreError;

use crate::artifact::checksum;
use crate::check_in::{origin, peek, refuse, resolve, small, tell};
use crate::dialect::{Answer, Base, Form, Heard, Place, Said};
use crate::evidence::Pass;
use crate::http1::{Head, Method, Reply, Status};
use crate::link::Link;
use crate::ranges;
use crate::sending::{Recipient, Sending};
use crate::visit::{Plan, Visit};

/// Answers a request for what a dialect has at `place`.
pub(crate) fn answer(visit: &Visit, head: &Head<'_>, link: Option<Link<'_>>, place: &Place) -> Plan {
    let pass = Pass::by(visit, head, link);
    let product = Some(place.asked.product.clone());
    let Heard { mut check_in, .. } = match place.read(head, origin(visit, link, pass, product)) {
        Ok(said) => said,
        Err(why) => return refuse(visit, why),
    };
    let catalogue = visit.shared.store.catalogue();
    let scheme = if visit.transport == Transport::Https { "https" } else { "http" };
    let base = Base::of(head, link, &place.asked, scheme, &visit.shared.url);
    let request = Request { visit, head, place, pass, catalogue: &catalogue };
    match request.decide(&mut check_in) {
        Ok(decisions) => request.render(&check_in, &decisions, &base),
        Err(error) => {
            // Without the record the operator's word is unknown: nothing is offered.
            let error: &dyn std::error::Error = &error;
            tracing::error!(target: "check_in", device = ?check_in.device, error, "no decision: the store failed");
            Reply::empty(Status::NotModified).into()
        }
    }
}

/// A request, and what it is answered from.
struct Request<'a> {
    visit: &'a Visit,
    head: &'a Head<'a>,
    place: &'a Place,
    pass: Pass,
    catalogue: &'a Arc<Catalogue>,
}

impl Request<'_> {
    /// One decision; or one for each chip of the product, where nothing says which of them asks.
    fn decide(&self, check_in: &mut CheckIn) -> Result<Vec<Decision>, StoreError> {
        let product = self.catalogue.product(&self.place.asked.product);
        let chips = product.filter(|_| self.place.tells_of_every_chip(check_in));
        let chips = chips.map(|product| self.catalogue.chips(product)).unwrap_or_default();
        if chips.len() < 2 {
            return self.decide_one(check_in).map(|decision| vec![decision]);
        }
        let each = chips.into_iter().map(|chip| {
            check_in.chip = Some(chip);
            self.decide_one(check_in)
        });
        let decisions = each.collect();
        check_in.chip = None;
        decisions
    }

    fn decide_one(&self, check_in: &mut CheckIn) -> Result<Decision, StoreError> {
        let Self { visit, head, pass, catalogue, .. } = *self;
        let form = self.place.asked.form;
        let is_image = form == Form::Image;
        let is_poll = match head.method {
            Method::Get => {
                matches!(form, Form::Image | Form::Manifest) && !(is_image && ranges::goes_on(head))
            }
            _ => is_image && peek(visit, check_in, pass, catalogue)?.offered().is_none(),
        };
        if !is_poll {
            return peek(visit, check_in, pass, catalogue);
        }
        let decision = resolve(visit, check_in, pass, catalogue)?;
        tell(visit, check_in, &decision);
        pass.tell_if_wrong(visit, check_in.proof);
        Ok(decision)
    }

    fn render(&self, check_in: &CheckIn, decisions: &[Decision], base: &Base) -> Plan {
        let Self { visit, head, place, catalogue, .. } = *self;
        let said = Said { asked: &place.asked, head, check_in, decisions, catalogue, base };
        let answer = place.answer(&said);
        let version = decisions.first().and_then(|decision| decision.release.as_ref()).map(|id| &id.version);
        match answer {
            Answer::Image(_) | Answer::NoUpdate
                if place.asked.form == Form::Image && ranges::goes_on(head) =>
            {
                self.go_on(check_in, &answer)
            }
            Answer::Image(id) => match catalogue.artifact(&id) {
                Some(artifact) => self.send(check_in, artifact, version.map(|version| &**version)),
                None => Reply::empty(Status::NotModified).into(),
            },
            Answer::Checksum(id) => match (catalogue.artifact(&id), place.asked.form) {
                (Some(artifact), Form::Md5) => checksum(&artifact.md5.to_string(), artifact),
                (Some(artifact), _) => checksum(&artifact.id.to_string(), artifact),
                (None, _) => Reply::empty(Status::NotModified).into(),
            },
            other => {
                warn_of_restart(check_in, &other);
                small(visit, check_in, [0; 16], other).into()
            }
        }
    }

    /// The image, from its beginning.
    fn send(&self, check_in: &CheckIn, artifact: &Artifact, version: Option<&str>) -> Plan {
        let shared = &self.visit.shared;
        if check_in.device.is_none() {
            shared.begun.note(check_in, artifact.id, shared.clock.now());
        }
        let recipient = Recipient { device: check_in.device, claimant: check_in.claimant() };
        ranges::send(self.head, artifact, Some(recipient), |status| describe(status, artifact, version))
    }

    /// A part of what was begun, as long as a release of the product still offers it.
    fn go_on(&self, check_in: &CheckIn, now: &Answer) -> Plan {
        let Self { head, catalogue, .. } = *self;
        let releases = catalogue.releases(&self.place.asked.product).iter().rev();
        let mut live = releases.filter(|release| release.withdrawn.is_none());
        let begun = self.begun(check_in);
        let found = begun
            .and_then(|id| live.find(|release| release.artifacts.contains(&id)).zip(catalogue.artifact(&id)));
        match (found, now) {
            (Some((release, artifact)), _) => {
                let recipient = Recipient { device: check_in.device, claimant: check_in.claimant() };
                let version = Some(&*release.id.version);
                ranges::send(head, artifact, Some(recipient), |status| describe(status, artifact, version))
            }
            (None, Answer::Image(id)) => ranges::beyond(catalogue.artifact(id).map(|artifact| artifact.size)),
            (None, _) if begun.is_some() => ranges::beyond(None),
            (None, _) => Reply::empty(Status::NotModified).into(),
        }
    }

    /// What the client was offered last, under the claims that it makes now.
    fn begun(&self, check_in: &CheckIn) -> Option<Sha256> {
        let shared = &self.visit.shared;
        let Some(mac) = check_in.device else { return shared.begun.find(check_in, shared.clock.now()) };
        let (device, claimant) = (shared.store.device(mac).ok()??, check_in.claimant());
        let product = &self.place.asked.product;
        let mut attempts = device.attempts.iter();
        attempts
            .find(|attempt| attempt.claimant == claimant && attempt.release.product == *product)
            .map(|attempt| attempt.artifact)
    }
}

/// What is the same in 200, 206 and 304. The URL is that of whatever is newest, so nobody keeps what it answers.
fn describe(status: Status, artifact: &Artifact, version: Option<&str>) -> Reply {
    let reply = Reply::empty(status);
    let reply = if let Some(version) = version { reply.field("x-version", version) } else { reply };
    Sending::describe(reply, artifact)
        .field("ETag", format_args!("\"{}\"", artifact.id))
        .field("Accept-Ranges", "bytes")
        .field("Cache-Control", "no-store")
}

/// Says once per poll what *wait* does to a Tasmota.
fn warn_of_restart(check_in: &CheckIn, answer: &Answer) {
    if check_in.dialect == Dialect::Tasmota && *answer == Answer::NoUpdate {
        let device = check_in.device.map(|mac| mac.to_string());
        tracing::info!(
            target: "check_in",
            device,
            "a Tasmota restarts on this answer; below /tasmota/PRODUCT/quiet/ it would go on as it is",
        );
    }
}
