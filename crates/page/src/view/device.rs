//! One device: why it is answered as it is at the top, what it runs and how that is known, what it met, the anchors it holds, its
//! link, and what a person can say of it.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use otary_fleet::{Attempt, Change, Device, Explanation, Outcome, Scope, Time, Topic, Transport, Trial};
use otary_server::operator::{Assignment, DeviceView, DeviceZone, WantedVersion};
use serde_json::json;

use super::devices::Row;
use super::lately::{Happening, of_events};
use super::releases;
use crate::access::Person;
use crate::failure::Failure;
use crate::form::{Form, done};
use crate::frame::{Frame, View, html};
use crate::linked::Linked;
use crate::words::{Ago, bytes, count, segment};

#[derive(Template)]
#[template(path = "device.html")]
struct Page {
    frame: Frame,
    mac: String,
    name: Option<String>,
    row: Row,
    answer: Linked,
    why: Vec<(&'static str, Vec<Linked>)>,
    changes: Vec<Turn>,
    explanation: Explanation,
    facts: Vec<(&'static str, String)>,
    seen: Ago,
    first_seen: Ago,
    attempts: Vec<Met>,
    held: Vec<Holding>,
    events: Vec<Happening>,
    may: bool,
    on_hold: bool,
    pinned: Option<String>,
    forced: Option<String>,
    product: Option<String>,
    channel: String,
}

/// A release that a device met.
struct Met {
    release: String,
    path: String,
    outcome: &'static str,
    class: &'static str,
    offers: String,
    link: String,
    last: Ago,
}

/// The anchors in a build that a device may run.
struct Holding {
    build: String,
    anchors: Vec<String>,
}

pub(crate) async fn show(person: Person, Path(mac): Path<String>) -> Result<Response, Failure> {
    let mac = segment(&mac);
    let view: DeviceView = person.api.get(&format!("/devices/{mac}")).await?;
    let explanation: Explanation = person.api.get(&format!("/explain/{mac}")).await?;
    let device = &view.device;
    let product = view.line.product.as_ref();
    let page = Page {
        frame: person.frame(View::Devices, device.mac.to_string()),
        mac: device.mac.to_string(),
        name: device.name.clone(),
        row: Row::of(&view.line, person.now),
        facts: facts(device),
        seen: Ago::new(device.last_seen, person.now),
        first_seen: Ago::new(device.first_seen, person.now),
        attempts: device.attempts.iter().map(|attempt| Met::of(attempt, device, person.now)).collect(),
        held: view.held.iter().map(Holding::of).collect(),
        events: of_events(view.events, person.now).collect(),
        may: person.may(Scope::Operate, product),
        on_hold: device.hold.is_some(),
        pinned: device.pin.as_ref().map(ToString::to_string),
        forced: device.forced.as_ref().map(|forced| forced.release.to_string()),
        product: product.map(ToString::to_string),
        channel: device.channel.as_ref().map_or_else(|| "stable".to_owned(), ToString::to_string),
        answer: Linked::new(answer(&explanation)),
        why: why(&explanation),
        changes: explanation.changes.iter().map(Turn::of).collect(),
        explanation,
    };
    Ok(html(&page))
}

/// The answer to "why did it not update?".
fn answer(explanation: &Explanation) -> String {
    match explanation.answer.strip_prefix("Nothing, because ") {
        Some(because) => format!("It gets nothing now, because {because}"),
        None => explanation.answer.clone(),
    }
}

/// What the answer rests on, with a heading each.
fn why(explanation: &Explanation) -> Vec<(&'static str, Vec<Linked>)> {
    const HEADINGS: [(&str, &str); 2] = [("rule", "By which rule"), ("evidence", "On what evidence")];
    let sections = explanation.sections();
    let lines = |label: &str| {
        let (_, lines) = sections.iter().find(|(name, _)| *name == label)?;
        Some(lines.iter().map(Linked::new).collect())
    };
    HEADINGS.into_iter().filter_map(|(label, heading)| Some((heading, lines(label)?))).collect()
}

/// What would change the answer, and where on the page that is done.
struct Turn {
    what: Linked,
    place: Option<(String, &'static str)>,
    /// The same on the command line.
    command: Option<String>,
}

impl Turn {
    fn of(change: &Change) -> Self {
        Self {
            what: Linked::new(change.what.as_str()),
            place: change.about.as_ref().map(place),
            command: change.way.clone(),
        }
    }
}

/// Where the page shows what a change is about.
fn place(topic: &Topic) -> (String, &'static str) {
    match topic {
        Topic::Device => ("#device-can".to_owned(), "Below"),
        Topic::Campaign(id) => (format!("/campaigns/{id}"), "At the campaign"),
        Topic::Release(id) => (releases::path(id), "At the release"),
        Topic::Sketch(None) => ("/start".to_owned(), "Start here"),
        Topic::Sketch(Some(product)) => (format!("/start?product={product}"), "Start here"),
    }
}

/// What became of an attempt. Under a campaign its trial knows better, which goes on after the first start.
fn became(attempt: &Attempt, device: &Device) -> Option<Outcome> {
    let of = |trial: &&Trial| trial.artifact == attempt.artifact && trial.claimant == attempt.claimant;
    let ended = device.trials.iter().find(of).and_then(|trial| trial.course.ended);
    ended.map(|ended| ended.outcome).or(attempt.outcome)
}

impl Met {
    fn of(attempt: &Attempt, device: &Device, now: Time) -> Self {
        let (outcome, class) = match became(attempt, device) {
            Some(Outcome::Installed) => ("installed", "good"),
            Some(outcome) => (outcome.words(), "bad"),
            None if attempt.whole > 0 => ("taken, not known yet", "news"),
            None if attempt.cut_off > 0 => ("cut off", "warn"),
            None => ("offered", "news"),
        };
        let link = match (attempt.whole, attempt.cut_off) {
            (whole, 0) => format!("{whole} whole"),
            (whole, cut_off) => {
                format!("{whole} whole, {cut_off} cut off; last {}", bytes(attempt.last_bytes))
            }
        };
        let id = &attempt.release;
        Self {
            release: id.to_string(),
            path: releases::path(id),
            outcome,
            class,
            offers: count(attempt.offers.into(), "offer"),
            link,
            last: Ago::new(attempt.last_offer, now),
        }
    }
}

impl Holding {
    fn of(held: &otary_server::operator::Held) -> Self {
        let anchors = held.anchors.iter().map(|(name, role)| format!("{name} ({role})"));
        Self { build: held.claim.build.to_string(), anchors: anchors.collect() }
    }
}

/// What it said last, and what that rests on.
fn facts(device: &Device) -> Vec<(&'static str, String)> {
    let Some(last) = &device.last else { return Vec::new() };
    let mut facts = vec![("client", last.dialect.name().to_owned()), ("asks from", last.source.to_string())];
    facts.push(("proof", last.proof.words().to_owned()));
    facts.push(("over", if last.transport == Transport::Http { "plain HTTP" } else { "HTTPS" }.to_owned()));
    if let Some(sdk) = &last.sdk {
        facts.push(("SDK", sdk.clone()));
    }
    if let Some(free) = last.free_space {
        facts.push(("room for an update", bytes(free)));
    }
    if let Some(flash) = last.chip_size {
        facts.push(("flash", bytes(flash)));
    }
    let (whole, cut_off) = device.attempts.iter().fold((0_u64, 0_u64), |(whole, cut), attempt| {
        (whole + u64::from(attempt.whole), cut + u64::from(attempt.cut_off))
    });
    if whole + cut_off > 0 {
        facts.push(("its link", format!("{} of {} came whole", whole, count(whole + cut_off, "download"))));
    }
    facts
}

/// What a person says of a device without a word more, and what is told then.
const PLAIN: [(&str, &str); 6] = [
    ("hold", "held"),
    ("unhold", "unheld"),
    ("release", "released"),
    ("resume", "resumed-device"),
    ("unpin", "unpinned"),
    ("unforce", "unforced"),
];

/// What a person says of a device.
pub(crate) async fn act(
    Path((mac, action)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Failure> {
    let (api, device) = (form.api(), format!("/devices/{}", segment(&mac)));
    let path = format!("{device}/{action}");
    if let Some((_, word)) = PLAIN.iter().find(|(plain, _)| *plain == action) {
        api.post(&path, &json!({})).await?;
        return Ok(done(&device, word).into_response());
    }
    let word = match action.as_str() {
        "pin" | "force" => {
            let version = form.read("version", "a version that was released")?;
            api.post(&path, &WantedVersion { version }).await?;
            if action == "pin" { "pinned" } else { "forced" }
        }
        "zone" => {
            api.post(&path, &DeviceZone { zone: form.read_given("zone", "a time zone, as Europe/Berlin")? })
                .await?;
            "saved"
        }
        "assign" => {
            let assignment = Assignment {
                product: form.read("product", "a product's name")?,
                chip: None,
                channel: form.read_given("channel", "a channel's name")?,
            };
            api.post(&path, &assignment).await?;
            "assigned"
        }
        "forget" => {
            form.check_typed(&mac)?;
            api.send(Method::DELETE, &device, axum::body::Body::empty()).await?;
            return Ok(done("/devices", "forgotten").into_response());
        }
        _ => {
            return Err(Failure::refused(StatusCode::NOT_FOUND, "no-such-action", "there is no such action"));
        }
    };
    Ok(done(&device, word).into_response())
}
