//! The text of an OpenSSL configuration file as sections of keys (OpenSSL's manual, config(5)).
//!
//! Any text is either read as OpenSSL reads it or refused with the line. What a file says in sections that nobody asks
//! for is not looked at, so that a whole `openssl.cnf` does; what is asked for is unquoted, and refused if it holds what
//! is not followed here: variables, includes, and a key that is there twice, of which OpenSSL would drop the first
//! without a word.

use super::fault::{ConfigFault, KeyFault, SyntaxFault};

/// The section of what stands before the first header; OpenSSL looks there for keys that a section lacks.
const DEFAULT: &str = "default";

/// A configuration file.
#[derive(Debug)]
pub(super) struct Conf {
    headers: Vec<String>,
    entries: Vec<Entry>,
}

/// A line `key = value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it begins, from 1.
    line: usize,
    section: String,
    key: String,
    /// The value as it is written, with its quotes.
    raw: String,
}

impl Conf {
    /// Reads a file. Values are looked at when they are asked for.
    pub(super) fn read(text: &str) -> Result<Self, ConfigFault> {
        let mut conf = Self { headers: vec![DEFAULT.to_owned()], entries: Vec::new() };
        for (line, text) in logical_lines(text) {
            conf.take(line, uncommented(&text).trim())
                .map_err(|fault| ConfigFault::Syntax { line, fault })?;
        }
        Ok(conf)
    }

    fn take(&mut self, line: usize, text: &str) -> Result<(), SyntaxFault> {
        if text.is_empty() {
            return Ok(());
        }
        if let Some(header) = text.strip_prefix('[') {
            let name = header.strip_suffix(']').ok_or(SyntaxFault::Header)?.trim();
            if name.is_empty() {
                return Err(SyntaxFault::Header);
            }
            self.headers.push(name.to_owned());
            return Ok(());
        }
        if text.starts_with(".include") || text.starts_with(".pragma") {
            return Err(SyntaxFault::Directive);
        }
        let (key, value) = text.split_once('=').ok_or(SyntaxFault::NoEqualSign)?;
        let (key, section) = (key.trim_end(), self.headers.last().map_or(DEFAULT, String::as_str));
        if key.is_empty() || key.contains("::") || !key.chars().all(is_key_character) {
            return Err(SyntaxFault::Key { found: key.to_owned() });
        }
        let section = section.to_owned();
        self.entries.push(Entry { line, section, key: key.to_owned(), raw: value.trim_start().to_owned() });
        Ok(())
    }

    /// The keys of a section in their order; none if there is no such section.
    pub(super) fn section(&self, name: &str) -> Result<Option<Vec<&Entry>>, ConfigFault> {
        if !self.headers.iter().any(|header| header == name) {
            return Ok(None);
        }
        let mut found: Vec<&Entry> = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.section == name) {
            if let Some(first) = found.iter().find(|first| first.key == entry.key) {
                return Err(entry.fault(KeyFault::Twice { first: first.line }));
            }
            found.push(entry);
        }
        Ok(Some(found))
    }

    /// A key of a section, else of what stands before the first header.
    pub(super) fn get(&self, section: &str, key: &str) -> Result<Option<&Entry>, ConfigFault> {
        for section in [section, DEFAULT] {
            let entries = self.section(section)?.unwrap_or_default();
            if let Some(entry) = entries.into_iter().find(|entry| entry.key == key) {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }
}

impl Entry {
    /// The key.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The section that it stands in.
    pub(super) fn section(&self) -> &str {
        &self.section
    }

    /// The value without quotes and escapes.
    pub(super) fn value(&self) -> Result<String, ConfigFault> {
        unquoted(&self.raw).map_err(|fault| self.fault(fault))
    }

    /// What is wrong with this line.
    pub(super) fn fault(&self, fault: KeyFault) -> ConfigFault {
        ConfigFault::Key { line: self.line, key: self.key.clone(), fault }
    }

    /// The value is not one of those that are followed.
    pub(super) fn unexpected(&self, expected: &'static str, found: &str) -> ConfigFault {
        self.fault(KeyFault::Value { expected, found: found.chars().take(64).collect() })
    }
}

/// Lines with their numbers; one that ends in a backslash goes on in the next.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (index, line) in text.lines().enumerate() {
        let backslashes = line.len() - line.trim_end_matches('\\').len();
        let part = if backslashes % 2 == 1 { line.get(..line.len() - 1).unwrap_or(line) } else { line };
        match lines.last_mut() {
            Some((_, whole)) if goes_on => whole.push_str(part),
            _ => lines.push((index + 1, part.to_owned())),
        }
        goes_on = backslashes % 2 == 1;
    }
    lines
}

/// A line up to its comment: a `#` outside of quotes.
fn uncommented(line: &str) -> &str {
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if Some(c) == quote => quote = None,
            '"' | '\'' if quote.is_none() => quote = Some(c),
            '#' if quote.is_none() => return line.get(..at).unwrap_or(line),
            _ => {}
        }
    }
    line
}

fn unquoted(raw: &str) -> Result<String, KeyFault> {
    let (mut value, mut quote) = (String::new(), None);
    let mut characters = raw.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                let escaped = characters.next().ok_or(KeyFault::OpenEscape)?;
                value.push(if quote.is_none() { meant(escaped) } else { escaped });
            }
            _ if Some(c) == quote => quote = None,
            '"' | '\'' if quote.is_none() => quote = Some(c),
            '$' if quote.is_none() => return Err(KeyFault::Variable),
            _ => value.push(c),
        }
    }
    if quote.is_some() { Err(KeyFault::OpenQuote) } else { Ok(value) }
}

const fn meant(escaped: char) -> char {
    match escaped {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        other => other,
    }
}

/// Letters, digits, and the marks that OpenSSL allows in a key.
const fn is_key_character(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            '_' | '!'
                | '.'
                | '%'
                | '&'
                | '*'
                | '+'
                | ','
                | '/'
                | ';'
                | '?'
                | '@'
                | '^'
                | '~'
                | '|'
                | '-'
                | ':'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<String, ConfigFault> {
        Conf::read(text)?.get("a", "k")?.unwrap().value()
    }

    #[test]
    fn values_are_read_as_openssl_reads_them() {
        for (line, read) in [
            ("k = plain text", "plain text"),
            ("k=\t tight # a comment", "tight"),
            ("k = \"with # and  blanks \" ", "with # and  blanks "),
            ("k = it\\'s 'a $' sign", "it's a $ sign"),
            ("k = two\\nlines", "two\nlines"),
            ("k = goes \\\non", "goes on"),
            ("k = ", ""),
        ] {
            assert_eq!(value(&format!("[ a ]\n{line}\n")).as_deref(), Ok(read), "{line}");
        }
        assert_eq!(value("k = of all\n[a]\n[b]\nk = another's").as_deref(), Ok("of all"));
        assert_eq!(value("[a]\n[b]\nk = 1\n[a]\nk = 2").as_deref(), Ok("2"), "a section may go on later");
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line() {
        let fault = |text: &str| value(text).unwrap_err();
        let syntax = |line, fault| ConfigFault::Syntax { line, fault };
        assert_eq!(fault("# fine\n[a\n"), syntax(2, SyntaxFault::Header));
        assert_eq!(fault("[a]\n\nk\n"), syntax(3, SyntaxFault::NoEqualSign));
        assert_eq!(fault("[a]\nb = 1 \\\n2\nk 2 = 1"), syntax(4, SyntaxFault::Key { found: "k 2".into() }));
        assert_eq!(fault(".include other.cnf"), syntax(1, SyntaxFault::Directive));
        let key = |line, fault| ConfigFault::Key { line, key: "k".into(), fault };
        assert_eq!(fault("[a]\nk = $dir/x"), key(2, KeyFault::Variable));
        assert_eq!(fault("[a]\nk = \"x"), key(2, KeyFault::OpenQuote));
        assert_eq!(fault("[a]\nk = 1\nk = 2"), key(3, KeyFault::Twice { first: 2 }));
    }

    #[test]
    fn sections_that_nobody_asks_for_are_not_looked_at() {
        assert_eq!(value("[ca]\ndir = $ENV::HOME\ndir = /\n[a]\nk = v").as_deref(), Ok("v"));
    }
}
