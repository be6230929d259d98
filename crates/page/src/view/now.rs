//! *Now*: how many devices are on what, what is rolling out, what is wrong, in one look.

use askama::Template;
use axum::response::Response;
use otary_fleet::{EventKind, Scope, State, Time, Verdict};
use otary_server::Count;
use otary_server::operator::{ActivityView, CampaignView, LogLine, LogPage, Status, TrustView};

use crate::access::Person;
use crate::charts::Svg;
use crate::charts::bar::bar;
use crate::charts::timeline::timeline;
use crate::failure::Failure;
use crate::frame::{Frame, View, html};
use crate::view::campaigns::Line;
use crate::view::lately::{Happening, happenings};
use crate::words::{self, day, percent, segment};

/// Versions of a product that are told apart; the others are one.
const VERSIONS: usize = 6;
/// What happened last, so many lines.
const LATELY: usize = 8;
/// Entries of the log that are looked through for them.
const LOOKED_THROUGH: u64 = 200;
/// What has to be done is told so long before.
const AHEAD: std::time::Duration = std::time::Duration::from_hours(60 * 24);

#[derive(Template)]
#[template(path = "now.html")]
struct Page {
    frame: Frame,
    counting: bool,
    count: Count,
    products: Vec<Product>,
    campaigns: Vec<Line>,
    wrong: Vec<Wrong>,
    /// Devices that no product can be told of: strangers to who runs the fleet.
    unplaced: u64,
    timeline: Option<Svg>,
    lately: Vec<Happening>,
    may_push: bool,
}

/// Something that wants a person.
struct Wrong {
    class: &'static str,
    text: String,
    path: String,
    link: &'static str,
}

/// What the devices of a product run.
struct Product {
    name: String,
    devices: u64,
    bar: Svg,
    versions: Vec<Version>,
}

struct Version {
    name: String,
    class: &'static str,
    devices: u64,
    percent: u64,
    query: String,
}

pub(crate) async fn show(person: Person) -> Result<Response, Failure> {
    let census: Count = person.api.get("/census").await?;
    let campaigns = person.api.campaigns(None).await?;
    let activity: Option<ActivityView> = Failure::left_out(person.api.get("/activity?hours=48").await)?;
    let trust: Option<TrustView> = Failure::left_out(person.api.get("/trust").await)?;
    let status: Option<Status> = Failure::left_out(person.api.get("/status").await)?;
    let log = match &status {
        Some(status) => {
            let after = status.audit.number.saturating_sub(LOOKED_THROUGH);
            let path = format!("/audit?after={after}&limit={LOOKED_THROUGH}");
            Failure::left_out(person.api.get::<LogPage>(&path).await)?
        }
        None => None,
    };
    let timeline = activity.as_ref().map(timeline).transpose()?.flatten();
    let page = Page {
        frame: person.frame(View::Now, "Now"),
        counting: census.counting,
        products: products(&census),
        wrong: wrong(&census, &campaigns, trust.as_ref(), status.as_ref(), person.now),
        campaigns: campaigns
            .iter()
            .filter(|view| view.campaign.is_under_way())
            .map(|view| Line::of(view, person.now))
            .collect(),
        timeline,
        lately: log
            .map(|log| {
                happenings(log.entries.into_iter().rev().filter(is_news), person.now).take(LATELY).collect()
            })
            .unwrap_or_default(),
        may_push: person.may_somewhere(Scope::Push),
        unplaced: unplaced(&census),
        count: census,
    };
    Ok(html(&page))
}

/// Devices that no product can be told of. One that was never updated but says a build that is known is of that product.
fn unplaced(count: &Count) -> u64 {
    count.products.iter().filter(|product| product.product.is_none()).map(|product| product.devices).sum()
}

/// Whether more happened than that a device was told to wait.
fn is_news(line: &LogLine) -> bool {
    let kind = line.event.as_ref().map(|event| &event.kind);
    !matches!(kind, Some(EventKind::Decided { decision }) if decision.verdict() == Verdict::Wait)
}

/// What wants a person, the worst first.
fn wrong(
    count: &Count,
    campaigns: &[CampaignView],
    trust: Option<&TrustView>,
    status: Option<&Status>,
    now: Time,
) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for campaign in campaigns.iter().map(|view| &view.campaign) {
        let path = format!("/campaigns/{}", campaign.id);
        match campaign.state {
            State::Stopped(_) => wrong.push(Wrong {
                class: "bad",
                text: format!(
                    "Campaign {} of {} was stopped: the evidence is against the release",
                    campaign.id, campaign.release
                ),
                path,
                link: "Look at the evidence",
            }),
            State::AwaitsApproval => wrong.push(Wrong {
                class: "news",
                text: format!(
                    "Campaign {} of {} waits for a person to approve wave {}",
                    campaign.id,
                    campaign.release,
                    campaign.wave + 2
                ),
                path,
                link: "Look and approve",
            }),
            _ => {}
        }
    }
    let devices = |number: u64, class, what: &str, query: &str| {
        (number > 0).then(|| Wrong {
            class,
            text: format!("{} {what}", words::count(number, "device")),
            path: format!("/devices?where={}", segment(query)),
            link: "Which ones",
        })
    };
    wrong.extend(devices(count.looping, "bad", "held: the same image again and again", "rule = looping"));
    if count.silent > 0 {
        wrong.push(Wrong {
            class: "warn",
            text: format!(
                "{} silent for longer than their own rhythm lets expect",
                words::count(count.silent, "device")
            ),
            path: "/devices?sort=last-seen".into(),
            link: "Who was not heard for longest",
        });
    }
    wrong.extend(devices(
        count.contested,
        "warn",
        "contested: two boards speak under one address",
        "contested",
    ));
    for due in trust.into_iter().flat_map(|trust| &trust.due).filter(|due| due.by <= now + AHEAD) {
        wrong.push(Wrong {
            class: if due.by <= now { "bad" } else { "warn" },
            text: format!("By {}: {}", day(due.by), due.act),
            path: "/trust".into(),
            link: "What to do",
        });
    }
    if status.is_some_and(|status| status.fingerprint.is_some() && status.backed_up.is_none()) {
        wrong.push(Wrong {
            class: "warn",
            text: "The authority was never backed up: without its keys, devices cannot be served from another machine".into(),
            path: "/trust".into(),
            link: "How to",
        });
    }
    wrong
}

fn products(count: &Count) -> Vec<Product> {
    const CLASSES: [&str; VERSIONS] =
        ["fill-news", "fill-good", "fill-warn", "fill-ink", "fill-edge", "fill-quiet"];
    let named =
        count.products.iter().filter_map(|product| Some((product.product.as_ref()?, product.devices)));
    named
        .map(|(name, devices)| {
            let mut runs: Vec<_> =
                count.runs.iter().filter(|runs| runs.product.as_ref() == Some(name)).collect();
            runs.sort_by_key(|runs| std::cmp::Reverse(runs.devices));
            let versions: Vec<Version> = runs
                .iter()
                .take(VERSIONS)
                .zip(CLASSES)
                .map(|(runs, class)| Version {
                    name: match (&runs.release, &runs.says) {
                        (Some(release), _) => release.to_string(),
                        (None, Some(says)) => format!("{says} (not a build of ours)"),
                        (None, None) => "an unknown build".to_owned(),
                    },
                    class,
                    devices: runs.devices,
                    percent: percent(runs.devices, devices),
                    query: match &runs.release {
                        Some(release) => format!("release = \"{name}@{release}\""),
                        None => format!("product = {name}"),
                    },
                })
                .collect();
            let parts: Vec<_> = versions.iter().map(|version| (version.devices, version.class)).collect();
            let said: Vec<_> =
                versions.iter().map(|version| format!("{} on {}", version.devices, version.name)).collect();
            Product { name: name.to_string(), devices, bar: bar(&parts, devices, &said.join(", ")), versions }
        })
        .collect()
}
