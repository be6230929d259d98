//! What has to be done for the trust between server and devices to go on, and by when at the latest.
//!
//! Leaves are renewed by themselves. What is left to people is rare, so it has to be said long before: a device that
//! sleeps for [`Patience::sleep`] must wake once while the old root still leads it to the update with the new one.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Generations, Phase, Time};

const YEAR: Duration = Duration::from_hours(8_766);
/// The longest sleep of a device that is not to be lost: three years.
pub(crate) const LONGEST_SLEEP: Duration = Duration::from_hours(3 * 8_766);

/// For how long devices may be out of reach, and what is added to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The longest sleep of a device that is not to be lost.
    pub sleep: Duration,
    /// What a person may need to do what is due.
    pub margin: Duration,
}

impl Default for Patience {
    /// Three years of sleep, one year for people.
    fn default() -> Self {
        Self { sleep: LONGEST_SLEEP, margin: YEAR }
    }
}

/// Something that a person has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Take the next root's key to another place: who takes over this machine must not get both.
    ExportNextKey,
    /// Begin the rollover to the next root.
    Begin,
    /// Put the new generation in charge.
    Switch,
    /// Let the old generation go.
    Finish,
}

/// What is due, and the last moment at which nobody is lost by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Due {
    /// What.
    pub act: Act,
    /// By when at the latest.
    pub by: Time,
}

impl Act {
    /// The command that does it.
    pub const fn command(self) -> &'static str {
        match self {
            Self::ExportNextKey => "otary trust export-next-key FILE",
            Self::Begin => "otary trust rollover begin",
            Self::Switch => "otary trust rollover switch",
            Self::Finish => "otary trust rollover finish",
        }
    }
}

impl fmt::Display for Act {
    /// A few words for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExportNextKey => "take the next root's key off this machine",
            Self::Begin => "begin the rollover to the next root",
            Self::Switch => "put the new generation in charge",
            Self::Finish => "let the old generation go",
        })
    }
}

/// What a person has to do next for this server's trust, the most urgent first.
pub fn due(generations: &Generations, next_key_is_here: bool, patience: Patience) -> Vec<Due> {
    let mut due: Vec<Due> = rollover(generations, patience).into_iter().collect();
    if next_key_is_here && generations.rollover.is_none() {
        due.push(Due { act: Act::ExportNextKey, by: generations.next.not_before + patience.margin });
    }
    due.sort_by_key(|due| (due.by, due.act));
    due
}

/// The next step of the rollover. With an adopted certificate the end is that of the certificate, although the devices
/// that pin it may not look at dates: its owner wants to be rid of it.
///
/// The root that follows has an end too. The one after it is first made when a rollover begins, and every device has to
/// be given that one while the root that follows still lives: so its end hastens a beginning, and also what stands in the
/// way of the beginning after this one.
fn rollover(generations: &Generations, patience: Patience) -> Option<Due> {
    let end = generations.get(generations.current)?.anchor.not_after;
    let beginning = |end: Time| end - patience.sleep - patience.margin;
    let Some(rollover) = generations.rollover else {
        let by = beginning(end.min(generations.next.not_after));
        return Some(Due { act: Act::Begin, by });
    };
    let (act, by) = match rollover.phase {
        Phase::Begun => (Act::Switch, end - patience.margin / 2),
        Phase::Switched => (Act::Finish, end - patience.margin / 12),
    };
    let following = beginning(generations.get(rollover.to)?.anchor.not_after);
    Some(Due { act, by: by.min(following) })
}
