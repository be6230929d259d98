//! What is wrong with a query: where, what was expected, what stands there, and what is probably meant.

use std::fmt;

use super::Query;
use super::field::{Field, Sort};

/// Why a text is no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// How many bytes are concerned; 0 at the end.
    pub length: usize,
    /// What would be right there.
    pub expected: Expected,
    /// What stands there; cut short if it is long.
    pub found: String,
    /// What is probably meant.
    pub meant: Option<&'static str>,
}

/// What would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A field's name.
    Field,
    /// A comparison that this field takes.
    Operator(Field),
    /// A value of this field.
    Value(Field),
    /// Nothing: this field stands alone.
    Alone(Field),
    /// `known` or `unknown`.
    Unknown,
    /// `(` and a list.
    List,
    /// Another value, or the end of the list.
    CommaOrClose,
    /// Something that joins two conditions, or the end.
    Joint,
    /// The same inside parentheses.
    JointOrClose,
    /// A sign of this language.
    Sign,
    /// The other quote.
    Quote(char),
    /// A character that can be printed.
    Printable,
    /// A shorter query.
    Shorter,
    /// A shorter value.
    ShorterValue,
    /// Fewer comparisons.
    Fewer,
    /// Fewer parentheses inside one another.
    Shallower,
}

impl QueryError {
    /// The longest piece of a query that is repeated in an error, in characters.
    const MAX_FOUND: usize = 40;
    /// Characters that are shown before and behind the place.
    const AROUND: usize = 34;

    pub(super) fn new(at: usize, expected: Expected, found: &str) -> Self {
        let cut = found.char_indices().nth(Self::MAX_FOUND).and_then(|(end, _)| found.get(..end));
        let shown = cut.map_or_else(|| found.to_owned(), |cut| format!("{cut}..."));
        Self { at, length: found.len(), expected, found: shown, meant: None }
    }

    /// The same of so many bytes.
    pub(super) fn over(self, length: usize) -> Self {
        Self { length, ..self }
    }

    pub(super) fn meant(self, meant: &'static str) -> Self {
        self.or_meant(Some(meant))
    }

    pub(super) fn or_meant(self, meant: Option<&'static str>) -> Self {
        Self { meant: meant.or(self.meant), ..self }
    }

    /// The error under the piece of `text` that it concerns, for a terminal:
    ///
    /// ```text
    /// chip = esp23c3 and seen < 7d
    ///        ^^^^^^^ expected a chip such as esp32c3; did you mean esp32c3?
    /// ```
    pub fn render(&self, text: &str) -> String {
        let at = text.floor_char_boundary(self.at);
        let (before, rest) = text.split_at(at);
        let (piece, after) = rest.split_at(rest.floor_char_boundary(self.length));
        let skipped = before.chars().count().saturating_sub(Self::AROUND);
        let before: String = before.chars().skip(skipped).map(blank).collect();
        let piece: String = piece.chars().take(Self::MAX_FOUND).map(blank).collect();
        let behind: String = after.chars().take(Self::AROUND).map(blank).collect();
        let (dots, more) = (if skipped > 0 { "..." } else { "" }, after.chars().count() > Self::AROUND);
        let indent = dots.len() + before.chars().count();
        let carets = "^".repeat(piece.chars().count().max(1));
        let line = format!("{dots}{before}{piece}{behind}{}", if more { "..." } else { "" });
        format!("{}\n{:indent$}{carets} expected {}{}", line.trim_end(), "", self.expected, self.question())
    }

    fn question(&self) -> String {
        self.meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default()
    }
}

/// A line break or tab would move the carets.
fn blank(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, expected, found, .. } = self;
        write!(f, "at {at}: expected {expected}, found {found}{}", self.question())
    }
}

impl std::error::Error for QueryError {}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field => f.write_str("a field such as chip, build or seen"),
            Self::Operator(field) => write!(f, "{} behind {}", field.sort().operators(), field.name()),
            Self::Value(field) => f.write_str(example(*field)),
            Self::Alone(field) => {
                write!(f, "nothing behind {0}: write {0} or not {0}", field.name())
            }
            Self::Unknown => f.write_str("known or unknown"),
            Self::List => f.write_str("a list in parentheses, as in (esp32, esp32c3)"),
            Self::CommaOrClose => f.write_str("a comma or )"),
            Self::Joint => f.write_str("and, or, or the end"),
            Self::JointOrClose => f.write_str("and, or, or )"),
            Self::Sign => f.write_str("a word, a text in quotes, or one of = != < <= > >= ~ ( ) ,"),
            Self::Quote(quote) => write!(f, "the other {quote}"),
            Self::Printable => f.write_str("characters that can be printed"),
            Self::Shorter => write!(f, "a query of at most {} bytes", Query::MAX_LENGTH),
            Self::ShorterValue => write!(f, "a value of at most {} bytes", Query::MAX_VALUE),
            Self::Fewer => write!(f, "at most {} comparisons", Query::MAX_TESTS),
            Self::Shallower => {
                write!(f, "at most {} parentheses and nots inside one another", Query::MAX_DEPTH)
            }
        }
    }
}

/// What a value of the field looks like.
fn example(field: Field) -> &'static str {
    match (field, field.sort()) {
        (Field::Chip, _) => "a chip such as esp32c3",
        (Field::Dialect, _) => "a dialect such as arduino-esp32",
        (Field::Answer, _) => "offer, wait or hold",
        (Field::Rule, _) => "a rule such as up-to-date or looping",
        (Field::Product | Field::Channel | Field::Group, _) => "a name such as lamp, in lower case",
        (_, Sort::Mac) => "an address such as 24:6F:28:AA:BB:CC",
        (_, Sort::Release) => "a release such as lamp@0.3",
        (_, Sort::Version) => "a version such as 0.9",
        (_, Sort::Age) => "a length of time such as 7d or 1h30m",
        (_, Sort::Bytes) => "a number of bytes such as 900KiB",
        (_, Sort::Count) => "a number",
        (_, Sort::Network) => "a network such as 192.168.1.0/24",
        (_, Sort::Proof) => "none, product-secret or device-credential",
        (_, Sort::Digits) => "4 or more hex digits",
        (_, Sort::Name | Sort::Group | Sort::Word | Sort::Flag) => "a text",
    }
}
