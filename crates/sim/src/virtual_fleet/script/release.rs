//! `release` and `fault`: what is published, and what it does to whom.
//!
//! ```text
//! release 2.0 for esp32 esp32c3 via 1.5
//! fault 2.0 bricks 5% of esp32c3
//! fault 2.0 kills-wifi 20% after 26h
//! ```

use std::time::Duration;

use otary_fleet::{Artifact, Chip, Release, Version};

use super::boards::{bytes, chip};
use super::words::Words;
use super::{Ppm, ScriptError};

/// A release. The first of a script is what all boards run at its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The line that says so.
    pub line: usize,
    /// Its version.
    pub version: Version,
    /// The chips that it is built for; empty: all.
    pub chips: Vec<Chip>,
    /// Bytes of its image.
    pub size: u64,
    /// What has to be passed through on the way to it.
    pub via: Option<Version>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// What a release does to some of the boards that take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// To how many.
    pub share: Ppm,
    /// Of the boards with this chip; of all.
    pub chip: Option<Chip>,
    /// What.
    pub harm: Harm,
}

/// What happens to a board that took a bad release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// It never starts again, at once or after so long.
    Bricks(Duration),
    /// It works and is never heard again, at once or after so long.
    KillsWifi(Duration),
    /// It starts, asks once, and the boot loader goes back to the build before.
    RollsBack,
    /// The old build starts again at once, and asks at its start.
    Loops,
    /// It does not install what it took, and asks again as usual.
    Refuses,
}

/// Bytes of an image unless said.
const SIZE: u64 = 1_000_000;

impl Issue {
    pub(super) fn read(words: &mut Words<'_>) -> Result<Self, ScriptError> {
        let (line, version) = (words.line(), version(words)?);
        let mut issue = Self { line, version, chips: Vec::new(), size: SIZE, via: None, faults: Vec::new() };
        while let Some(option) = words.option(&["for", "size", "via"])? {
            match option {
                "for" => {
                    issue.chips.push(chip(words)?);
                    while words.accept("and") {
                        issue.chips.push(chip(words)?);
                    }
                }
                "size" => {
                    issue.size = words.read("a size of 1B to 32MiB", |word| {
                        bytes(word).filter(|size| *size <= Artifact::MAX_SIZE)
                    })?;
                }
                _ => issue.via = Some(self::version(words)?),
            }
        }
        Ok(issue)
    }

    /// Whether it has an image for a chip.
    pub fn is_for(&self, chip: Chip) -> bool {
        self.chips.is_empty() || self.chips.contains(&chip)
    }
}

impl Fault {
    pub(super) fn read(words: &mut Words<'_>) -> Result<(Version, Self), ScriptError> {
        let version = version(words)?;
        let kind = words.one_of(&["bricks", "kills-wifi", "rolls-back", "loops", "refuses"])?;
        let share = words.share()?;
        let chip = if words.accept("of") { Some(chip(words)?) } else { None };
        let harm = match kind {
            "bricks" => Harm::Bricks(after(words)?),
            "kills-wifi" => Harm::KillsWifi(after(words)?),
            "rolls-back" => Harm::RollsBack,
            "loops" => Harm::Loops,
            _ => Harm::Refuses,
        };
        Ok((version, Self { share, chip, harm }))
    }
}

fn after(words: &mut Words<'_>) -> Result<Duration, ScriptError> {
    if words.accept("after") { words.time() } else { Ok(Duration::ZERO) }
}

/// A version: a text without blanks.
pub(super) fn version(words: &mut Words<'_>) -> Result<Version, ScriptError> {
    let fits = |word: &str| (word.len() <= Release::MAX_VERSION).then(|| Version::from(word));
    words.read("a version such as 2.0", fits)
}
