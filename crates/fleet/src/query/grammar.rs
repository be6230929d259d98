//! The parser: recursive descent over the tokens, never deeper than [`Query::MAX_DEPTH`].

use super::comparison::Operator;
use super::error::{Expected, QueryError};
use super::field::{Field, Sort};
use super::token::{self, Token, TokenKind};
use super::value::Value;
use super::{Expression, Query, word};

/// Reads a whole query.
pub(super) fn parse(text: &str) -> Result<Expression, QueryError> {
    if text.len() > Query::MAX_LENGTH {
        let found = format!("{} bytes", text.len());
        return Err(QueryError::new(0, Expected::Shorter, &found).over(text.len()));
    }
    let mut parser = Parser { text, next: token::next(text, 0)?, depth: 0, tests: 0 };
    let expression = parser.any()?;
    match &parser.next.kind {
        TokenKind::End => Ok(expression),
        _ => Err(parser.joint(Expected::Joint)),
    }
}

struct Parser<'a> {
    text: &'a str,
    next: Token,
    /// Parentheses and `not`s that are open.
    depth: usize,
    /// Comparisons so far.
    tests: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Expression, QueryError> {
        let first = self.all()?;
        let mut parts = vec![first];
        while self.takes("or")? {
            parts.push(self.all()?);
        }
        Ok(joined(parts, Expression::Or))
    }

    fn all(&mut self) -> Result<Expression, QueryError> {
        let first = self.one()?;
        let mut parts = vec![first];
        while self.takes("and")? {
            parts.push(self.one()?);
        }
        Ok(joined(parts, Expression::And))
    }

    fn one(&mut self) -> Result<Expression, QueryError> {
        if self.is("not") {
            self.enter()?;
            let part = self.one()?;
            self.depth -= 1;
            return Ok(Expression::Not(Box::new(part)));
        }
        if self.next.kind == TokenKind::Open {
            self.enter()?;
            let part = self.any()?;
            if self.next.kind != TokenKind::Close {
                return Err(self.joint(Expected::JointOrClose));
            }
            self.take()?;
            self.depth -= 1;
            return Ok(part);
        }
        self.test()
    }

    /// Takes the token that opens one level more.
    fn enter(&mut self) -> Result<(), QueryError> {
        if self.depth == Query::MAX_DEPTH {
            return Err(self.error(Expected::Shallower));
        }
        self.depth += 1;
        self.take().map(drop)
    }

    fn test(&mut self) -> Result<Expression, QueryError> {
        let field = self.field()?;
        self.count()?;
        if field.sort() == Sort::Flag {
            self.take()?;
            return match self.next.kind {
                TokenKind::Operator(_) => Err(self.error(Expected::Alone(field))),
                _ => Ok(Expression::Flag(field)),
            };
        }
        self.take()?;
        if self.takes("is")? {
            let known = self.is("known");
            if !known && !self.is("unknown") {
                return Err(self.error(Expected::Unknown).or_meant(self.alike(["known", "unknown"])));
            }
            self.take()?;
            return Ok(Expression::Known { field, known });
        }
        let not = self.takes("not")?;
        if not || self.is("in") {
            let list = self.list(field)?;
            return Ok(if not { Expression::Not(Box::new(list)) } else { list });
        }
        let operator = self.operator(field)?;
        self.take()?;
        let value = self.value(field, operator)?;
        Ok(Expression::Compare { field, operator, value })
    }

    fn field(&mut self) -> Result<Field, QueryError> {
        let error = self.error(Expected::Field);
        let TokenKind::Word(word) = &self.next.kind else { return Err(error) };
        Field::named(word).ok_or_else(|| error.or_meant(word::alike(word, Field::all().map(Field::name))))
    }

    fn operator(&self, field: Field) -> Result<Operator, QueryError> {
        match self.next.kind {
            TokenKind::Operator(operator) if field.sort().takes(operator) => Ok(operator),
            _ => Err(self.error(Expected::Operator(field)).or_meant(self.alike(["in", "is", "not"]))),
        }
    }

    fn list(&mut self, field: Field) -> Result<Expression, QueryError> {
        if !field.sort().takes(Operator::Is) || !self.is("in") {
            return Err(self.error(Expected::Operator(field)));
        }
        self.take()?;
        if self.next.kind != TokenKind::Open {
            return Err(self.error(Expected::List));
        }
        self.take()?;
        let mut values = vec![self.value(field, Operator::Is)?];
        while self.next.kind == TokenKind::Comma {
            self.count()?;
            self.take()?;
            values.push(self.value(field, Operator::Is)?);
        }
        if self.next.kind != TokenKind::Close {
            return Err(self.error(Expected::CommaOrClose));
        }
        self.take()?;
        Ok(Expression::OneOf { field, values: values.into() })
    }

    fn value(&mut self, field: Field, operator: Operator) -> Result<Value, QueryError> {
        let error = self.error(Expected::Value(field));
        let (TokenKind::Word(text) | TokenKind::Quoted(text)) = &self.next.kind else { return Err(error) };
        if text.is_empty() {
            return Err(error);
        }
        if text.len() > Query::MAX_VALUE {
            return Err(self.error(Expected::ShorterValue));
        }
        let value = Value::read(field, operator, text).map_err(|meant| error.or_meant(meant))?;
        self.take()?;
        Ok(value)
    }

    /// Counts a comparison, which begins at the next token.
    fn count(&mut self) -> Result<(), QueryError> {
        if self.tests == Query::MAX_TESTS {
            return Err(self.error(Expected::Fewer));
        }
        self.tests += 1;
        Ok(())
    }

    fn take(&mut self) -> Result<Token, QueryError> {
        let next = token::next(self.text, self.next.at + self.next.length)?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// Whether the next token is a keyword.
    fn is(&self, keyword: &str) -> bool {
        matches!(&self.next.kind, TokenKind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// Takes a keyword, if it comes next.
    fn takes(&mut self, keyword: &str) -> Result<bool, QueryError> {
        let is = self.is(keyword);
        if is {
            self.take()?;
        }
        Ok(is)
    }

    /// The error that the next token is.
    fn error(&self, expected: Expected) -> QueryError {
        let Token { kind, at, length } = &self.next;
        let found = self.text.get(*at..at + length).unwrap_or_default();
        match kind {
            TokenKind::End => QueryError::new(*at, expected, "the end").over(0),
            _ => QueryError::new(*at, expected, found),
        }
    }

    fn joint(&self, expected: Expected) -> QueryError {
        self.error(expected).or_meant(self.alike(["and", "or"]))
    }

    fn alike(&self, words: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
        match &self.next.kind {
            TokenKind::Word(word) => word::alike(word, words),
            _ => None,
        }
    }
}

/// One part is itself.
fn joined(mut parts: Vec<Expression>, join: fn(Box<[Expression]>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts.into())
        }
    }
}
