//! A line of a script as words, read one after the other; what does not fit is an error at its place.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use super::{Ppm, ScriptError};

/// A word and where it stands in its line, in bytes.
type Word<'a> = (usize, &'a str);

/// The words of a line that are left.
#[derive(Debug, Clone)]
pub(super) struct Words<'a> {
    line: usize,
    end: usize,
    all: Vec<Word<'a>>,
    next: usize,
}

impl<'a> Words<'a> {
    /// The words of a line, without the comment that `#` begins.
    pub(super) fn of(line: usize, text: &'a str) -> Self {
        let text = text.split('#').next().unwrap_or_default();
        let mut all = Vec::new();
        let mut rest = text;
        while let Some(begin) = rest.find(|c: char| !c.is_whitespace()) {
            let (at, from) = (text.len() - rest.len() + begin, rest.split_at(begin).1);
            let length = from.find(char::is_whitespace).unwrap_or(from.len());
            let (word, after) = from.split_at(length);
            all.push((at, word));
            rest = after;
        }
        Self { line, end: text.trim_end().len(), all, next: 0 }
    }

    /// Which line it is.
    pub(super) const fn line(&self) -> usize {
        self.line
    }

    /// Whether none is left.
    pub(super) fn is_empty(&self) -> bool {
        self.next >= self.all.len()
    }

    fn peek(&self) -> Option<&'a str> {
        self.all.get(self.next).map(|word| word.1)
    }

    /// The next word; what it should be, if there is none.
    pub(super) fn take(&mut self, expected: impl Into<Cow<'static, str>>) -> Result<&'a str, ScriptError> {
        let word = self.peek().ok_or_else(|| self.wrong(expected))?;
        self.next += 1;
        Ok(word)
    }

    /// An error at the next word.
    pub(super) fn wrong(&self, expected: impl Into<Cow<'static, str>>) -> ScriptError {
        let (at, found) = self.all.get(self.next).copied().unwrap_or((self.end, ""));
        let (line, length, found) = (self.line, found.len(), Some(found.to_owned()));
        ScriptError { line, at, length, expected: expected.into(), found, meant: None }
    }

    /// An error at the word that was read last.
    pub(super) fn was_wrong(&self, expected: impl Into<Cow<'static, str>>) -> ScriptError {
        Self { next: self.next.saturating_sub(1), ..self.clone() }.wrong(expected)
    }

    /// The next word, as `read` understands it.
    pub(super) fn read<T>(
        &mut self,
        expected: impl Into<Cow<'static, str>>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ScriptError> {
        let expected = expected.into();
        let word = self.take(expected.clone())?;
        read(word).ok_or_else(|| self.was_wrong(expected))
    }

    /// The next word as something of the engine's, which says itself what is wrong with it.
    pub(super) fn parse<T: FromStr<Err: ToString>>(
        &mut self,
        example: &'static str,
    ) -> Result<T, ScriptError> {
        let word = self.take(example)?;
        word.parse().map_err(|error: T::Err| self.was_wrong(format!("{example} ({})", error.to_string())))
    }

    /// This word and no other.
    pub(super) fn expect(&mut self, word: &'static str) -> Result<(), ScriptError> {
        self.one_of(&[word]).map(|_| ())
    }

    /// Whether the next word is this one; then it is read.
    pub(super) fn accept(&mut self, word: &str) -> bool {
        let is_it = self.peek() == Some(word);
        self.next += usize::from(is_it);
        is_it
    }

    /// One of these words.
    pub(super) fn one_of(&mut self, words: &[&'static str]) -> Result<&'static str, ScriptError> {
        let found = self.peek().unwrap_or_default();
        if let Some(word) = words.iter().find(|word| **word == found) {
            self.next += 1;
            return Ok(word);
        }
        let near = |word: &&&'static str| !found.is_empty() && strsim::osa_distance(word, found) <= 2;
        let meant = words.iter().filter(near).min_by_key(|word| strsim::osa_distance(word, found)).copied();
        Err(ScriptError { meant, ..self.wrong(listed(words)) })
    }

    /// One of these words, or the end of the line.
    pub(super) fn option(&mut self, words: &[&'static str]) -> Result<Option<&'static str>, ScriptError> {
        if self.is_empty() { Ok(None) } else { self.one_of(words).map(Some) }
    }

    /// Nothing more.
    pub(super) fn end(&self) -> Result<(), ScriptError> {
        if self.is_empty() { Ok(()) } else { Err(self.wrong("the end of the line")) }
    }

    /// A length of time.
    pub(super) fn time(&mut self) -> Result<Duration, ScriptError> {
        self.read("a length of time such as 30s, 10m, 1h30m or 7d", time)
    }

    /// A length of time, but not none.
    pub(super) fn some_time(&mut self) -> Result<Duration, ScriptError> {
        self.read("a length of time such as 30s, 10m, 1h30m or 7d", |word| {
            time(word).filter(|time| !time.is_zero())
        })
    }

    /// A share.
    pub(super) fn share(&mut self) -> Result<Ppm, ScriptError> {
        self.read("a percentage such as 5% or 0.25%", share)
    }

    /// A whole number.
    pub(super) fn number(&mut self) -> Result<u64, ScriptError> {
        self.read("a whole number", |word| word.parse().ok())
    }
}

/// `a, b or c`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

/// `90s`, `1h30m`, `7d`, `0`.
pub(super) fn time(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 5] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800)];
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut seconds) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, from) = rest.split_at(digits);
        let letters = from.find(|c: char| c.is_ascii_digit()).unwrap_or(from.len());
        let (unit, after) = from.split_at(letters);
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(*unit)?)?;
        rest = after;
    }
    (!text.is_empty()).then(|| Duration::from_secs(seconds))
}

/// `5%`, `0.25%`: at most four decimals, at most all.
fn share(text: &str) -> Option<Ppm> {
    let percent = text.strip_suffix('%')?;
    let (whole, part) = percent.split_once('.').unwrap_or((percent, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 4 {
        return None;
    }
    let part: u32 = format!("{part:0<4}").parse().ok()?;
    let ppm = whole.parse::<u32>().ok()?.checked_mul(10_000)?.checked_add(part)?;
    (ppm <= 1_000_000).then_some(ppm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_shares_are_read_and_nothing_like_them() {
        assert_eq!(time("1h30m"), Some(Duration::from_mins(90)));
        assert_eq!(time("0"), Some(Duration::ZERO));
        for wrong in ["", "1", "h", "1x", "1h30", "-1h", "99999999999999999999h", "9999999999999999w"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
        assert_eq!(share("0.25%"), Some(2_500));
        assert_eq!(share("100%"), Some(1_000_000));
        for wrong in ["", "5", "%", "101%", "1.00001%", "-1%", "+5%", "5 %", ".5%"] {
            assert_eq!(share(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_word_is_where_it_stands() {
        let mut words = Words::of(3, "  fault  2.0 briks 5% # of all");
        words.expect("fault").unwrap();
        words.take("a version").unwrap();
        let error = words.one_of(&["bricks", "loops"]).unwrap_err();
        assert_eq!((error.line, error.at, error.length, error.meant), (3, 13, 5, Some("bricks")));
        let mut words = Words::of(1, "seed # 7");
        words.expect("seed").unwrap();
        let error = words.number().unwrap_err();
        assert_eq!((error.at, error.length, error.found.as_deref()), (4, 0, Some("")));
    }
}
