//! One campaign: its waves filling up, the evidence and the stop rule, what comes next and when, and what a person can do.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use otary_fleet::{Mac, Scope, State, WaveTally};
use otary_server::operator::{CampaignView, Progress, Resumption, RollBack};
use serde_json::json;

use super::campaigns::{Mark, next, to};
use crate::access::Person;
use crate::charts::Svg;
use crate::charts::bar::bar;
use crate::charts::evidence::evidence;
use crate::failure::Failure;
use crate::form::{Form, done};
use crate::frame::{Frame, View, html};
use crate::words::{self, Ago, number};

#[derive(Template)]
#[template(path = "campaign.html")]
struct Page {
    frame: Frame,
    id: u32,
    product: String,
    version: String,
    to: String,
    state: Mark,
    by: String,
    created: Ago,
    rolls_back: Option<u32>,
    waves: Vec<Wave>,
    progress: Progress,
    evidence: Svg,
    next: Vec<String>,
    halt: Option<Halt>,
    how: Vec<(&'static str, String)>,
    /// What a person can do now, by the routes' words.
    can: Vec<&'static str>,
}

/// Why it was stopped.
struct Halt {
    offered: u32,
    installed: u32,
    failed: u32,
    silent: u32,
    devices: Vec<Mac>,
    /// What those devices have in common and the others have not.
    common: Vec<String>,
}

impl Halt {
    fn of(view: &CampaignView) -> Option<Self> {
        let State::Stopped(stop) = &view.campaign.state else { return None };
        Some(Self {
            offered: stop.offered,
            installed: stop.installed,
            failed: stop.failed,
            silent: stop.silent,
            devices: stop.devices.clone(),
            common: view.common.clone(),
        })
    }

    /// `3 run it, 2 are silent`: what became of the devices that it went to.
    fn became(&self) -> String {
        let counts = [
            (self.installed, "run it"),
            (self.failed, "refused it, rolled back or loop"),
            (self.silent, "fell silent"),
        ];
        let some = counts.iter().filter(|(count, _)| *count > 0);
        some.map(|(count, what)| format!("{} {what}", number((*count).into()))).collect::<Vec<_>>().join(", ")
    }
}

struct Wave {
    name: String,
    share: String,
    class: &'static str,
    bar: Svg,
    said: String,
}

pub(crate) async fn show(person: Person, Path(id): Path<String>) -> Result<Response, Failure> {
    let view: CampaignView = person.api.get(&format!("/campaigns/{}", words::segment(&id))).await?;
    let campaign = &view.campaign;
    let progress =
        view.progress.clone().ok_or_else(|| Failure::internal("a campaign without its progress"))?;
    let may = person.may(Scope::Operate, Some(&campaign.product));
    let page = Page {
        frame: person.frame(View::Campaigns, format!("{} on its way", campaign.release)),
        id: campaign.id.0,
        product: campaign.product.to_string(),
        version: campaign.release.version.to_string(),
        to: to(&view),
        state: Mark::of(&campaign.state),
        by: campaign.by.clone(),
        created: Ago::new(campaign.created, person.now),
        rolls_back: campaign.rolls_back.map(|undone| undone.0),
        waves: waves(&view, &progress),
        evidence: evidence(&progress.tests),
        progress,
        next: next(&view),
        halt: Halt::of(&view),
        how: how(&view),
        can: if may { can(&campaign.state) } else { Vec::new() },
    };
    Ok(html(&page))
}

/// What can be done to a campaign that stands so.
fn can(state: &State) -> Vec<&'static str> {
    match state {
        State::Running => vec!["pause", "abort", "roll-back"],
        State::AwaitsApproval => vec!["approve", "pause", "abort", "roll-back"],
        State::Paused { .. } | State::Stopped(_) => vec!["resume", "abort", "roll-back"],
        State::Finished { .. } => vec!["roll-back"],
        State::Aborted { .. } => Vec::new(),
    }
}

fn waves(view: &CampaignView, progress: &Progress) -> Vec<Wave> {
    let campaign = &view.campaign;
    let of = |place: usize| progress.waves.get(place).copied().unwrap_or_default();
    let wave = |(place, wave): (usize, &otary_fleet::Wave)| {
        let tally = of(place);
        let WaveTally { members, offered, installed, failed, silent } = tally;
        // Where nothing else tells whether the release is good, a few of a later wave are asked first.
        let open = place <= campaign.wave || offered > 0;
        let pending = offered.saturating_sub(installed + failed + silent);
        let said = if open {
            let mut said = format!("{} of {} run it", number(installed.into()), number(members.into()));
            for (count, what) in [(failed, "failed"), (silent, "silent"), (pending, "on their way")] {
                if count > 0 {
                    said = format!("{said}, {} {what}", number(count.into()));
                }
            }
            said
        } else {
            format!("{} to come", number(members.into()))
        };
        let parts = [
            (u64::from(installed), "fill-good"),
            (u64::from(failed), "fill-bad"),
            (u64::from(silent), "fill-warn"),
            (u64::from(pending), "fill-news"),
        ];
        Wave {
            name: format!("Wave {}", place + 1),
            share: wave.share.to_string(),
            class: if open { "open" } else { "" },
            bar: bar(&parts, members.into(), &said),
            said,
        }
    };
    campaign.waves.iter().enumerate().map(wave).collect()
}

/// How it goes: what its plan says.
fn how(view: &CampaignView) -> Vec<(&'static str, String)> {
    let campaign = &view.campaign;
    let tolerated = campaign.rules.tolerated_ppm;
    let mut how =
        vec![("tolerates", format!("{}.{:02} % of failures", tolerated / 10_000, tolerated % 10_000 / 100))];
    how.push(("watches", format!("each device for {}", words::span(campaign.rules.watch))));
    if let Some(window) = &campaign.window {
        how.push(("window", window.to_string()));
    }
    if campaign.gate.approval {
        how.push(("between waves", "a person approves".into()));
    }
    how
}

/// Pause, resume, approve, abort, roll back.
pub(crate) async fn act(Path((id, action)): Path<(u32, String)>, form: Form) -> Result<Response, Failure> {
    let (path, page) = (format!("/campaigns/{id}/{action}"), format!("/campaigns/{id}"));
    let api = form.api();
    let word = match action.as_str() {
        "pause" => {
            api.post(&path, &json!({})).await?;
            "paused"
        }
        "approve" => {
            api.post(&path, &json!({})).await?;
            "approved"
        }
        "abort" => {
            form.check_typed(&id.to_string())?;
            api.post(&path, &json!({})).await?;
            "aborted"
        }
        "resume" => {
            let percent: Option<f64> = form.read_given("tolerate", "a number of percent, as 5 or 2.5")?;
            api.post(&path, &Resumption { tolerated_ppm: percent.map(ppm).transpose()? }).await?;
            "resumed"
        }
        "roll-back" => {
            form.check_typed(&id.to_string())?;
            let back = RollBack { to: form.read_given("to", "a version")?, supersede: true, settings: None };
            let begun: CampaignView = api.post(&path, &back).await?.read()?;
            return Ok(done(&format!("/campaigns/{}", begun.campaign.id), "rolled-back").into_response());
        }
        _ => {
            return Err(Failure::refused(StatusCode::NOT_FOUND, "no-such-action", "there is no such action"));
        }
    };
    Ok(done(&page, word).into_response())
}

/// Parts per million.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(super) fn ppm(percent: f64) -> Result<u32, Failure> {
    if (0.0..=100.0).contains(&percent) {
        return Ok((percent * 10_000.0).round() as u32);
    }
    Err(Failure::refused(
        StatusCode::BAD_REQUEST,
        "bad-field",
        "the field tolerate is to be 0 to 100 percent",
    ))
}
