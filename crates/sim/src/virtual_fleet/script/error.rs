//! What is wrong with a script: in which line, where in it, what was expected, and what is probably meant.

use std::borrow::Cow;
use std::fmt;

/// Why a text is no script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The line, counted from 1.
    pub line: usize,
    /// Where in the line, in bytes from its beginning.
    pub at: usize,
    /// How many bytes are concerned; 0 at the end.
    pub length: usize,
    /// What would be right there.
    pub expected: Cow<'static, str>,
    /// What stands there, empty at the end of the line; none if the whole line is meant, or what is not there.
    pub found: Option<String>,
    /// What is probably meant.
    pub meant: Option<&'static str>,
}

impl ScriptError {
    /// Characters of a line that are shown.
    const SHOWN: usize = 100;
    /// Characters of a word that are repeated.
    const REPEATED: usize = 40;

    /// One that concerns a whole line.
    pub(super) fn of_line(line: usize, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { line, at: 0, length: 0, expected: expected.into(), found: None, meant: None }
    }

    /// The error under the line of `script` that it concerns, for a terminal:
    ///
    /// ```text
    /// line 3: fault 2.0 briks 5% of esp32c3
    ///                   ^^^^^ expected ...; did you mean bricks?
    /// ```
    pub fn render(&self, script: &str) -> String {
        let line = script.lines().nth(self.line.saturating_sub(1)).unwrap_or_default();
        let (at, length) = match self.found {
            Some(_) => (self.at, self.length),
            None => (line.len() - line.trim_start().len(), line.trim().len()),
        };
        let (before, rest) = line.split_at(line.floor_char_boundary(at));
        let width = rest.split_at(rest.floor_char_boundary(length)).0.chars().count();
        let head = format!("line {}: ", self.line);
        let shown: String = line.chars().take(Self::SHOWN).map(blank).collect();
        let indent = head.chars().count() + before.chars().count().min(Self::SHOWN);
        let carets = "^".repeat(width.clamp(1, Self::REPEATED));
        let (expected, question) = (&self.expected, self.question());
        format!("{head}{}\n{:indent$}{carets} expected {expected}{question}", shown.trim_end(), "")
    }

    fn question(&self) -> String {
        self.meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default()
    }
}

/// A tab would move the carets.
fn blank(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: expected {}", self.line, self.expected)?;
        match self.found.as_deref() {
            None => {}
            Some("") => f.write_str(", found the end of the line")?,
            Some(found) => {
                let found: String = found.chars().take(Self::REPEATED).map(blank).collect();
                write!(f, ", found `{found}`")?;
            }
        }
        f.write_str(&self.question())
    }
}

impl std::error::Error for ScriptError {}
