//! What a campaign has shown, and what has to come before it moves on.

use otary_fleet::{Campaign, Mac, Need, Outcome, State, Tally, Time, WaveTally, Weight};
use serde::{Deserialize, Serialize};

/// What a campaign has shown: numbers of devices, but for the last ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Progress {
    /// Those that were offered the release.
    pub offered: u32,
    /// Those that run it.
    pub installed: u32,
    /// Of those, the ones that were watched to the end.
    pub watched: u32,
    /// Those that refused it, rolled back or loop.
    pub failed: u32,
    /// Those whose silence counts.
    pub silent: u32,
    /// Those that are missed, while it cannot be told from an outage of their site.
    pub excused: u32,
    /// Those that took nothing whole.
    pub not_taken: u32,
    /// Those that count neither way.
    pub uncounted: u32,
    /// Those of which nothing is known since they were offered it.
    pub at_risk: u32,
    /// Members of the open waves that were not offered it yet.
    pub waiting: u32,
    /// Members of later waves.
    pub later: u32,
    /// How far the test is on its way to a stop, in percent.
    pub against_percent: u32,
    /// The three tests that may stop it.
    #[serde(default)]
    pub tests: Vec<TestView>,
    /// The same numbers wave by wave, in the order in which they open.
    #[serde(default)]
    pub waves: Vec<WaveTally>,
    /// Those that speak against the release, and how.
    pub against: Vec<Against>,
    /// The same in one line.
    pub summary: String,
}

/// How far a test is: below zero the evidence speaks for the release, above against it, and at `stops_at` it is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TestView {
    /// What it looks at.
    pub name: String,
    /// The evidence, in thousandths of a nat.
    pub weight: i64,
    /// Where the campaign is stopped, likewise.
    pub stops_at: i64,
}

/// A device that speaks against a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Against {
    /// Which.
    pub device: Mac,
    /// What became of it.
    pub outcome: Outcome,
}

impl Progress {
    pub(super) fn of(tally: &Tally) -> Self {
        let against =
            tally.against.iter().map(|(device, outcome)| Against { device: *device, outcome: *outcome });
        Self {
            offered: tally.offered,
            installed: tally.installed,
            watched: tally.watched,
            failed: tally.failed,
            silent: tally.silent,
            excused: tally.excused,
            not_taken: tally.not_taken,
            uncounted: tally.uncounted,
            at_risk: tally.at_risk,
            waiting: tally.waiting + tally.strange,
            later: tally.next + tally.later,
            against_percent: tally.weight.percent(),
            tests: tests(tally.weight),
            waves: tally.waves.clone(),
            against: against.collect(),
            summary: tally.to_string(),
        }
    }
}

fn tests(weight: Weight) -> Vec<TestView> {
    let view = |(name, weight, stops_at): (&str, _, _)| TestView { name: name.to_owned(), weight, stops_at };
    weight.tests().map(view).to_vec()
}

/// What happens next, or has to, a sentence each.
pub(super) fn next(campaign: &Campaign, tally: &Tally, now: Time) -> Vec<String> {
    let id = campaign.id;
    let moves = match &campaign.state {
        State::Finished { .. } | State::Aborted { .. } => return Vec::new(),
        State::Paused { .. } => return vec![format!("a person resumes it: otary campaign resume {id}")],
        State::Stopped(_) => {
            return vec![format!("a person ends it, or resumes it: otary campaign abort {id}")];
        }
        State::AwaitsApproval => {
            let wave = campaign.wave + 2;
            return vec![format!("a person approves wave {wave}: otary campaign approve {id}")];
        }
        State::Running if campaign.is_all_open() => "it finishes".to_owned(),
        State::Running => format!("wave {} of {} opens", campaign.wave + 2, campaign.waves.len()),
    };
    let needs = campaign.needs(tally, now);
    if needs.is_empty() {
        return vec![format!("{moves} at the next look, within seconds")];
    }
    let after = needs.iter().map(|need| words(need, now)).collect::<Vec<_>>().join(", and ");
    vec![format!("{moves} when {after}")]
}

fn words(need: &Need, now: Time) -> String {
    match *need {
        Need::Heard { at_risk } => {
            format!("nine in ten that were offered it are heard again ({at_risk} are not yet)")
        }
        Need::Known { known, needed } => {
            format!("it is known of {needed} devices what became of them (now of {known})")
        }
        Need::Soaked { until } => {
            format!("it was open for as long as was asked (for {} more)", rough(until.since(now)))
        }
        Need::Clear { percent } => {
            format!("what was seen no longer speaks against it ({percent} % of what stops it)")
        }
        Need::Watched { watched, installed } => {
            format!("nine in ten of those that run it were watched to the end ({watched} of {installed})")
        }
        Need::Person => "a person approves".to_owned(),
    }
}

/// A time with one figure, rounded up.
fn rough(time: std::time::Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=99 => format!("{seconds} s"),
        seconds @ 100..=5_999 => format!("{} min", seconds.div_ceil(60)),
        seconds @ 6_000..=172_799 => format!("{} h", seconds.div_ceil(3_600)),
        seconds => format!("{} days", seconds.div_ceil(86_400)),
    }
}

/// Parts per million as a percentage: `2 %`, `0.5 %`.
pub(super) fn percent(ppm: u32) -> String {
    let (whole, part) = (ppm / 10_000, ppm % 10_000);
    let digits = format!("{part:04}");
    match digits.trim_end_matches('0') {
        "" => format!("{whole} %"),
        digits => format!("{whole}.{digits} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_per_million_are_a_percentage() {
        assert_eq!([20_000, 5_000, 12_500, 1_000_000].map(percent), ["2 %", "0.5 %", "1.25 %", "100 %"]);
    }
}
