//! The releases that a device met last, and what became of each: reported, or inferred from its polls.

use std::time::Duration;

use crate::span::{Span, Wait, ago, count, times};
use crate::{
    Attempt, Catalogue, Course, Device, Ended, Kind, Outcome, Reported, Source, Time, Trial, TrialState,
};

/// Attempts that are told, and reports.
const TOLD: usize = 4;

/// A line for each, the latest first.
pub(super) fn of(device: &Device, catalogue: &Catalogue, now: Time) -> Vec<String> {
    let attempts = device.attempts.iter().take(TOLD).map(|attempt| line(attempt, device, catalogue, now));
    attempts.chain(device.reported.iter().take(TOLD).map(|reported| said(reported, now))).collect()
}

fn line(attempt: &Attempt, device: &Device, catalogue: &Catalogue, now: Time) -> String {
    let files = if attempt.kind == Kind::Filesystem { " (file system)" } else { "" };
    let trial = device.trials.iter().find(|trial| trial.is_of(attempt));
    let campaign = trial.map(|trial| format!(" in campaign {}", trial.campaign)).unwrap_or_default();
    let offered = match attempt.offers {
        0 | 1 => format!("offered {}{campaign}", ago(attempt.first_offer, now)),
        many => format!("offered {many} times within {}{campaign}", Span(now.since(attempt.first_offer))),
    };
    let (whole, cut) = (times(attempt.whole.into()), times(attempt.cut_off.into()));
    let taken = match (attempt.whole, attempt.cut_off) {
        (0, 0) => "not taken".to_owned(),
        (0, _) => format!("cut off {cut} (at byte {})", attempt.last_bytes),
        (_, 0) => format!("taken whole {whole}"),
        (_, _) => format!("taken whole {whole}, cut off {cut}"),
    };
    let outcome = outcome(attempt, trial, device, catalogue, now);
    format!("{}{files}: {offered}, {taken}; {outcome}", attempt.release)
}

fn outcome(
    attempt: &Attempt,
    trial: Option<&Trial>,
    device: &Device,
    catalogue: &Catalogue,
    now: Time,
) -> String {
    let until = attempt.held_until.filter(|until| *until > now);
    let held =
        until.map(|until| format!(", held for another {}", Wait::until(until, now))).unwrap_or_default();
    if let Some(trial) = trial {
        let watch = catalogue.campaign(trial.campaign).map_or(Duration::ZERO, |c| c.rules.watch);
        return format!("{}{held}", of_trial(trial, watch, now));
    }
    let installed = device.installed.as_ref().filter(|installed| installed.artifact == attempt.artifact);
    let source = if installed.is_some_and(|installed| installed.reported) {
        Source::Reported
    } else {
        Source::Inferred
    };
    match attempt.outcome {
        Some(outcome) => format!("{} ({}){held}", outcome.words(), source.name()),
        None if until.is_some() => format!("took it and still asks under the old build (inferred){held}"),
        None => "nothing known yet".to_owned(),
    }
}

fn of_trial(trial: &Trial, watch: Duration, now: Time) -> String {
    match (trial.course.state(watch, Duration::ZERO, now), trial.course.ended) {
        (TrialState::Silent { since, .. }, _) => {
            format!("silent for {} (inferred)", Span(now.since(since)))
        }
        (_, Some(ended)) => of_ended(&trial.course, ended, now),
        (TrialState::NotTaken, None) => "it asked again and has taken nothing whole".to_owned(),
        (TrialState::Unknown, None) => {
            "what becomes of it counts neither way: its rhythm is unknown".to_owned()
        }
        _ => "nothing known yet".to_owned(),
    }
}

fn of_ended(course: &Course, Ended { outcome, source, at }: Ended, now: Time) -> String {
    let ago = ago(at, now);
    let how = match (source, outcome) {
        (Source::Reported, _) => "reported".to_owned(),
        (_, Outcome::Installed) => {
            let polls = course.new.map_or(0, |polls| polls.count);
            format!("inferred: it asked {} under the new build", times(polls.into()))
        }
        (_, Outcome::RolledBack) => "inferred: it ran the new build, and then the old one again".to_owned(),
        (_, Outcome::Refused | Outcome::Looping) => {
            format!(
                "inferred: after {} it still asks under the old build",
                count(course.whole.into(), "whole download")
            )
        }
        (_, Outcome::Silent) => "inferred".to_owned(),
    };
    format!("{} {ago} ({how})", outcome.words())
}

fn said(reported: &Reported, now: Time) -> String {
    let Reported { report, last, proof, .. } = reported;
    format!("reported {}, with {}: {report}", ago(*last, now), proof.words())
}
