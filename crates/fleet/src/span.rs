//! Durations in words: one figure, as people say them.

use std::fmt;
use std::time::Duration;

use crate::Time;

/// A duration with one figure: `40 s`, `3 min`, `5 h`, `12 days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ 0..=99 => write!(f, "{seconds} s"),
            seconds @ 100..=5_999 => write!(f, "{} min", seconds / 60),
            seconds @ 6_000..=172_799 => write!(f, "{} h", seconds / 3_600),
            seconds => write!(f, "{} days", seconds / 86_400),
        }
    }
}

/// How long something has to be waited for, rounded up: `1 min`, `59 min`, `5 h`, `4 days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait(pub Duration);

impl Wait {
    /// From `now` until `then`; nothing if that has come.
    pub(crate) const fn until(then: Time, now: Time) -> Self {
        Self(then.since(now))
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs().div_ceil(60) {
            minutes @ 0..=90 => write!(f, "{minutes} min"),
            minutes @ 91..=2_880 => write!(f, "{} h", minutes.div_ceil(60)),
            minutes => write!(f, "{} days", minutes.div_ceil(1_440)),
        }
    }
}

/// `just now`, `3 min ago`.
pub(crate) fn ago(then: Time, now: Time) -> String {
    match now.since(then) {
        age if age < Duration::from_secs(5) => "just now".to_owned(),
        age => format!("{} ago", Span(age)),
    }
}

/// `once`, `3 times`.
pub(crate) fn times(number: u64) -> String {
    if number == 1 { "once".to_owned() } else { format!("{number} times") }
}

/// `1 poll`, `3 polls`.
pub(crate) fn count(number: u64, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}
