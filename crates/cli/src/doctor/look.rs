//! An examination as people read it: a line or more for each step, its mark and name first, and the cause at the end.
//! Of what a server said, no character reaches the terminal that could move its cursor.

use super::patient::Patient;
use super::report::Report;
use super::step::{Cause, State, Step};
use crate::table::plain;
use crate::terminal::{Colour, wrap};

/// Columns of a mark and of a step's name.
const MARK: usize = 6;
const NAME: usize = 10;
/// Blanks before what goes on in a further line.
const HANG: usize = 2;
/// The narrowest room for sentences; in less they are not broken.
const NARROWEST: usize = 30;

/// How an examination is set.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Whether in colours.
    pub colours: bool,
    /// The widest line, in characters.
    pub width: usize,
}

impl Look {
    /// Who is examined, before the first step.
    pub fn beginning(self, patient: &Patient) -> String {
        let text = format!("{} asks {}", patient.stack.description(), patient.url);
        self.paint(Colour::Bold, &self.set(&text, 0, HANG).join("\n"))
    }

    /// A step. Of one that fails the cause comes first, then what was seen.
    pub fn step(self, step: &Step) -> String {
        let (mark, colour) = match step.state {
            State::Ok => ("ok", Colour::Green),
            State::Note => ("note", Colour::Yellow),
            State::Failed => ("FAIL", Colour::Red),
            State::Skipped => ("-", Colour::Bold),
        };
        let cause = step.cause.as_ref();
        let printed = cause.and_then(|cause| cause.device_prints.as_ref());
        let printed = printed.map(|words| format!("the device prints {words}"));
        let sentences = cause.map(|cause| &cause.text).into_iter().chain(&step.seen).chain(&printed);
        let lines: Vec<_> = sentences.flat_map(|text| self.set(text, MARK + NAME, HANG)).collect();
        let mark = self.paint(colour, &format!("{mark:MARK$}"));
        let begun = format!("\n{:1$}", "", MARK + NAME);
        format!("{mark}{:NAME$}{}", step.name, lines.join(&begun))
    }

    /// The end: what the cause is and what to do, or that all is well.
    pub fn ending(self, report: &Report) -> String {
        match &report.cause {
            Some(Cause { text, help, .. }) => {
                let [cause, help] = [("cause: ", text, Colour::Red), ("help: ", help, Colour::Green)]
                    .map(|(word, text, colour)| self.behind(word, text, colour));
                format!("{cause}\n{help}")
            }
            None if report.has_notes() => {
                format!("All holds for {}, but for what is noted above.", report.described)
            }
            None => format!("All is well for {}.", report.described),
        }
    }

    /// A text behind a word, below which it goes on.
    fn behind(self, word: &str, text: &str, colour: Colour) -> String {
        let lines = self.set(text, word.len(), word.len());
        format!("{}{}", self.paint(colour, word), lines.join("\n"))
    }

    /// A text in lines that have room behind `before` characters.
    fn set(self, text: &str, before: usize, hang: usize) -> Vec<String> {
        let room = self.width.saturating_sub(before);
        wrap(&plain(text), if room < NARROWEST { usize::MAX } else { room }, hang)
    }

    fn paint(self, colour: Colour, text: &str) -> String {
        if self.colours { colour.around(text) } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(step: &Step, width: usize) -> String {
        Look { colours: false, width }.step(step)
    }

    #[test]
    fn a_servers_words_cannot_move_the_cursor() {
        let step = Step::new("chain").saw("for \u{1b}[2J\nlamp").fail(Cause::new("\u{1b}", "\u{1b}", None));
        assert!(!shown(&step, 80).contains('\u{1b}'));
    }

    #[test]
    fn a_step_keeps_to_the_terminals_width_and_its_words_stay_whole() {
        let step =
            Step::new("name").saw("this sentence is longer than the room that there is for it").saw("short");
        assert_eq!(
            shown(&step, 50),
            "ok    name      this sentence is longer than the\n                  room that there is for it\n                short"
        );
        assert_eq!(shown(&step, 10).lines().count(), 2, "there is no room");
    }

    #[test]
    fn what_failed_is_said_before_what_was_seen() {
        let cause = Cause::new("nobody listens", "start it", "(-1)".to_owned());
        let step = Step::new("tcp").saw("it was asked").fail(cause);
        let begun = " ".repeat(MARK + NAME);
        let expected =
            format!("FAIL  tcp       nobody listens\n{begun}it was asked\n{begun}the device prints (-1)");
        assert_eq!(shown(&step, 80), expected);
    }

    #[test]
    fn what_to_do_goes_on_below_itself() {
        let look = Look { colours: false, width: 40 };
        let set = look.behind("help: ", "look at the path in the URL, and at the log", Colour::Green);
        assert_eq!(set, "help: look at the path in the URL, and\n      at the log");
    }
}
