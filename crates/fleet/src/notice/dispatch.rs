//! Notices on their way: to whom, how often it was tried, and when again. A receiver that was away for a night gets what it
//! missed; one that is gone for longer does not.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Notice, Subject};
use crate::Time;

const SECOND: u64 = 1;
const MINUTE: u64 = 60;
const HOUR: u64 = 3600;

/// How long after each failure is tried again, in seconds: a bit more than a day in all.
const PAUSES: [u64; 8] =
    [5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 8 * HOUR, 8 * HOUR];

/// A notice on its way to one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dispatch {
    /// Its name, the same in every attempt: `msg_` and 32 hex digits. A receiver knows by it what it has already.
    pub id: String,
    /// The webhook, or [`Dispatch::MAIL`].
    pub to: String,
    /// What is said.
    pub notice: Notice,
    /// The audit log's last entry when it was made, as text.
    pub audit: String,
    /// How it stands.
    #[serde(flatten)]
    pub state: Progress,
    /// How often it was tried.
    pub attempts: u32,
    /// What came of the last attempt, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// How a dispatch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Progress {
    /// It is tried at this time.
    Waiting {
        /// When.
        next: Time,
    },
    /// It was taken.
    Delivered {
        /// When.
        delivered: Time,
    },
    /// It is not tried any more.
    GivenUp {
        /// Since when.
        given_up: Time,
    },
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It was taken.
    Taken(String),
    /// It may be taken later.
    Failed(String),
    /// It will not be taken.
    Refused(String),
    /// Nor anything else: the receiver is gone.
    Gone(String),
}

impl Dispatch {
    /// The receiver that stands for mail. No webhook has this name.
    pub const MAIL: &str = "mail";
    /// The longest that is kept of what came of an attempt, in characters.
    pub const MAX_SAID: usize = 300;

    /// A notice that is to go out at once.
    pub fn new(id: String, to: &str, notice: Notice, audit: String) -> Self {
        let state = Progress::Waiting { next: notice.at };
        Self { id, to: to.to_owned(), notice, audit, state, attempts: 0, said: None }
    }

    /// When it is tried next, if it is.
    pub const fn due(&self) -> Option<Time> {
        match self.state {
            Progress::Waiting { next } => Some(next),
            _ => None,
        }
    }

    /// Notes an attempt. `chance` is any number; it spreads out when many are tried again. A test is tried once.
    pub fn note(&mut self, attempt: Attempt, chance: u32, now: Time) {
        let pause = pause(self.attempts, chance).filter(|_| self.notice.subject != Subject::Test {});
        self.attempts = self.attempts.saturating_add(1);
        let (state, said) = match (attempt, pause) {
            (Attempt::Taken(said), _) => (Progress::Delivered { delivered: now }, said),
            (Attempt::Failed(said), Some(pause)) => (Progress::Waiting { next: now + pause }, said),
            (Attempt::Failed(said) | Attempt::Refused(said) | Attempt::Gone(said), _) => {
                (Progress::GivenUp { given_up: now }, said)
            }
        };
        self.state = state;
        self.said = Some(said.chars().take(Self::MAX_SAID).collect());
    }
}

/// How long to wait after a failure that so many came before: a fifth more or less, by chance.
fn pause(failures: u32, chance: u32) -> Option<Duration> {
    let usual = PAUSES.get(usize::try_from(failures).ok()?)?;
    let usual = Duration::from_secs(*usual);
    Some(usual * 4 / 5 + usual * (chance % 1000) / 2500)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_secs(1_795_000_000);

    fn dispatch(subject: Subject) -> Dispatch {
        Dispatch::new("msg_1".into(), "desk", Notice { at: START, subject }, "1:00".into())
    }

    #[test]
    fn it_is_tried_for_about_a_day_and_then_given_up() {
        for (chance, least, most) in [(0, 18, 19), (999, 28, 29)] {
            let (mut dispatch, mut now) = (dispatch(Subject::AuditHead {}), START);
            while let Some(next) = dispatch.due() {
                assert!(next >= now);
                now = next;
                dispatch.note(Attempt::Failed("no".into()), chance, now);
            }
            assert_eq!(dispatch.attempts, 9);
            assert_eq!(dispatch.state, Progress::GivenUp { given_up: now });
            let hours = now.since(START).as_secs() / HOUR;
            assert!((least..=most).contains(&hours), "{hours} hours");
        }
    }

    #[test]
    fn what_was_taken_or_refused_is_done() {
        for (attempt, state) in [
            (Attempt::Taken("200".into()), Progress::Delivered { delivered: START }),
            (Attempt::Refused("410".into()), Progress::GivenUp { given_up: START }),
        ] {
            let mut dispatch = dispatch(Subject::AuditHead {});
            dispatch.note(attempt, 0, START);
            assert_eq!((dispatch.state, dispatch.due()), (state, None));
        }
    }

    #[test]
    fn a_test_is_tried_once_and_what_a_receiver_said_is_bounded() {
        let mut dispatch = dispatch(Subject::Test {});
        dispatch.note(Attempt::Failed("x".repeat(10_000)), 0, START);
        assert_eq!(dispatch.due(), None);
        assert_eq!(dispatch.said.unwrap().len(), Dispatch::MAX_SAID);
    }
}
