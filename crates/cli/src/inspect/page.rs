//! A page of text for a terminal of 80 columns: sections under quiet headings, a name and a value a line.

use std::fmt::Display;

use crate::table::Table;
use crate::terminal::wrap;

const WIDTH: usize = 80;
const INDENT: usize = 2;
/// Room for a row's name. What is left is 64 columns: a SHA-256.
const NAME: usize = 13;

/// The page, as far as it is written.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// Begins a section, with an empty line before it.
    pub fn heading(&mut self, heading: impl Display) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(&heading.to_string());
        self.0.push('\n');
    }

    /// A name and its value. A long value goes on below itself.
    pub fn row(&mut self, name: &str, value: impl Display) {
        let mut name = name;
        for line in wrap(&value.to_string(), WIDTH - INDENT - NAME - 1, 0) {
            self.line(format_args!("{name:NAME$} {line}"));
            name = "";
        }
    }

    /// A row, if it has a value.
    pub fn row_if(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.row(name, value);
        }
    }

    /// Sentences.
    pub fn text(&mut self, text: impl Display) {
        for line in wrap(&text.to_string(), WIDTH - INDENT, 0) {
            self.line(line);
        }
    }

    /// A table.
    pub fn table(&mut self, table: &Table) {
        for line in table.to_string().lines() {
            self.line(line);
        }
    }

    /// The whole page, without a line end behind the last line.
    pub fn finish(self) -> String {
        self.0.trim_end().to_owned()
    }

    fn line(&mut self, line: impl Display) {
        let line = format!("{:INDENT$}{line}", "");
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_goes_on_below_itself() {
        let mut page = Page::default();
        page.heading("Heading");
        page.row("name", "word ".repeat(20).trim_end());
        page.row("SHA-256", "0".repeat(64));
        let page = page.finish();
        let lines: Vec<_> = page.lines().collect();
        assert_eq!(lines[1], format!("  name          {}", "word ".repeat(12) + "word"));
        assert_eq!(lines[2], format!("                {}", "word ".repeat(7).trim_end()));
        assert_eq!(lines[3].len(), WIDTH);
    }
}
