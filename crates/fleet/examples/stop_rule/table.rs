//! What many seeds say, as a table.

use std::fmt::{self, Write as _};
use std::time::Duration;

use otary_fleet::State;

use crate::run::{Ending, Run};
use crate::scenario::{Candidate, Harm, Scenario};

/// One kind of release, and the fleets that it is tried on.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub name: &'static str,
    pub candidate: Candidate,
    pub sizes: &'static [usize],
}

const ALL: &[usize] = &[20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
const LARGE: &[usize] = &[1_000, 2_000, 5_000];

const fn row(name: &'static str, bad_for: f64, harm: Harm, soak: u64, sizes: &'static [usize]) -> Row {
    Row { name, candidate: Candidate { bad_for, harm, soak: Duration::from_hours(soak) }, sizes }
}

pub const ROWS: &[Row] = &[
    row("good", 0.0, Harm::AtOnce, 0, ALL),
    row("kills 20 %", 0.20, Harm::AtOnce, 0, LARGE),
    row("kills 20 %, small fleets", 0.20, Harm::AtOnce, 0, &[20, 50, 100, 200, 500]),
    row("kills 5 %", 0.05, Harm::AtOnce, 0, LARGE),
    row("kills 2 % (tolerated)", 0.02, Harm::AtOnce, 0, LARGE),
    row("kills 20 % after 26 h", 0.20, Harm::After(26), 0, LARGE),
    row("the same, soak 48 h", 0.20, Harm::After(26), 48, LARGE),
];

/// The endings of a row under many seeds.
pub struct Measured {
    pub name: &'static str,
    pub endings: Vec<Ending>,
}

impl Row {
    pub fn measure(&self, seeds: u64) -> Measured {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
        let endings = std::thread::scope(|scope| {
            let part = |thread| {
                move || {
                    (thread..seeds)
                        .step_by(threads as usize)
                        .map(|seed| (seed, self.ending(seed)))
                        .collect::<Vec<_>>()
                }
            };
            let parts: Vec<_> = (0..threads).map(|thread| scope.spawn(part(thread))).collect();
            let mut endings: Vec<_> =
                parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect();
            endings.sort_by_key(|(seed, _)| *seed);
            endings.into_iter().map(|(_, ending)| ending).collect()
        });
        Measured { name: self.name, endings }
    }

    pub fn ending(&self, seed: u64) -> Ending {
        // An outage goes with every second seed, a size with every second of those.
        let size = self.sizes[(seed / 2) as usize % self.sizes.len()];
        let scenario = Scenario::new(seed, size, &self.candidate);
        Run::new(scenario, &self.candidate).run()
    }
}

impl Measured {
    fn with_outage(&self, outage: bool) -> impl Iterator<Item = &Ending> {
        self.endings.iter().filter(move |ending| ending.had_outage == outage)
    }

    /// How many of these were stopped, of how many.
    pub fn stopped<'a>(endings: impl Iterator<Item = &'a Ending>) -> (usize, usize) {
        endings.fold((0, 0), |(stopped, all), ending| {
            (stopped + usize::from(matches!(ending.state, State::Stopped(_))), all + 1)
        })
    }

    /// The p-th percentile of what `of` says, p50 and so on.
    pub fn percentile(&self, percent: usize, of: impl Fn(&Ending) -> Option<usize>) -> Option<usize> {
        let mut values: Vec<usize> = self.endings.iter().filter_map(of).collect();
        values.sort_unstable();
        let last = values.len().checked_sub(1)?;
        values.get(last * percent / 100).copied()
    }
}

/// The devices that were lost, in whatever way it ended.
pub const LOST: fn(&Ending) -> Option<usize> = |ending| Some(ending.lost);

/// Hours until it ended well.
pub fn hours(ending: &Ending) -> Option<usize> {
    let finished = matches!(ending.state, State::Finished { .. });
    finished.then(|| usize::try_from(ending.after.as_secs() / 3600).unwrap_or(usize::MAX))
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stops = |outage| {
            let (stopped, all) = Self::stopped(self.with_outage(outage));
            format!("{stopped} of {all}")
        };
        let unfinished = self.endings.iter().filter(|e| matches!(e.state, State::Running)).count();
        let mut text = format!("| {} | {} | {} |", self.name, stops(false), stops(true));
        for percent in [50, 95, 100] {
            let lost = self.percentile(percent, LOST);
            write!(text, " {} |", lost.map_or("-".into(), |n| n.to_string()))?;
        }
        for percent in [50, 95] {
            let tenths = self.percentile(percent, hours).map(|hours| hours * 10 / 24);
            write!(text, " {} |", tenths.map_or("-".into(), |t| format!("{}.{}", t / 10, t % 10)))?;
        }
        write!(f, "{text} {unfinished} |")
    }
}

pub const HEAD: &str = "\
| release | stopped, no outage | stopped, outage | lost p50 | p95 | max | days to finish p50 | p95 | unfinished |
|---|---:|---:|---:|---:|---:|---:|---:|---:|";
