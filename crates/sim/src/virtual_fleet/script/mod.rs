//! Scripts: what is simulated, as a text of a few lines. docs/SIM.md is their manual.
//!
//! One statement a line, words with blanks between them, `#` and what follows is a comment. Nothing is guessed: a word that does
//! not belong where it stands is an error with its place, and so is a script whose parts do not fit together.

mod act;
mod boards;
mod error;
mod expectation;
mod release;
mod sockets;
mod words;

use std::collections::BTreeSet;
use std::time::Duration;

use otary_fleet::Version;

use super::limits::{MAX_BOARDS, MAX_BYTES, MAX_LINES, MAX_POLLS, MAX_TIME};
use words::Words;

pub use act::{Act, Begin, Scheduled, Strangers, Word};
pub use boards::{Asks, Boards};
pub use error::ScriptError;
pub use expectation::{Bound, Expectation, Figure};
pub use release::{Fault, Harm, Issue};

/// A share, in parts per million.
pub type Ppm = u32;

/// What is simulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The same seed gives the same run.
    pub seed: u64,
    /// How many boards.
    pub fleet: u32,
    /// At how many sites; a site is a network of its own.
    pub sites: u32,
    /// For how long the boards have asked when the script begins: their rhythms are known by then.
    pub before: Duration,
    /// For how long it goes on.
    pub lasts: Duration,
    /// The share of boards that fall silent in a week by themselves: half of them for good, half for one to fourteen days.
    pub background: Ppm,
    /// The line that says so.
    pub background_line: usize,
    /// The parts of the fleet; all together they are the whole.
    pub boards: Vec<Boards>,
    /// The releases; the first is what all boards run.
    pub releases: Vec<Issue>,
    /// What happens, in the order of time.
    pub acts: Vec<Scheduled>,
    /// What it has to come to.
    pub expectations: Vec<Expectation>,
}

const STATEMENTS: [&str; 10] =
    ["seed", "fleet", "before", "lasts", "background", "boards", "release", "fault", "at", "expect"];
const DAY: Duration = Duration::from_hours(24);

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    ///
    /// The first mistake, with its place.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        if text.len() > MAX_BYTES {
            return Err(ScriptError::of_line(1, format!("a script of at most {} KiB", MAX_BYTES / 1024)));
        }
        let mut script = Self::empty();
        let lines = (1..).zip(text.lines()).map(|(number, line)| Words::of(number, line));
        for (said, mut words) in lines.filter(|words| !words.is_empty()).enumerate() {
            if said >= MAX_LINES {
                return Err(words.wrong(format!("at most {MAX_LINES} lines that say something")));
            }
            script.read(&mut words)?;
            words.end()?;
        }
        script.acts.sort_by_key(|scheduled| scheduled.at);
        script.check(text.lines().count().max(1))?;
        Ok(script)
    }

    fn empty() -> Self {
        Self {
            seed: 1,
            fleet: 0,
            sites: 1,
            before: DAY * 15,
            lasts: DAY * 14,
            background: 0,
            background_line: 0,
            boards: Vec::new(),
            releases: Vec::new(),
            acts: Vec::new(),
            expectations: Vec::new(),
        }
    }

    fn read(&mut self, words: &mut Words<'_>) -> Result<(), ScriptError> {
        match words.one_of(&STATEMENTS)? {
            "seed" => self.seed = words.number()?,
            "fleet" => self.read_fleet(words)?,
            "before" => self.before = time_beside(self.lasts, words)?,
            "lasts" => self.lasts = time_beside(self.before, words)?,
            "background" => {
                (self.background, self.background_line) = (words.share()?, words.line());
                words.expect("a")?;
                words.expect("week")?;
            }
            "boards" => self.boards.push(Boards::read(words)?),
            "release" => {
                let issue = Issue::read(words)?;
                if self.release(&issue.version).is_some() {
                    return Err(ScriptError::of_line(words.line(), format!("{} once", issue.version)));
                }
                self.releases.push(issue);
            }
            "fault" => {
                let (version, fault) = Fault::read(words)?;
                let line = words.line();
                let release = self.releases.iter_mut().find(|release| release.version == version);
                release.ok_or_else(|| unknown(line, &version))?.faults.push(fault);
            }
            "at" => self.acts.push(Scheduled::read(words)?),
            _ => self.expectations.push(Expectation::read(words)?),
        }
        Ok(())
    }

    fn read_fleet(&mut self, words: &mut Words<'_>) -> Result<(), ScriptError> {
        let boards = |word: &str| word.parse().ok().filter(|boards| (1..=MAX_BOARDS).contains(boards));
        self.fleet = words.read(format!("a number of boards, 1 to {MAX_BOARDS}"), boards)?;
        if words.accept("at") {
            self.sites = words.read(format!("a number of sites, 1 to {MAX_BOARDS}"), boards)?;
            words.one_of(&["sites", "site"])?;
        }
        Ok(())
    }

    /// The place of a release.
    pub fn release(&self, version: &Version) -> Option<usize> {
        self.releases.iter().position(|release| release.version == *version)
    }

    /// The same script with another number of boards.
    ///
    /// # Errors
    ///
    /// As many would ask too often.
    pub fn with_fleet(self, fleet: u32) -> Result<Self, ScriptError> {
        let script = Self { fleet, ..self };
        script.check_polls()?;
        Ok(script)
    }

    /// Whether its parts fit together. What is missing is missing at the end.
    fn check(&self, last: usize) -> Result<(), ScriptError> {
        let missing = |what: &'static str| Err(ScriptError::of_line(last, what));
        if self.fleet == 0 {
            return missing("a line such as `fleet 2000 at 80 sites`");
        }
        if self.releases.is_empty() {
            return missing("a line such as `release 1.0`: what all boards run at the beginning");
        }
        let Some(boards) = self.boards.last() else {
            return missing("a line such as `boards 100% arduino-esp32 on esp32 every 10m`");
        };
        let sum: u64 = self.boards.iter().map(|boards| u64::from(boards.share)).sum();
        if sum != 1_000_000 {
            let percent = format!("{}.{:04}", sum / 10_000, sum % 10_000);
            let percent = percent.trim_end_matches('0').trim_end_matches('.');
            return Err(ScriptError::of_line(
                boards.line,
                format!("the boards' shares to be 100% together, not {percent}%"),
            ));
        }
        self.check_chips()?;
        self.check_versions()?;
        self.check_acts()?;
        self.check_polls()
    }

    /// The first release is for everybody: everybody runs it.
    fn check_chips(&self) -> Result<(), ScriptError> {
        let Some(first) = self.releases.first() else { return Ok(()) };
        match self.boards.iter().find(|boards| !first.is_for(boards.chip)) {
            Some(boards) => {
                let expected =
                    format!("the first release, which all boards run, to be for {} too", boards.chip);
                Err(ScriptError::of_line(first.line, expected))
            }
            None => Ok(()),
        }
    }

    fn check_versions(&self) -> Result<(), ScriptError> {
        let known = |version: &Version, line| match self.release(version) {
            Some(_) => Ok(()),
            None => Err(unknown(line, version)),
        };
        for Issue { via, line, .. } in &self.releases {
            via.iter().try_for_each(|via| known(via, *line))?;
        }
        for Scheduled { act, line, .. } in &self.acts {
            match act {
                Act::Publish(version) | Act::Withdraw(version) => known(version, *line)?,
                Act::Begin(begin) => known(&begin.version, *line)?,
                Act::Strangers(strangers) => known(&strangers.version, *line)?,
                Act::Say(_) | Act::SitesOff(..) | Act::ServerOff(_) => {}
            }
        }
        for Expectation { of, line, .. } in &self.expectations {
            if let Figure::Running(version) = of {
                known(version, *line)?;
            }
        }
        Ok(())
    }

    fn check_acts(&self) -> Result<(), ScriptError> {
        let mut published: BTreeSet<&Version> = BTreeSet::new();
        for Scheduled { at, line, act } in &self.acts {
            let wrong = |expected: String| Err(ScriptError::of_line(*line, expected));
            if *at >= self.lasts {
                return wrong("a time before the end: see `lasts`".into());
            }
            match act {
                Act::SitesOff(sites, _) if *sites.end() > self.sites => {
                    return wrong(format!("a site from 1 to {}", self.sites));
                }
                Act::Publish(version) if !published.insert(version) => {
                    return wrong(format!("{version} to be published once"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// How often all boards ask, as far as their rhythms say.
    fn check_polls(&self) -> Result<(), ScriptError> {
        let polls = |boards: &Boards| {
            let all = u128::from(self.fleet) * u128::from(boards.share) / 1_000_000;
            all * (self.before + self.lasts).as_millis() / boards.asks.gap().as_millis().max(1)
        };
        let Some(worst) = self.boards.iter().max_by_key(|boards| polls(boards)) else { return Ok(()) };
        let sum: u128 = self.boards.iter().map(polls).sum();
        if sum <= u128::from(MAX_POLLS) {
            return Ok(());
        }
        let millions = sum.div_ceil(1_000_000);
        let expected = format!(
            "no more than {} million polls of all boards together, not {millions} million: fewer boards, longer gaps, or less time `before`",
            MAX_POLLS / 1_000_000
        );
        Err(ScriptError::of_line(worst.line, expected))
    }
}

/// A length of time beside which `other` is simulated as well.
fn time_beside(other: Duration, words: &mut Words<'_>) -> Result<Duration, ScriptError> {
    let time = words.some_time()?;
    let fits = time.checked_add(other).is_some_and(|sum| sum <= MAX_TIME);
    let days = MAX_TIME.as_secs() / DAY.as_secs();
    if fits {
        Ok(time)
    } else {
        Err(words.was_wrong(format!("`before` and `lasts` to be {days}d together at most")))
    }
}

fn unknown(line: usize, version: &Version) -> ScriptError {
    ScriptError::of_line(line, format!("a `release {version}` before it"))
}
