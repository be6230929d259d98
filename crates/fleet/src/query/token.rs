//! Tokens: a query's text in words, quoted texts and signs, each with its place.

use super::comparison::Operator;
use super::error::{Expected, QueryError};

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Offset of its first byte.
    pub(super) at: usize,
    /// Its bytes in the text.
    pub(super) length: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A word: a field, a keyword or a value, as its place says.
    Word(Box<str>),
    /// A text in quotes, without them: always a value.
    Quoted(Box<str>),
    /// A comparison.
    Operator(Operator),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// Behind the last one.
    End,
}

/// Whether a character may stand in a value without quotes.
pub(super) fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | ':' | '@' | '/' | '+' | '-')
}

/// Signs that other languages use, and what stands for them here.
const FOREIGN: [(&str, &str); 9] = [
    ("==", "="),
    ("=~", "~"),
    ("=>", ">="),
    ("=<", "<="),
    ("<>", "!="),
    ("&&", "and"),
    ("&", "and"),
    ("||", "or"),
    ("|", "or"),
];

const SIGNS: [(&str, TokenKind); 10] = [
    ("!=", TokenKind::Operator(Operator::IsNot)),
    ("<=", TokenKind::Operator(Operator::AtMost)),
    (">=", TokenKind::Operator(Operator::AtLeast)),
    ("=", TokenKind::Operator(Operator::Is)),
    ("<", TokenKind::Operator(Operator::Below)),
    (">", TokenKind::Operator(Operator::Above)),
    ("~", TokenKind::Operator(Operator::Has)),
    ("(", TokenKind::Open),
    (")", TokenKind::Close),
    (",", TokenKind::Comma),
];

/// Reads the token that begins at `at` or behind the white space there.
pub(super) fn next(text: &str, at: usize) -> Result<Token, QueryError> {
    let rest = text.get(at..).unwrap_or_default();
    let blanks = rest.len() - rest.trim_start().len();
    let (at, rest) = (at + blanks, rest.trim_start());
    let token = |kind, length| Ok(Token { kind, at, length });
    let Some(first) = rest.chars().next() else { return token(TokenKind::End, 0) };
    if is_plain(first) {
        let word = rest.split(|c| !is_plain(c)).next().unwrap_or_default();
        return token(TokenKind::Word(word.into()), word.len());
    }
    if matches!(first, '"' | '\'') {
        return quoted(rest, first, at);
    }
    if let Some((sign, meant)) = FOREIGN.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Err(QueryError::new(at, Expected::Sign, sign).meant(meant));
    }
    if let Some((sign, kind)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return token(kind.clone(), sign.len());
    }
    let found = rest.get(..first.len_utf8()).unwrap_or_default();
    let error = QueryError::new(at, Expected::Sign, found);
    Err(if first == '!' { error.meant("not") } else { error })
}

/// Reads a text in quotes; a backslash takes the next character as it is.
fn quoted(rest: &str, quote: char, at: usize) -> Result<Token, QueryError> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((offset, c)) = characters.next() {
        let c = match c {
            c if c == quote => {
                return Ok(Token {
                    kind: TokenKind::Quoted(text.into()),
                    at,
                    length: offset + quote.len_utf8(),
                });
            }
            '\\' => characters.next().map_or(c, |(_, next)| next),
            c => c,
        };
        if c.is_control() {
            return Err(QueryError::new(at + offset, Expected::Printable, "a control character"));
        }
        text.push(c);
    }
    Err(QueryError::new(at, Expected::Quote(quote), "the end").over(rest.len()))
}
