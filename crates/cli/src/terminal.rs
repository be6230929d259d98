//! Printing for people: a closed pipe ends a command quietly instead of in a panic.

use std::io::{self, IsTerminal, Write};

/// What people do with otary, one task a line.
pub const TASKS: &str = "  otary serve --data ./x              start a server: nothing to set up
  otary push lamp.bin --product lamp --version 0.3
                                      push a firmware to a product's devices
  otary sketch                        get an Arduino sketch for this server
  otary device list                   see the devices: what they run, and why
  otary demo                          try all of it, with three virtual boards";

/// Prints to standard output like `println!`, but gives the error back: a reader that has seen enough is no panic.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::terminal::line(format_args!($($text)*))
    };
}

/// Prints one line to standard output.
pub fn line(text: std::fmt::Arguments<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_fmt(text)?;
    out.write_all(b"\n")
}

/// Prints `value` as JSON, for programs.
pub fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(say!("{}", serde_json::to_string_pretty(value)?)?)
}

/// Columns of the terminal; none where standard output is none.
pub fn width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into())
}

/// `text` in lines of at most `width` characters, broken between words; all lines but the first begin with `hang`
/// blanks. A longer word has a line of its own.
pub fn wrap(text: &str, width: usize, hang: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let taken = word.chars().count() + " ".len();
        match lines.last_mut() {
            None => lines.push(word.to_owned()),
            Some(line) if line.chars().count() + taken <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("{:hang$}{word}", "")),
        }
    }
    lines
}

/// Prints what a bare `otary` prints.
pub fn print_tasks(version: &str) -> anyhow::Result<()> {
    say!("{}: updates for ESP32 and ESP8266 boards, from your own server\n", version.trim())?;
    say!("{TASKS}\n")?;
    say!("`otary help` lists every command, `otary help push` says all about one.")?;
    Ok(())
}

/// A SHA-256 with colons in two lines, which a terminal of 80 columns has room for.
pub fn in_two_lines(fingerprint: &str) -> [&str; 2] {
    const FIRST: usize = 16 * "AB:".len();
    fingerprint.split_at_checked(FIRST).map_or([fingerprint, ""], Into::into)
}

/// Whether a command ended because its reader closed the pipe (`otary device list | head`).
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(closed)
}

/// A colour or weight of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Set in bold.
    Bold,
    /// A failure.
    Red,
    /// One speaker.
    Green,
    /// Another.
    Yellow,
    /// Another.
    Magenta,
    /// Another.
    Cyan,
}

impl Colour {
    /// `text` in it, for a terminal that shows colours (ECMA-48, 8.3.117).
    pub fn around(self, text: &str) -> String {
        let code = match self {
            Self::Bold => 1,
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Magenta => 35,
            Self::Cyan => 36,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Whether colours are shown there: on a terminal, unless `NO_COLOR` is set.
pub fn colours(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words_and_a_word_is_never_broken() {
        assert_eq!(wrap("to be or not", 5, 0), ["to be", "or", "not"]);
        assert_eq!(wrap("to be or not", 7, 2), ["to be", "  or", "  not"]);
        assert_eq!(wrap(&format!("a {} b", "x".repeat(100)), 80, 0), ["a", &"x".repeat(100), "b"]);
        assert_eq!(wrap("", 80, 2), [""]);
    }
}
