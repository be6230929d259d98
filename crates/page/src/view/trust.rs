//! *Trust*: the generations on a time axis to the end of the last root, who holds what, whom a step would cut off, and the next thing
//! to do and by when.

use askama::Template;
use axum::response::{IntoResponse, Response};
use otary_fleet::{Act, Generations, Phase, Scope, Straggler, Time};
use otary_server::operator::{AnchorLine, Ledger, Losses, PageAuthorityView, Role, RolloverView, TrustView};
use serde_json::json;

use super::campaigns::Mark;
use crate::access::Person;
use crate::charts::Svg;
use crate::charts::axis::{Life, Moment, axis};
use crate::failure::Failure;
use crate::form::{Form, done};
use crate::frame::{Frame, View, html};
use crate::words::{self, Ago, day, number};

/// Stragglers that are named for a step.
const NAMED: usize = 20;
/// What is due so soon wants a person now.
const SOON: std::time::Duration = std::time::Duration::from_hours(60 * 24);

#[derive(Template)]
#[template(path = "trust.html")]
struct Page {
    frame: Frame,
    drawn: Svg,
    stands: String,
    due: Vec<ToDo>,
    backed_up: Option<Ago>,
    missing_key: Option<String>,
    next_key_is_here: bool,
    anchors: Vec<Holders>,
    apart: Vec<(&'static str, u64)>,
    steps: Vec<Cut>,
    leaves: Vec<Leaf>,
    elsewhere: Option<(String, String)>,
    own: Option<Own>,
    may: bool,
}

/// Nothing to show yet: there is no authority.
#[derive(Template)]
#[template(path = "trust_none.html")]
struct Nothing {
    frame: Frame,
}

/// What a person has to do.
struct ToDo {
    what: String,
    by: String,
    class: &'static str,
    command: &'static str,
}

/// An anchor and who holds it.
struct Holders {
    name: String,
    role: Mark,
    said: String,
    until: String,
    proven: String,
    claimed: String,
    perhaps: String,
}

/// Whom a step of a rollover would cut off.
struct Cut {
    step: &'static str,
    said: String,
    class: &'static str,
    named: Vec<(String, Ago)>,
    more: u64,
}

/// A certificate of the server.
struct Leaf {
    generation: String,
    key: String,
    until: String,
    names: String,
    sha256: String,
}

/// The page's own authority.
struct Own {
    name: String,
    sha256: String,
    until: String,
    names: String,
    leaf_until: String,
}

pub(crate) async fn show(person: Person) -> Result<Response, Failure> {
    let rollover: Result<RolloverView, Failure> = person.api.get("/trust/rollover").await;
    let rollover = match rollover {
        Err(failure) if failure.code() == "no-authority" => {
            return Ok(html(&Nothing { frame: person.frame(View::Trust, "Trust") }));
        }
        other => other?,
    };
    let ledger: Ledger = person.api.get("/trust/ledger").await?;
    let RolloverView { trust, steps } = rollover;
    let now = person.now;
    let page = Page {
        frame: person.frame(View::Trust, "Trust"),
        drawn: axis(&lives(&trust), &moments(&trust), now),
        stands: stands(&trust.generations),
        due: trust.due.iter().map(|due| ToDo::of(due.act, due.by, now)).collect(),
        backed_up: trust.backed_up.map(|then| Ago::new(then, now)),
        missing_key: trust.missing_key.clone(),
        next_key_is_here: trust.next_key_is_here,
        anchors: ledger.anchors.iter().map(Holders::of).collect(),
        apart: apart(&ledger),
        steps: steps.iter().map(|losses| Cut::of(losses, now)).collect(),
        leaves: leaves(&trust),
        elsewhere: trust.elsewhere.as_ref().map(|shown| (shown.names.join(", "), day(shown.not_after))),
        own: trust.page.as_ref().map(Own::of),
        may: person.may(Scope::Operate, None),
    };
    Ok(html(&page))
}

/// The roots, ended ones first and the next one last, a rollover, and the certificates that are shown.
fn lives(trust: &TrustView) -> Vec<Life> {
    let generations = &trust.generations;
    let generation = |one: &otary_fleet::Generation, class| Life {
        name: format!("generation {}", one.id),
        class,
        from: one.anchor.not_before,
        to: one.anchor.not_after,
    };
    let ended = generations.ended.iter().map(|one| generation(one, "fill-edge"));
    let shown = generations.shown.iter().map(|one| generation(one, "fill-good"));
    let mut lives: Vec<Life> = ended.chain(shown).collect();
    let next = &generations.next;
    lives.push(Life {
        name: "next root".into(),
        class: "fill-wash",
        from: next.not_before,
        to: next.not_after,
    });
    if let Some(rollover) = generations.rollover {
        let end = generations.get(rollover.from).map_or(rollover.began, |old| old.anchor.not_after);
        lives.push(Life { name: "the rollover".into(), class: "fill-warn", from: rollover.began, to: end });
    }
    lives.extend(trust.leaves.iter().map(|leaf| Life {
        name: format!("certificate, {}", leaf.key),
        class: "fill-news",
        from: leaf.not_before,
        to: leaf.not_after,
    }));
    lives
}

fn moments(trust: &TrustView) -> Vec<Moment> {
    trust.due.iter().map(|due| Moment { at: due.by, what: due.act.to_string() }).collect()
}

/// How far a rollover is, in a sentence without a full stop.
fn stands(generations: &Generations) -> String {
    match generations.rollover {
        None => format!("Generation {} is in charge", generations.current),
        Some(rollover) => match rollover.phase {
            Phase::Begun => format!(
                "A rollover from generation {} to {} began on {}: devices move by ordinary updates",
                rollover.from,
                rollover.to,
                day(rollover.began)
            ),
            Phase::Switched => format!(
                "Generation {} is in charge; {} is still shown to those that did not move",
                rollover.to, rollover.from
            ),
        },
    }
}

impl ToDo {
    fn of(act: Act, by: Time, now: Time) -> Self {
        let class = match by {
            by if by <= now => "bad",
            by if by <= now + SOON => "warn",
            _ => "",
        };
        Self { what: act.to_string(), by: day(by), class, command: act.command() }
    }
}

impl Holders {
    fn of(line: &AnchorLine) -> Self {
        let (class, word) = match line.role {
            Role::Shown(_) => ("good", "shown"),
            Role::Next => ("news", "next"),
            Role::Ended(_) => ("", "ended"),
            Role::Foreign => ("", "not ours"),
        };
        Self {
            name: line.anchor.name.clone(),
            role: Mark { class, word },
            said: line.role.to_string(),
            until: day(line.anchor.not_after),
            proven: number(line.proven),
            claimed: number(line.claimed),
            perhaps: number(line.perhaps),
        }
    }
}

/// Devices of which no anchor can be told.
fn apart(ledger: &Ledger) -> Vec<(&'static str, u64)> {
    let apart = [
        ("of which nothing shows what they hold", ledger.unknown),
        ("that come by plain HTTP", ledger.plain),
        ("that never asked", ledger.never_asked),
    ];
    apart.into_iter().filter(|(_, devices)| *devices > 0).collect()
}

impl Cut {
    fn of(losses: &Losses, now: Time) -> Self {
        let lost = losses.devices + losses.strangers;
        let said = match (losses.devices, losses.strangers) {
            (0, 0) => "cuts nobody off".to_owned(),
            (devices, 0) => format!("would cut off {}", words::count(devices, "device")),
            (devices, strangers) => format!(
                "would cut off {}, and {}",
                words::count(devices, "device"),
                words::count(strangers, "stranger")
            ),
        };
        let named = losses.named.iter().take(NAMED);
        let named: Vec<_> = named
            .map(|Straggler { device, last_seen, .. }| (device.to_string(), Ago::new(*last_seen, now)))
            .collect();
        Self {
            step: losses.step.name(),
            said,
            class: if lost == 0 { "good" } else { "warn" },
            more: lost.saturating_sub(named.len() as u64),
            named,
        }
    }
}

impl Own {
    fn of(page: &PageAuthorityView) -> Self {
        Self {
            name: page.name.clone(),
            sha256: page.sha256.clone(),
            until: day(page.not_after),
            names: page.names.join(", "),
            leaf_until: day(page.leaf_not_after),
        }
    }
}

fn leaves(trust: &TrustView) -> Vec<Leaf> {
    let leaf = |leaf: &otary_server::operator::LeafView| Leaf {
        generation: leaf.generation.to_string(),
        key: leaf.key.clone(),
        until: day(leaf.not_after),
        names: leaf.names.join(", "),
        sha256: leaf.sha256.clone(),
    };
    trust.leaves.iter().map(leaf).collect()
}

/// Has new certificates made for the server.
pub(crate) async fn renew(form: Form) -> Result<Response, Failure> {
    form.api().post("/trust/renew", &json!({})).await?;
    Ok(done("/trust", "renewed").into_response())
}
