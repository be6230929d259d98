//! *Campaigns*: those under way with their waves filling up, and those that ended.

use askama::Template;
use axum::response::Response;
use otary_fleet::{State, Time};
use otary_server::operator::CampaignView;

use crate::access::Person;
use crate::charts::Svg;
use crate::charts::bar::bar;
use crate::failure::Failure;
use crate::frame::{Frame, View, html};
use crate::words::Ago;

#[derive(Template)]
#[template(path = "campaigns.html")]
struct Page {
    frame: Frame,
    under_way: Vec<Line>,
    ended: Vec<Line>,
}

/// A campaign on one line.
pub(crate) struct Line {
    pub(crate) id: u32,
    pub(crate) release: String,
    pub(crate) to: String,
    pub(crate) state: Mark,
    pub(crate) waves: String,
    pub(crate) bar: Option<Svg>,
    pub(crate) summary: String,
    pub(crate) next: String,
    pub(crate) created: Ago,
}

/// A state as a word with a colour.
pub(crate) struct Mark {
    pub(crate) class: &'static str,
    pub(crate) word: &'static str,
}

impl Mark {
    pub(crate) const fn of(state: &State) -> Self {
        let (class, word) = match state {
            State::Running => ("news", "running"),
            State::Paused { .. } => ("warn", "paused"),
            State::Stopped(_) => ("bad", "stopped"),
            State::AwaitsApproval => ("warn", "awaits approval"),
            State::Finished { .. } => ("good", "finished"),
            State::Aborted { .. } => ("", "aborted"),
        };
        Self { class, word }
    }
}

impl Line {
    pub(crate) fn of(view: &CampaignView, now: Time) -> Self {
        let campaign = &view.campaign;
        Self {
            id: campaign.id.0,
            release: campaign.release.to_string(),
            to: to(view),
            state: Mark::of(&campaign.state),
            waves: format!("wave {} of {}", campaign.wave + 1, campaign.waves.len()),
            bar: whole(view),
            summary: view.progress.as_ref().map(|progress| progress.summary.clone()).unwrap_or_default(),
            next: next(view).join("; "),
            created: Ago::new(campaign.created, now),
        }
    }
}

/// To whom it goes.
pub(crate) fn to(view: &CampaignView) -> String {
    let campaign = &view.campaign;
    match &campaign.group {
        Some(group) => format!("group {group}, channel {}", campaign.channel),
        None => format!("channel {}", campaign.channel),
    }
}

/// What happens next, or has to. What a person has to do is done on the page: it is told without a command.
pub(crate) fn next(view: &CampaignView) -> Vec<String> {
    let campaign = &view.campaign;
    match campaign.state {
        State::Paused { .. } => vec!["a person resumes it, or ends it".to_owned()],
        State::Stopped(_) => vec!["a person ends it, or resumes it".to_owned()],
        State::AwaitsApproval => vec![format!("a person approves wave {}", campaign.wave + 2)],
        _ => view.next.clone(),
    }
}

/// All waves in one bar.
fn whole(view: &CampaignView) -> Option<Svg> {
    let progress = view.progress.as_ref()?;
    let sum = |count: fn(&otary_fleet::WaveTally) -> u32| {
        progress.waves.iter().map(|wave| u64::from(count(wave))).sum::<u64>()
    };
    let (members, offered) = (sum(|wave| wave.members), sum(|wave| wave.offered));
    let (installed, bad) = (sum(|wave| wave.installed), sum(|wave| wave.failed + wave.silent));
    let pending = offered.saturating_sub(installed + bad);
    let label = format!(
        "of {members} devices {installed} run it, {bad} failed or are silent, {pending} were offered it"
    );
    Some(bar(&[(installed, "fill-good"), (bad, "fill-bad"), (pending, "fill-news")], members, &label))
}

pub(crate) async fn list(person: Person) -> Result<Response, Failure> {
    let views = person.api.campaigns(None).await?;
    let (under_way, ended): (Vec<_>, Vec<_>) =
        views.iter().rev().partition(|view| view.campaign.is_under_way());
    let lines =
        |views: Vec<&CampaignView>| views.into_iter().map(|view| Line::of(view, person.now)).collect();
    let page = Page {
        under_way: lines(under_way),
        ended: lines(ended),
        frame: person.frame(View::Campaigns, "Campaigns"),
    };
    Ok(html(&page))
}
