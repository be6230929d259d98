//! What became of a crowd.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::sketch::Poll;

/// What became of a board, by its last poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It took an update, and there is nothing newer.
    Updated,
    /// There was nothing newer from the beginning.
    Current,
    /// The server has answered, but neither with an image nor with "no update".
    Refused,
    /// The poll failed.
    Failed,
    /// It has not asked, or not since its update.
    Waiting,
}

/// Counts of a crowd.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many boards there are.
    pub boards: u32,
    /// How many of them ask no more.
    pub done: u32,
    /// How many there are of each fate.
    pub fates: BTreeMap<Fate, u32>,
    /// Polls, those that failed included.
    pub polls: u64,
    /// Bytes of firmware that were installed.
    pub bytes: u64,
    /// Failed polls by what the sketch would print and, where it cannot know, why.
    pub failures: BTreeMap<String, u32>,
    /// How long all polls took together.
    pub polling: Duration,
    /// How long the longest took.
    pub longest: Duration,
    /// How long it all took so far.
    pub took: Duration,
}

impl Tally {
    pub(super) fn of(boards: u32) -> Self {
        Self { boards, fates: BTreeMap::from([(Fate::Waiting, boards)]), ..Self::default() }
    }

    /// How many boards have this fate.
    pub fn count(&self, fate: Fate) -> u32 {
        self.fates.get(&fate).copied().unwrap_or_default()
    }

    /// Adds a poll.
    pub(super) fn add(&mut self, poll: &Poll, installed: u32, took: Duration) {
        self.polls += 1;
        self.bytes += u64::from(installed);
        self.polling += took;
        self.longest = self.longest.max(took);
        if let Poll::Failed { code, cause } = poll {
            let why = cause.as_ref().map(|cause| format!(": {}", with_sources(cause))).unwrap_or_default();
            *self.failures.entry(format!("{code}{why}")).or_default() += 1;
        }
    }

    /// A board has another fate now.
    pub(super) fn move_on(&mut self, from: Fate, to: Fate) {
        if let Some(count) = self.fates.get_mut(&from) {
            *count = count.saturating_sub(1);
        }
        *self.fates.entry(to).or_default() += 1;
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}
