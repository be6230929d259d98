//! One device on a page.

use otary_fleet::{
    AgentWords, Attempt, Controller, Credential, Device, Event, GenerationId, Holds, Reported, Snapshot,
    Time, Transport,
};
use otary_server::operator::{DeviceView, Held};

use super::{answered, intents, running, said};
use crate::clock;
use crate::say;
use crate::table::{Table, ago, count, date, minute, or_dash, plain, size, until};

/// Lines of a device's own words that are shown of an action.
const MESSAGES: usize = 4;

/// Prints all that is known of a device.
pub fn show(view: &DeviceView) -> anyhow::Result<()> {
    let now = clock::now();
    facts(view, now)?;
    if !view.device.attempts.is_empty() {
        say!("\n{}", attempts(&view.device, now))?;
    }
    if !view.events.is_empty() {
        let mut table = Table::new(["WHEN", "WHAT HAPPENED"]);
        view.events.iter().for_each(|event| table.row([minute(event.at), happened(event)]));
        say!("\n{table}")?;
    }
    Ok(())
}

fn facts(view: &DeviceView, now: Time) -> anyhow::Result<()> {
    let (device, line) = (&view.device, &view.line);
    say!("{}", device.mac)?;
    if let Some(name) = &device.name {
        say!("  name      {}", plain(name))?;
    }
    say!("  product   {}{}", or_dash(line.product.as_ref()), by(device.product.is_some()))?;
    say!("  chip      {}{}", or_dash(line.chip), by(device.chip.is_some()))?;
    say!("  channel   {}", device.channel.as_ref().map_or("stable", |channel| channel.as_str()))?;
    intents::show(device, now)?;
    if let (Some(last), Some(runs)) = (&device.last, &line.runs) {
        say!("  runs      {} ({})", running(runs), last.build)?;
        claims(last)?;
    }
    credentials(device)?;
    view.held.iter().enumerate().try_for_each(|(number, held)| trusts(number, held))?;
    history(device, now)?;
    if let (Some(standing), Some(answer)) = (&device.standing, &line.answer) {
        let times = count(standing.count, "time");
        say!("  answered  {} ({times} since {})", said(answer), minute(standing.first))?;
    }
    if let Some(answer) = &view.now {
        say!("  now       {}", answered(answer).replace('\n', "\n            "))?;
    }
    Ok(())
}

/// What a device said of itself when it last asked, besides what it runs.
fn claims(last: &Snapshot) -> anyhow::Result<()> {
    if let Some(sdk) = &last.sdk {
        say!("  sdk       {}", plain(sdk))?;
    }
    if let Some(free) = last.free_space {
        let flash = last.chip_size.map(|flash| format!(" of {} of flash", size(flash)));
        say!("  room      {} for an update{}", size(free), flash.unwrap_or_default())?;
    }
    last.agent.as_ref().map_or(Ok(()), agent)?;
    let transport = match last.transport {
        Transport::Http => "plain HTTP",
        Transport::Https => "HTTPS",
    };
    say!("  from      {} by {transport}, {}", last.source, last.dialect.name())?;
    if let Some(handshake) = &last.handshake {
        let name = handshake.server_name.as_deref().map_or("no name".into(), plain);
        let shown = match handshake.presented.generation {
            GenerationId::ELSEWHERE => "a certificate from elsewhere".to_owned(),
            id => format!("generation {id}"),
        };
        say!("  asked for {name}, and was shown {shown}")?;
    }
    Ok(say!("  proof     {}", last.proof.words())?)
}

/// What an agent said of itself.
fn agent(agent: &AgentWords) -> anyhow::Result<()> {
    let AgentWords { hardware, release, root, trust_set, clock } = agent;
    say!("  hardware  {}", plain(hardware))?;
    say!("  number    {release} (its release)")?;
    say!("  believes  root record {root}, trust set of record {trust_set}")?;
    Ok(say!("  clock     {}", clock.words())?)
}

/// What it reported, the latest first. By its word alone, so who said it stands beside it.
fn reports(device: &Device, now: Time) -> anyhow::Result<()> {
    device.reported.iter().try_for_each(|reported| {
        let Reported { report, network, last, proof, .. } = reported;
        let (said, proof) = (plain(&report.to_string()), proof.words());
        Ok(say!("  reported  {said} ({}, from {network} with {proof})", ago(*last, now))?)
    })
}

/// What is kept of a device that speaks hawkBit's protocol: what it was asked for last, and what it says of itself.
fn controller_of(controller: &Controller, now: Time) -> anyhow::Result<()> {
    if let Some(action) = controller.actions.first() {
        let (release, state) = (plain(&action.release.to_string()), action.state.name());
        let step = action.progress.map(|(step, of)| format!(", step {step} of {of}")).unwrap_or_default();
        say!("  action    {}: {release}, {state}{step}, begun {}", action.id, ago(action.began, now))?;
        action.messages.iter().take(MESSAGES).try_for_each(|line| say!("              {}", plain(line)))?;
    }
    let attributes = controller.attributes.iter();
    Ok(attributes.enumerate().try_for_each(|(number, (key, value))| {
        let label = if number == 0 { "says" } else { "" };
        say!("  {label:9} {} = {}", plain(key), plain(value))
    })?)
}

/// The anchors that one build of a device holds, and how that is known; after the first, by what else was said of it.
fn trusts(number: usize, held: &Held) -> anyhow::Result<()> {
    let (label, build) = (if number == 0 { "trusts" } else { "or" }, held.claim.build);
    let how = match &held.claim.holds {
        _ if held.claim.plain => return Ok(say!("  {label:9} whatever it is sent by plain HTTP ({build})")?),
        Holds::Unknown => return Ok(say!("  {label:9} nothing that is known ({build})")?),
        Holds::These(_) => "by its image",
        Holds::OneOf(_) if held.anchors.len() > 1 => "one of these, since it accepted that chain",
        Holds::OneOf(_) => "since it accepted that chain",
    };
    say!("  {label:9} {how} ({build}):")?;
    Ok(held.anchors.iter().try_for_each(|(name, role)| say!("              {} ({role})", plain(name)))?)
}

/// What was issued to a device.
fn credentials(device: &Device) -> anyhow::Result<()> {
    for Credential { kind, issued } in &device.credentials {
        say!("  holds     {} {:.12}, issued {}", kind.name(), kind.digest(), date(*issued))?;
    }
    Ok(())
}

/// What was seen of a device over time.
fn history(device: &Device, now: Time) -> anyhow::Result<()> {
    if device.polls > 0 {
        let (polls, seen) = (count(device.polls, "poll"), ago(device.last_seen, now));
        say!("  asked     {polls} since {}, the last {seen}", date(device.first_seen))?;
    }
    if let Some(installed) = &device.installed {
        say!(
            "  updated   to {} {} ({})",
            plain(&installed.release.to_string()),
            ago(installed.at, now),
            if installed.reported { "reported" } else { "inferred" }
        )?;
    }
    reports(device, now)?;
    device.controller.as_deref().map_or(Ok(()), |controller| controller_of(controller, now))?;
    if let Some(contested) = device.contested {
        let seen = ago(contested, now);
        say!("  contested two builds or networks take turns under this address, the last time {seen}")?;
    }
    Ok(())
}

const fn by(operator: bool) -> &'static str {
    if operator { " (assigned)" } else { "" }
}

fn attempts(device: &Device, now: Time) -> Table {
    let mut table = Table::new(["RELEASE", "KIND", "OFFERED", "TAKEN", "CUT OFF", "LAST", "OUTCOME"]);
    for attempt in &device.attempts {
        table.row([
            plain(&attempt.release.to_string()),
            attempt.kind.name().to_owned(),
            attempt.offers.to_string(),
            attempt.whole.to_string(),
            attempt.cut_off.to_string(),
            ago(attempt.last_offer, now),
            outcome(attempt, now),
        ]);
    }
    table
}

/// What became of an attempt. It is inferred: a stock client reports nothing.
fn outcome(attempt: &Attempt, now: Time) -> String {
    let outcome = attempt.outcome.map(|outcome| format!("{} (inferred)", outcome.name()));
    match attempt.held_until {
        Some(held) if held > now => format!("{}, offered again {}", or_dash(outcome), until(held, now)),
        _ => or_dash(outcome),
    }
}

/// What an event says, on one line.
pub fn happened(event: &Event) -> String {
    plain(&event.kind.to_string())
}
