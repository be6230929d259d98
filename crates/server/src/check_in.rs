//! A check-in: read, decide, commit, answer.

use std::sync::Arc;

use otary_fleet::{
    Catalogue, CheckIn, Decision, Device, Mac, ManifestBytes, ProductName, Reason, Sha256, Time, View,
    decide, observe, prove, recall,
};
use otary_store::StoreError;
use tracing::field::Empty;

use crate::SPANS;
use crate::dialect::{self, Answer, Heard, NoCheckIn, Origin};
use crate::evidence::Pass;
use crate::http1::{Head, Method, Reply, Status};
use crate::link::Link;
use crate::sending::{Part, Recipient, Sending};
use crate::signing::Answering;
use crate::visit::{Plan, Visit, only};

/// What a person gets who opens the URL that is meant for devices.
const FOR_DEVICES: &str = "This is where ESP32 and ESP8266 boards ask otary for new firmware.\n\
    A board says what it runs in x-ESP32-* or x-ESP8266-* headers, as the Arduino cores' HTTPUpdate does;\n\
    this request has none of them, so there is nothing to answer.\n\
    A ready sketch for this server: otary sketch\n";

/// Answers a request for an update. `product` is the path behind `/update/`, as it came.
pub(crate) fn answer(visit: &Visit, head: &Head<'_>, link: Option<Link<'_>>, product: Option<&str>) -> Plan {
    if head.method != Method::Get {
        return only("GET");
    }
    let Ok(product) = product.map(|text| text.trim_end_matches('/').parse()).transpose() else {
        visit.shared.troubles.refused(visit.peer, "the URL names a product by a name that none can have");
        return Reply::sentence(Status::NotFound, "No product has such a name.\n").into();
    };
    let pass = Pass::by(visit, head, link);
    match dialect::read(head, origin(visit, link, pass, product)) {
        Ok(said) => serve(visit, said, pass),
        Err(why) => refuse(visit, why),
    }
}

/// What is known of a request besides its head.
pub(crate) fn origin(
    visit: &Visit,
    link: Option<Link<'_>>,
    pass: Pass,
    product: Option<ProductName>,
) -> Origin {
    Origin {
        source: visit.peer,
        transport: visit.transport,
        product,
        handshake: visit.secured.as_ref().map(|secured| secured.handshake.clone()),
        link: link.map(|link| link.device),
        user: pass.device,
    }
}

/// Answers what is no check-in, with a line in the log for what a client did wrong.
pub(crate) fn refuse(visit: &Visit, why: NoCheckIn) -> Plan {
    let complaint = match why {
        NoCheckIn::UnknownClient => return Reply::sentence(Status::BadRequest, FOR_DEVICES).into(),
        NoCheckIn::UnknownMode => {
            visit.shared.troubles.refused(visit.peer, "the client asks in a mode that otary does not know");
            return Reply::sentence(Status::NotFound, "There is nothing in this mode.\n").into();
        }
        NoCheckIn::Malformed { field, .. } | NoCheckIn::NoSuch(field) => field.complaint,
        NoCheckIn::OtherProtocol { .. } => "an agent speaks another version of the protocol than this otary",
        NoCheckIn::OtherProduct => "the URL names another product than the agent's check-in",
    };
    visit.shared.troubles.refused(visit.peer, complaint);
    let cause = std::error::Error::source(&why).map(|error| format!(": {error}")).unwrap_or_default();
    Reply::sentence(Status::BadRequest, format!("{why}{cause}.\n")).into()
}

fn serve(visit: &Visit, said: Heard, pass: Pass) -> Plan {
    let Heard { mut check_in, nonce } = said;
    let catalogue = visit.shared.store.catalogue();
    let Ok(decision) = decided(visit, &mut check_in, pass, &mut |_, _| ()) else {
        return small(visit, &check_in, nonce, dialect::undecided(&check_in)).into();
    };
    match dialect::answer(&check_in, &decision, &catalogue) {
        Answer::Image(id) => image(&catalogue, &check_in, &decision, id),
        other => small(visit, &check_in, nonce, other).into(),
    }
}

/// The store failed, which is logged. Without the record the operator's word (product, chip, channel, holds) is unknown:
/// nothing is offered.
pub(crate) struct Undecided;

/// Decides on a check-in and logs that. `seen` is shown the record as it is afterwards, if there is one.
pub(crate) fn decided(
    visit: &Visit,
    check_in: &mut CheckIn,
    pass: Pass,
    seen: &mut dyn FnMut(&Device, &Decision),
) -> Result<Decision, Undecided> {
    let catalogue = visit.shared.store.catalogue();
    let decision = resolve_and_see(visit, check_in, pass, &catalogue, seen).map_err(|error| {
        let error: &dyn std::error::Error = &error;
        tracing::error!(target: "check_in", device = ?check_in.device, error, "no decision: the store failed");
        Undecided
    })?;
    tell(visit, check_in, &decision);
    pass.tell_if_wrong(visit, check_in.proof);
    Ok(decision)
}

/// The answers that take no artifact's bytes.
pub(crate) fn small(visit: &Visit, check_in: &CheckIn, nonce: [u8; 16], answer: Answer) -> Reply {
    match answer {
        Answer::NoUpdate | Answer::Image(_) | Answer::Checksum(_) => Reply::empty(Status::NotModified),
        Answer::Forbidden => Reply::empty(Status::Forbidden),
        Answer::NotFound => Reply::empty(Status::NotFound),
        Answer::NoSuchVersion => {
            visit
                .shared
                .troubles
                .refused(visit.peer, "a release's version is none that its clients can read");
            Reply::sentence(Status::NotFound, "Its clients could not read the version of this release.\n")
        }
        // Whoever shows a page where it stands may read it.
        Answer::Document(text) => {
            Reply::file("application/json", text).field("Access-Control-Allow-Origin", "*")
        }
        Answer::Version { version, md5 } => {
            Reply::empty(Status::Ok).field("x-version", version).field("x-MD5", md5)
        }
        Answer::Order { manifest } => offer(visit, check_in, nonce, manifest.as_ref()),
    }
}

/// An artifact on its way to a device.
fn image(catalogue: &Catalogue, check_in: &CheckIn, decision: &Decision, id: Sha256) -> Plan {
    let image = catalogue.artifact(&id).zip(decision.release.as_ref());
    let Some((artifact, release)) = image else { return Reply::empty(Status::NotModified).into() };
    let recipient = Recipient { device: check_in.device, claimant: check_in.claimant() };
    let reply = Reply::empty(Status::Ok).field("x-version", &release.version);
    Plan::Send(Box::new(Sending {
        artifact: artifact.id,
        size: artifact.size,
        part: Part::Counted(Some(recipient)),
        reply: Sending::describe(reply, artifact).field("Cache-Control", "no-store"),
        // Never half an image, and no error that a device would show as its own.
        otherwise: Reply::empty(Status::NotModified),
    }))
}

/// The signed answer to an agent.
fn offer(visit: &Visit, check_in: &CheckIn, nonce: [u8; 16], manifest: Option<&ManifestBytes>) -> Reply {
    let shared = &visit.shared;
    let (Some(device), Some(agent)) = (check_in.device, &check_in.agent) else {
        return Reply::empty(Status::NotFound);
    };
    let (root, now, poll_after) = (agent.root, shared.clock.now(), shared.poll_after);
    let answering = Answering { device, nonce, root, manifest, now, poll_after };
    match shared.shown.signing().offer(&answering) {
        Ok(bytes) => Reply::file("application/cbor", bytes),
        Err(error) => {
            tracing::error!(target: "check_in", %device, %error, "the answer cannot be written");
            Reply::empty(Status::InternalError)
        }
    }
}

/// Decides on the device's record, and notes in it what the check-in taught. A client that does not say who it is has
/// no record: it gets what is decided for its product.
pub(crate) fn resolve(
    visit: &Visit,
    check_in: &mut CheckIn,
    pass: Pass,
    catalogue: &Arc<Catalogue>,
) -> Result<Decision, StoreError> {
    resolve_and_see(visit, check_in, pass, catalogue, &mut |_, _| ())
}

/// The same, showing `seen` the record as it is afterwards, if there is one.
fn resolve_and_see(
    visit: &Visit,
    check_in: &mut CheckIn,
    pass: Pass,
    catalogue: &Arc<Catalogue>,
    seen: &mut dyn FnMut(&Device, &Decision),
) -> Result<Decision, StoreError> {
    let dialect = check_in.dialect.name();
    let span = tracing::info_span!(target: SPANS, "check-in", dialect, verdict = Empty, rule = Empty);
    let _entered = span.enter();
    let decision = match check_in.device {
        Some(mac) => on_record(visit, mac, check_in, pass, catalogue, seen)?,
        None => unrecorded(visit, check_in, pass, catalogue),
    };
    span.record("verdict", decision.verdict().name()).record("rule", decision.reason.rule());
    Ok(decision)
}

/// Decides on what is on no record.
fn unrecorded(visit: &Visit, check_in: &mut CheckIn, pass: Pass, catalogue: &Arc<Catalogue>) -> Decision {
    let (now, mut turn) = (visit.shared.clock.now(), visit.shared.rollout.turn());
    let view = View { catalogue, device: None, openings: turn.openings() };
    let decision = judge(visit, check_in, pass, view, now);
    record(visit, check_in, catalogue, view, &decision, now);
    turn.take(check_in, None, &decision, catalogue);
    decision
}

/// Decides as [`resolve`] does, and notes nothing: of what is not a poll of its own.
pub(crate) fn peek(
    visit: &Visit,
    check_in: &mut CheckIn,
    pass: Pass,
    catalogue: &Arc<Catalogue>,
) -> Result<Decision, StoreError> {
    let now = visit.shared.clock.now();
    let device = check_in.device.map_or(Ok(None), |mac| visit.shared.store.device(mac))?;
    let turn = visit.shared.rollout.turn();
    let view = View { catalogue, device: device.as_ref(), openings: turn.openings() };
    Ok(judge(visit, check_in, pass, view, now))
}

/// Has the decision recorded, if anything is.
fn record(
    visit: &Visit,
    check_in: &CheckIn,
    catalogue: &Arc<Catalogue>,
    view: View<'_>,
    decision: &Decision,
    now: Time,
) {
    if let Some(recorder) = &visit.shared.recorder {
        recorder.check_in(check_in, catalogue, view, decision, now);
    }
}

/// Finds out what was proven, then decides. A manifest that the newest root record takes back is none.
fn judge(visit: &Visit, check_in: &mut CheckIn, pass: Pass, view: View<'_>, now: Time) -> Decision {
    recall(check_in, view);
    check_in.proof = prove(check_in, &pass.evidence, view);
    let mut decision = decide(check_in, view, now);
    if let Answer::Order { manifest: Some(manifest) } = dialect::answer(check_in, &decision, view.catalogue)
        && !visit.shared.shown.signing().lets_install(&manifest)
        && let Some(release) = decision.release.clone()
    {
        decision.reason = Reason::Unsigned { release };
    }
    decision
}

fn on_record(
    visit: &Visit,
    mac: Mac,
    check_in: &mut CheckIn,
    pass: Pass,
    catalogue: &Arc<Catalogue>,
    seen: &mut dyn FnMut(&Device, &Decision),
) -> Result<Decision, StoreError> {
    let now = visit.shared.clock.now();
    let newcomers = &visit.shared.newcomers;
    let admit = newcomers.admit(visit.peer, now);
    let mut decided = None;
    let new = visit.shared.store.with_device(mac, now, admit, &mut |device| {
        let mut turn = visit.shared.rollout.turn();
        let view = View { catalogue, device: device.as_deref(), openings: turn.openings() };
        let decision = judge(visit, check_in, pass, view, now);
        record(visit, check_in, catalogue, view, &decision, now);
        turn.take(check_in, device.as_deref(), &decision, catalogue);
        let events = device.map(|device| {
            let events = observe(device, check_in, &decision, catalogue, now);
            turn.note(device, catalogue, now);
            visit.shared.census.note(device);
            visit.shared.counters.note(&events);
            seen(device, &decision);
            events
        });
        decided = Some(decision);
        events.unwrap_or_default()
    })?;
    if new {
        newcomers.count(visit.peer, now);
    }
    Ok(decided.unwrap_or_else(|| unrecorded(visit, check_in, pass, catalogue)))
}

/// One line per check-in, and one more in its counter. Texts of the client's are bounded and free of control characters.
pub(crate) fn tell(visit: &Visit, check_in: &CheckIn, decision: &Decision) {
    visit.shared.counters.check_in(check_in.dialect, decision);
    let device = check_in.device.map(|mac| mac.to_string());
    tracing::info!(
        target: "check_in",
        device,
        source = &*visit.source,
        product = decision.product.as_ref().map(ProductName::as_str),
        dialect = check_in.dialect.name(),
        runs = %check_in.build,
        version = check_in.version.as_deref(),
        proof = check_in.proof.name(),
        verdict = decision.verdict().name(),
        rule = decision.reason.rule(),
        advice = decision.reason.advice(device.as_deref().unwrap_or("MAC")),
        "{}",
        decision.reason,
    );
}
