//! The demo's screen: everybody who speaks has a name and a colour, and lines never mix.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::terminal::{Colour, colours, width};

/// Columns of a speaker's name, and of what parts it from the text.
const NAME: usize = 7;
const BAR: &str = " | ";

/// Where everything is printed.
#[derive(Clone)]
pub struct Screen {
    out: Arc<Mutex<io::Stdout>>,
    calm: Arc<AtomicBool>,
    colours: bool,
    /// Columns; as many as it takes where no terminal is.
    width: usize,
}

/// A speaker's part of the screen: whole lines, each behind the speaker's name.
pub struct Lane {
    screen: Screen,
    name: String,
    colour: Colour,
    shows: Shows,
    line: Vec<u8>,
}

/// What of what somebody says is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// All of it, also when calm.
    Always,
    /// All of a board's serial monitor.
    Everything,
    /// What a board asks and gets, without its start.
    Polls,
}

impl Screen {
    /// The terminal, or whatever standard output is.
    pub fn new() -> Self {
        Self {
            out: Arc::new(Mutex::new(io::stdout())),
            calm: Arc::new(AtomicBool::new(false)),
            colours: colours(&io::stdout()),
            width: width().unwrap_or(usize::MAX),
        }
    }

    /// A part of the screen for `name`.
    pub fn lane(&self, name: &str, colour: Colour, shows: Shows) -> Lane {
        Lane { screen: self.clone(), name: name.to_owned(), colour, shows, line: Vec::new() }
    }

    /// A sentence that tells what happens.
    pub fn tell(&self, text: &str) {
        self.print(&format!("\n{}", self.paint(Colour::Bold, text)));
    }

    /// A line as it is. What cannot be printed is lost: the boards go on.
    pub fn print(&self, line: &str) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }

    /// From now on, polls that change nothing are not shown.
    pub fn calm_down(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    /// Whether polls that change nothing are left out.
    pub fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    /// A line in parts that have room behind a speaker's name, broken where words end.
    fn fold<'a>(&self, line: &'a str) -> impl Iterator<Item = &'a str> {
        let room = self.width.saturating_sub(NAME + BAR.len()).max(20);
        let mut rest = Some(line);
        std::iter::from_fn(move || {
            let line = rest?;
            let Some((most, _)) = line.char_indices().nth(room) else { return rest.take() };
            // A blank right behind the room is where words end too.
            let (most, behind) = line.split_at(most);
            let last = most.rfind([' ', ',']).filter(|_| !behind.starts_with(' '));
            let end = last.map_or(most.len(), |last| last + 1);
            let (part, tail) = line.split_at(end);
            rest = Some(tail.trim_start());
            Some(part.trim_end())
        })
    }

    fn paint(&self, colour: Colour, text: &str) -> String {
        if self.colours { colour.around(text) } else { text.to_owned() }
    }
}

impl Lane {
    /// Prints a line.
    pub fn say(&self, line: &str) {
        if self.is_shown(line) {
            let name = self.screen.paint(self.colour, &format!("{:NAME$}{BAR}", self.name));
            let paint = |part: &str| {
                if is_worse(line) { self.screen.paint(Colour::Red, part) } else { part.to_owned() }
            };
            let parts: Vec<String> =
                self.screen.fold(line).map(|part| format!("{name}{}", paint(part))).collect();
            self.screen.print(&parts.join("\n"));
        }
    }

    fn is_shown(&self, line: &str) -> bool {
        const POLL: [&str; 6] = ["Firmware version", "Update start", "HTTP_UPDATE", "Retry", "ets ", "# "];
        const CHANGE: [&str; 4] = ["Firmware version", "HTTP_UPDATE_OK", "HTTP_UPDATE_FAILD", "# "];
        let begins = |with: &[&str]| with.iter().any(|begin| line.starts_with(begin));
        match self.shows {
            Shows::Always => true,
            _ if self.screen.is_calm() => begins(&CHANGE),
            Shows::Everything => true,
            Shows::Polls => begins(&POLL),
        }
    }
}

/// Whether a line of a serial monitor tells of a failure.
fn is_worse(line: &str) -> bool {
    line.starts_with("HTTP_UPDATE_FAILD")
}

impl Write for Lane {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.say(&String::from_utf8_lossy(&line));
            } else {
                self.line.push(*byte);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_folded_between_words() {
        let screen = Screen { width: 40, ..Screen::new() };
        let parts: Vec<&str> =
            screen.fold("certificate: no trusted CA has signed it (issuer: CN=otary root)").collect();
        assert_eq!(parts, ["certificate: no trusted CA has", "signed it (issuer: CN=otary", "root)"]);
        let word = "x".repeat(61);
        assert_eq!(screen.fold(&word).map(str::len).collect::<Vec<_>>(), [30, 30, 1]);
        assert_eq!(screen.fold("").collect::<Vec<_>>(), [""]);
    }
}
