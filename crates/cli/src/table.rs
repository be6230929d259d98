//! Tables for a terminal, and the words in them: ages, sizes, and texts that come from strangers.

use std::io;
use std::time::Duration;

use comfy_table::{Attribute, Cell, ColumnConstraint, ContentArrangement, Width, presets};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use otary_fleet::{Span, Time, is_deceptive};

use crate::terminal::colours;

/// Columns under a heading each, without lines between them. On a terminal it is as wide as that and wraps within its
/// columns, between words: what is copied, such as an address, stays whole. Elsewhere each row is one line.
pub struct Table {
    table: comfy_table::Table,
    /// Characters of the longest word in each column.
    words: Vec<usize>,
}

/// Blanks between columns.
const PADDING: usize = 2;
/// A word of more characters is broken all the same: a stranger may have made it up.
const LONGEST_WORD: usize = 24;

impl Table {
    /// A table with these headings.
    pub fn new<const COLUMNS: usize>(headings: [&str; COLUMNS]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.style_text_only();
        let bold = colours(&io::stdout());
        table.set_header(headings.map(|heading| {
            let cell = Cell::new(heading);
            if bold { cell.add_attribute(Attribute::Bold) } else { cell }
        }));
        table.column_iter_mut().for_each(|column| {
            column.set_padding((0, 2));
        });
        Self { table, words: headings.map(longest_word).into() }
    }

    /// Adds a row: a text for each heading.
    pub fn row<const COLUMNS: usize>(&mut self, cells: [String; COLUMNS]) {
        for (longest, cell) in self.words.iter_mut().zip(&cells) {
            *longest = longest_word(cell).max(*longest);
        }
        self.table.add_row(cells);
        for (column, longest) in self.table.column_iter_mut().zip(&self.words) {
            let width = u16::try_from(longest + PADDING).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
        }
    }
}

fn longest_word(text: &str) -> usize {
    let longest = text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
    longest.min(LONGEST_WORD)
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.table.trim_fmt())
    }
}

/// How long ago: `40 s ago`, `3 min ago`, `5 h ago`, `12 days ago`, then the date.
pub fn ago(time: Time, now: Time) -> String {
    match now.since(time) {
        age if age < Duration::from_secs(5) => "just now".to_owned(),
        age => rough(age).map_or_else(|| date(time), |age| format!("{age} ago")),
    }
}

/// How long until: `in 3 min`, `in 12 days`, then the date; `now` when it has passed.
pub fn until(time: Time, now: Time) -> String {
    match time.since(now) {
        Duration::ZERO => "now".to_owned(),
        wait => rough(wait).map_or_else(|| date(time), |wait| format!("in {wait}")),
    }
}

/// A duration with one figure; none from two months on.
fn rough(duration: Duration) -> Option<String> {
    const TWO_MONTHS: Duration = Duration::from_hours(60 * 24);
    (duration < TWO_MONTHS).then(|| Span(duration).to_string())
}

/// The day, in the zone of this machine: `2026-11-23`.
pub fn date(time: Time) -> String {
    written(time, "%Y-%m-%d")
}

/// The minute, in the zone of this machine: `2026-11-23 14:05`.
pub fn minute(time: Time) -> String {
    written(time, "%Y-%m-%d %H:%M")
}

fn written(time: Time, format: &str) -> String {
    let timestamp = i64::try_from(time.0).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    timestamp.unwrap_or(Timestamp::MAX).to_zoned(TimeZone::system()).strftime(format).to_string()
}

/// A number of bytes: `1.25 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let hundredths = (bytes % unit) * 100 / unit;
            format!("{}.{hundredths:02} {name}", bytes / unit)
        }
        None => format!("{bytes} bytes"),
    }
}

/// `1 device`, `3 devices`.
pub fn count(number: u64, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}

/// A text as it begins a line: with a capital.
pub fn sentence(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// A text or, where there is none, `-`.
pub fn or_dash(text: Option<impl ToString>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| text.to_string())
}

/// A text that a device sent, fit for a terminal: no control characters, so that it moves no cursor and sets no
/// colour, and nothing that turns the direction of writing.
pub fn plain(text: &str) -> String {
    text.replace(is_deceptive, "\u{FFFD}")
}

/// The same of a text of several lines.
pub fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_secs(1_795_000_000);

    #[test]
    fn ages_are_rough() {
        let seconds = |n| ago(NOW - Duration::from_secs(n), NOW);
        assert_eq!(seconds(0), "just now");
        assert_eq!(seconds(40), "40 s ago");
        assert_eq!(seconds(200), "3 min ago");
        assert_eq!(seconds(5 * 3600), "5 h ago");
        assert_eq!(seconds(12 * 86_400), "12 days ago");
        assert_eq!(seconds(0).len(), ago(NOW + Duration::from_secs(9), NOW).len(), "a clock ahead is no age");
        assert_eq!(until(NOW + Duration::from_mins(3), NOW), "in 3 min");
        assert_eq!(until(NOW, NOW), "now");
    }

    #[test]
    fn sizes_have_three_figures_or_more() {
        assert_eq!(size(512), "512 bytes");
        assert_eq!(size(1_305_648), "1.24 MiB");
        assert_eq!(size(10 << 30), "10.00 GiB");
    }

    #[test]
    fn a_strangers_text_cannot_move_the_cursor() {
        assert_eq!(plain("1.0\u{1b}[2J\r\n"), "1.0\u{FFFD}[2J\u{FFFD}\u{FFFD}");
        assert_eq!(plain("lamp\u{202E}nib.exe"), "lamp\u{FFFD}nib.exe");
        assert_eq!(plain("grün"), "grün");
    }

    #[test]
    fn a_table_has_no_lines_and_no_trailing_space() {
        let mut table = Table::new(["NAME", "WHAT"]);
        table.row(["a".into(), "long text".into()]);
        table.row(["longer".into(), "b".into()]);
        let text = table.to_string();
        assert!(text.ends_with("\nlonger  b"), "{text:?}");
        assert!(text.lines().all(|line| line.trim_end() == line), "{text:?}");
    }
}
