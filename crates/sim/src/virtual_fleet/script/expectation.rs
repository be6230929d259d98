//! `expect`: what a run has to come to, so that a script can be a test.
//!
//! ```text
//! expect campaign 1 stopped
//! expect lost at most 15
//! expect running 2.0 at least 1900
//! ```

use std::fmt;

use otary_fleet::{CampaignId, Version};

use super::ScriptError;
use super::release::version;
use super::words::Words;

/// What a run has to come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The line that says so.
    pub line: usize,
    /// What is looked at.
    pub of: Figure,
    /// What it has to be.
    pub is: Bound,
}

/// What is looked at, at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    /// The state of a campaign.
    State(CampaignId),
    /// Boards that a release ended, whatever way.
    Lost,
    /// Boards that were offered a release by a campaign.
    Offered,
    /// Boards that a campaign took for silent though no release had ended them.
    FalseSilence,
    /// Boards that are alive and run this.
    Running(Version),
}

/// What it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// This state.
    State(&'static str),
    /// No more than this.
    AtMost(u64),
    /// No less than this.
    AtLeast(u64),
}

const STATES: [&str; 6] = ["running", "paused", "stopped", "awaits-approval", "finished", "aborted"];

impl Expectation {
    pub(super) fn read(words: &mut Words<'_>) -> Result<Self, ScriptError> {
        let line = words.line();
        let of = match words.one_of(&["campaign", "lost", "offered", "false-silence", "running"])? {
            "campaign" => {
                Figure::State(CampaignId(words.read("a campaign's number", |word| word.parse().ok())?))
            }
            "lost" => Figure::Lost,
            "offered" => Figure::Offered,
            "false-silence" => Figure::FalseSilence,
            _ => Figure::Running(version(words)?),
        };
        let is = if matches!(of, Figure::State(_)) {
            Bound::State(words.one_of(&STATES)?)
        } else {
            words.expect("at")?;
            let bound = words.one_of(&["most", "least"])?;
            let number = words.number()?;
            if bound == "most" { Bound::AtMost(number) } else { Bound::AtLeast(number) }
        };
        Ok(Self { line, of, is })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(campaign) => write!(f, "campaign {campaign}"),
            Self::Lost => f.write_str("lost"),
            Self::Offered => f.write_str("offered"),
            Self::FalseSilence => f.write_str("false-silence"),
            Self::Running(version) => write!(f, "running {version}"),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(name) => f.write_str(name),
            Self::AtMost(most) => write!(f, "at most {most}"),
            Self::AtLeast(least) => write!(f, "at least {least}"),
        }
    }
}

impl fmt::Display for Expectation {
    /// As it is written in the script.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expect {} {}", self.of, self.is)
    }
}
