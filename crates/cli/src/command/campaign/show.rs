//! Campaigns for people: the list, and one of them with what it has shown.

use otary_fleet::{Campaign, Share, State, Time};
use otary_server::operator::{CampaignView, Progress};

use crate::clock;
use crate::say;
use crate::table::{Table, ago, count, minute, plain, plain_lines};

/// Devices that are named, of those that speak against a release.
const NAMED: usize = 10;

pub(super) fn list(views: &[CampaignView]) -> anyhow::Result<()> {
    if views.is_empty() {
        return Ok(say!(
            "There is no campaign. A push to more than ten devices begins one, and so does `otary campaign start`."
        )?);
    }
    let mut table = Table::new(["NO", "RELEASE", "TO", "STATE", "WAVE", "OFFERED", "RUN IT", "AGAINST IT"]);
    let figure = |view: &CampaignView, of: fn(&Progress) -> u32| {
        view.progress.as_ref().map_or_else(|| "-".to_owned(), |progress| of(progress).to_string())
    };
    for view in views {
        let campaign = &view.campaign;
        table.row([
            campaign.id.to_string(),
            plain(&campaign.release.to_string()),
            target(campaign),
            state(campaign),
            format!("{} of {}", campaign.wave + 1, campaign.waves.len()),
            figure(view, |progress| progress.offered),
            figure(view, |progress| progress.installed),
            figure(view, |progress| progress.failed + progress.silent),
        ]);
    }
    Ok(say!("{table}")?)
}

pub(super) fn show(view: &CampaignView) -> anyhow::Result<()> {
    let (campaign, now) = (&view.campaign, clock::now());
    let release = plain(&campaign.release.to_string());
    match campaign.rolls_back {
        Some(undone) => say!("campaign   {} takes campaign {undone} back, to {release}", campaign.id)?,
        None => say!("campaign   {} brings {release}", campaign.id)?,
    }
    say!("to         {}", target(campaign))?;
    say!("begun      {} by {}", ago(campaign.created, now), plain(&campaign.by))?;
    say!("state      {}", stands(campaign, now))?;
    say!("waves      {}", waves(campaign))?;
    for line in rules(campaign) {
        say!("rules      {line}")?;
    }
    if let Some(progress) = &view.progress {
        say!("shown      {}", progress.summary)?;
        say!("to come    {} in the open waves, {} in later ones", progress.waiting, progress.later)?;
        for against in progress.against.iter().take(NAMED) {
            say!("           {} {}", against.device, against.outcome.words())?;
        }
        if let Some(more) = progress.against.len().checked_sub(NAMED + 1) {
            say!("           and {}", count(more as u64 + 1, "other device"))?;
        }
    }
    for sentence in &view.next {
        say!("next       {sentence}")?;
    }
    if let Some(notice) = &view.notice {
        say!("\n{}", plain_lines(notice))?;
    }
    Ok(())
}

/// Whom a campaign is for.
fn target(campaign: &Campaign) -> String {
    match &campaign.group {
        Some(group) => format!("{group} on {}", campaign.channel),
        None => campaign.channel.to_string(),
    }
}

fn state(campaign: &Campaign) -> String {
    match campaign.state {
        State::AwaitsApproval => "awaits approval".into(),
        ref other => other.name().into(),
    }
}

fn stands(campaign: &Campaign, now: Time) -> String {
    match &campaign.state {
        State::Running => {
            format!("running, wave {} since {}", campaign.wave + 1, minute(campaign.wave_since))
        }
        State::Paused { paused_by, paused_at } => {
            format!("paused by {} {}", plain(paused_by), ago(*paused_at, now))
        }
        State::Stopped(stop) => format!("stopped on evidence {}", ago(stop.at, now)),
        State::AwaitsApproval => format!("waits for a person to approve wave {}", campaign.wave + 2),
        State::Finished { finished_at } => format!("finished {}", ago(*finished_at, now)),
        State::Aborted { aborted_at, aborted_by } => {
            format!("aborted by {} {}", plain(aborted_by), ago(*aborted_at, now))
        }
    }
}

/// The waves, the open ones marked: `[1%] [5%] 25% 100%`.
fn waves(campaign: &Campaign) -> String {
    let open = |number: usize, share: Share| {
        if number <= campaign.wave { format!("[{share}]") } else { share.to_string() }
    };
    let waves = campaign.waves.iter().enumerate().map(|(number, wave)| open(number, wave.share));
    waves.collect::<Vec<_>>().join(" ")
}

/// What was asked for beside the usual.
fn rules(campaign: &Campaign) -> Vec<String> {
    let Campaign { gate, window, pace, rules, .. } = campaign;
    let tolerated = format!("{} may fail beyond what others do", Share::Percent(rules.tolerated_ppm / 100));
    [
        Some(tolerated),
        (!gate.soak.is_zero())
            .then(|| format!("each wave is open for {} at least", crate::config::Span(gate.soak))),
        gate.approval.then(|| "a person approves each further wave".to_owned()),
        window.as_ref().map(|window| format!("only {window}")),
        (!pace.is_unlimited()).then(|| format!("at most {pace}")),
        rules.on_proof.then(|| "only devices that prove who they are".to_owned()),
        rules.allow_downgrade.then(|| "also to devices that run something newer".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
