//! What an examination came to: for people line by line, for programs as one object.

use std::fmt;

use serde::Serialize;

use super::patient::Patient;
use super::step::{Cause, State, Step};
use crate::table::plain;
use crate::terminal::Colour;

/// Columns of a mark and of a step's name.
const MARK: usize = 6;
const NAME: usize = 10;
/// The narrowest room for sentences; in less they are not broken.
const NARROWEST: usize = 30;

/// An examination that is over.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What the device asks.
    url: String,
    /// Its software.
    stack: &'static str,
    /// Whether the device gets all the way.
    well: bool,
    /// The first thing that ends it.
    #[serde(flatten)]
    cause: Option<Cause>,
    /// Every step.
    steps: Vec<Step>,
    /// What it is, in a few words.
    #[serde(skip)]
    described: &'static str,
}

impl Report {
    pub(super) fn new(patient: &Patient, steps: Vec<Step>) -> Self {
        let cause = steps.iter().find_map(|step| step.cause.clone());
        Self {
            url: patient.url.to_string(),
            stack: patient.stack.name(),
            well: cause.is_none(),
            cause,
            steps,
            described: patient.stack.description(),
        }
    }

    /// Whether the device gets all the way.
    pub const fn is_well(&self) -> bool {
        self.well
    }
}

impl fmt::Display for Report {
    /// The end: what the cause is and what to do, or that all is well.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(Cause { text, help, .. }) => write!(f, "cause: {}\nhelp: {}", plain(text), plain(help)),
            None if self.steps.iter().any(|step| step.state == State::Note) => {
                write!(f, "All holds for {}, but for what is noted above.", self.described)
            }
            None => write!(f, "All is well for {}.", self.described),
        }
    }
}

/// A step as it is shown.
pub struct Shown<'a> {
    /// The step.
    pub step: &'a Step,
    /// Whether colours are shown.
    pub colours: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, colour) = match self.step.state {
            State::Ok => ("ok", Colour::Green),
            State::Note => ("note", Colour::Yellow),
            State::Failed => ("FAIL", Colour::Red),
            State::Skipped => ("-", Colour::Bold),
        };
        let padded = format!("{mark:MARK$}");
        let mark = if self.colours { colour.around(&padded) } else { padded };
        let cause = self.step.cause.as_ref();
        let printed = cause.and_then(|cause| cause.device_prints.as_ref());
        let printed = printed.map(|words| format!("the device prints {words}"));
        let sentences = cause.map(|cause| &cause.text).into_iter().chain(&printed);
        let sentences = self.step.seen.iter().chain(sentences);
        let mut lines = sentences.flat_map(|text| wrapped(&plain(text), self.room()));
        write!(f, "{mark}{:NAME$}{}", self.step.name, lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| write!(f, "\n{:1$}{line}", "", MARK + NAME))
    }
}

impl Shown<'_> {
    const fn room(&self) -> usize {
        self.width.saturating_sub(MARK + NAME)
    }
}

/// A sentence in lines of at most `width` columns, broken between words; the further ones stand a little in.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        let taken = line.chars().count();
        if width >= NARROWEST && taken > 0 && taken + 1 + word.chars().count() > width {
            lines.push(format!("  {word}"));
        } else {
            if taken > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_cannot_move_the_cursor() {
        let step = Step::new("chain").saw("for \u{1b}[2J\nlamp").fail(Cause::new("\u{1b}", "\u{1b}", None));
        assert!(!Shown { step: &step, colours: false, width: 80 }.to_string().contains('\u{1b}'));
    }

    #[test]
    fn a_step_keeps_to_the_terminals_width_and_its_words_stay_whole() {
        let step =
            Step::new("name").saw("this sentence is longer than the room that there is for it").saw("short");
        let shown = Shown { step: &step, colours: false, width: 50 }.to_string();
        assert_eq!(
            shown,
            "ok    name      this sentence is longer than the\n                  room that there is for it\n                short"
        );
        assert!(shown.lines().all(|line| line.chars().count() <= 50));
        assert_eq!(Shown { step: &step, colours: false, width: 10 }.to_string().lines().count(), 2);
    }
}
