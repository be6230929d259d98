//! `at`: what happens at a time after the script's beginning. What an operator does, and what befalls the sites, the server
//! and the devices' names.
//!
//! ```text
//! at 0 campaign 2.0 in 1%,5%,25%,100% soak 24h after approval
//! at 3h site 4 is off for 6h
//! at 1d pause
//! ```

use std::ops::RangeInclusive;
use std::time::Duration;

use otary_fleet::{Gate, Pace, Plan, Rules, Version, Window};

use super::ScriptError;
use super::release::version;
use super::words::Words;

/// What happens when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// After the script's beginning.
    pub at: Duration,
    /// The line that says so.
    pub line: usize,
    /// What.
    pub act: Act,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A release is published to everybody at once.
    Publish(Version),
    /// A campaign begins.
    Begin(Box<Begin>),
    /// The operator says something of the last campaign.
    Say(Word),
    /// A release is withdrawn.
    Withdraw(Version),
    /// Sites have no power for a while; they are numbered from 1.
    SitesOff(RangeInclusive<u32>, Duration),
    /// The server is off for a while, and starts anew after it.
    ServerOff(Duration),
    /// Strangers speak under the boards' addresses.
    Strangers(Strangers),
}

/// What an operator says of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing more is offered.
    Pause,
    /// It goes on.
    Resume,
    /// The next wave may open.
    Approve,
    /// It is over.
    Abort,
}

/// How a campaign begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    /// What it brings.
    pub version: Version,
    /// Its waves.
    pub plan: Plan,
    /// What has to be so before the next wave.
    pub gate: Gate,
    /// When something may be offered.
    pub window: Option<Window>,
    /// How fast.
    pub pace: Pace,
    /// What is tolerated, and of whom.
    pub rules: Rules,
    /// It takes back what the campaign before it brought.
    pub back: bool,
}

/// Who speaks under other devices' addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strangers {
    /// Under how many.
    pub boards: u32,
    /// What they say that these run.
    pub version: Version,
    /// How often.
    pub every: Duration,
    /// For how long.
    pub lasts: Duration,
    /// They speak from the boards' own networks.
    pub nearby: bool,
}

const ACTS: [&str; 11] = [
    "publish",
    "campaign",
    "roll-back",
    "pause",
    "resume",
    "approve",
    "abort",
    "withdraw",
    "site",
    "server",
    "strangers",
];
const CONDITIONS: [&str; 10] =
    ["in", "soak", "after", "window", "pace", "tolerate", "watch", "at-a-time", "on", "downgrade"];

impl Scheduled {
    pub(super) fn read(words: &mut Words<'_>) -> Result<Self, ScriptError> {
        let (line, at) = (words.line(), words.time()?);
        let act = match words.one_of(&ACTS)? {
            "publish" => Act::Publish(version(words)?),
            "campaign" => Act::Begin(Box::new(Begin::read(words, false)?)),
            "roll-back" => {
                words.expect("to")?;
                Act::Begin(Box::new(Begin::read(words, true)?))
            }
            "pause" => Act::Say(Word::Pause),
            "resume" => Act::Say(Word::Resume),
            "approve" => Act::Say(Word::Approve),
            "abort" => Act::Say(Word::Abort),
            "withdraw" => Act::Withdraw(version(words)?),
            "site" => {
                let sites = words.read("a site's number, or several as in 3-9", sites)?;
                Act::SitesOff(sites, is_off_for(words)?)
            }
            "server" => Act::ServerOff(is_off_for(words)?),
            _ => Act::Strangers(Strangers::read(words)?),
        };
        Ok(Self { at, line, act })
    }
}

impl Word {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Approve => "approve",
            Self::Abort => "abort",
        }
    }
}

fn is_off_for(words: &mut Words<'_>) -> Result<Duration, ScriptError> {
    words.expect("is")?;
    words.expect("off")?;
    words.expect("for")?;
    words.some_time()
}

/// `3` or `3-9`.
fn sites(text: &str) -> Option<RangeInclusive<u32>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (0 < first && first <= last).then_some(first..=last)
}

impl Begin {
    fn read(words: &mut Words<'_>, back: bool) -> Result<Self, ScriptError> {
        let rules = Rules { allow_downgrade: back, ..Rules::default() };
        let mut begin = Self {
            version: version(words)?,
            plan: Plan::default(),
            gate: Gate::default(),
            window: None,
            pace: Pace::default(),
            rules,
            back,
        };
        while let Some(condition) = words.option(&CONDITIONS)? {
            begin.read_condition(condition, words)?;
        }
        Ok(begin)
    }

    fn read_condition(&mut self, condition: &str, words: &mut Words<'_>) -> Result<(), ScriptError> {
        match condition {
            "in" => self.plan = words.parse("waves such as 1%,5%,25%,100%")?,
            "soak" => self.gate.soak = words.time()?,
            "after" => {
                words.expect("approval")?;
                self.gate.approval = true;
            }
            "window" => self.window = Some(window(words)?),
            "pace" => self.pace = words.parse("a pace such as 30/min")?,
            "tolerate" => self.rules.tolerated_ppm = words.share()?,
            "watch" => self.rules.watch = words.time()?,
            "at-a-time" => {
                self.rules.at_a_time = words.read("a number of boards, at least 1", |word| {
                    word.parse().ok().filter(|boards| *boards > 0)
                })?;
            }
            "on" => {
                words.expect("proof")?;
                self.rules.on_proof = true;
            }
            _ => self.rules.allow_downgrade = true,
        }
        Ok(())
    }
}

/// `22:00-04:00 Europe/Berlin`, or with days before it: `mon-fri 22:00-04:00 UTC`.
fn window(words: &mut Words<'_>) -> Result<Window, ScriptError> {
    const EXAMPLE: &str = "a window such as mon-fri 22:00-04:00 Europe/Berlin";
    let first = words.take(EXAMPLE)?;
    let second = words.take(EXAMPLE)?;
    let text = if first.contains(':') {
        format!("{first} {second}")
    } else {
        format!("{first} {second} {}", words.take(EXAMPLE)?)
    };
    text.parse().map_err(|error: otary_fleet::WindowError| words.was_wrong(format!("{EXAMPLE} ({error})")))
}

impl Strangers {
    fn read(words: &mut Words<'_>) -> Result<Self, ScriptError> {
        words.expect("say")?;
        let version = version(words)?;
        words.expect("as")?;
        let boards = words.read("a number of boards", |word| word.parse().ok())?;
        words.expect("boards")?;
        words.expect("every")?;
        let every = words.read("a time of at least 1m", |word| {
            super::words::time(word).filter(|every| *every >= Duration::from_mins(1))
        })?;
        words.expect("for")?;
        let lasts = words.time()?;
        Ok(Self { boards, version, every, lasts, nearby: words.accept("nearby") })
    }
}
