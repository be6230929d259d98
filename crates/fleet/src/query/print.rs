//! Printing: a query as text that reads back as the same query.

use std::fmt::{self, Display as _, Write as _};

use super::field::Field;
use super::token::is_plain;
use super::value::{Prefix, Value};
use super::{Expression, Query, quantity};

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(parts) => join(f, parts, " or ", |part| matches!(part, Self::Or(_))),
            Self::And(parts) => join(f, parts, " and ", Self::is_joined),
            Self::Not(part) => match &**part {
                Self::OneOf { field, values } => list(f, *field, "not in", values),
                part => {
                    f.write_str("not ")?;
                    part.print(f, part.is_joined())
                }
            },
            Self::Flag(field) => f.write_str(field.name()),
            Self::Known { field, known } => {
                write!(f, "{} is {}", field.name(), if *known { "known" } else { "unknown" })
            }
            Self::Compare { field, operator, value } => {
                write!(f, "{} {} {value}", field.name(), operator.sign())
            }
            Self::OneOf { field, values } => list(f, *field, "in", values),
        }
    }
}

impl Expression {
    const fn is_joined(&self) -> bool {
        matches!(self, Self::Or(_) | Self::And(_))
    }

    fn print(&self, f: &mut fmt::Formatter<'_>, parentheses: bool) -> fmt::Result {
        if parentheses { write!(f, "({self})") } else { self.fmt(f) }
    }
}

fn join(
    f: &mut fmt::Formatter<'_>,
    parts: &[Expression],
    joint: &str,
    parentheses: impl Fn(&Expression) -> bool,
) -> fmt::Result {
    for (place, part) in parts.iter().enumerate() {
        f.write_str(if place > 0 { joint } else { "" })?;
        part.print(f, parentheses(part))?;
    }
    Ok(())
}

fn list(f: &mut fmt::Formatter<'_>, field: Field, operator: &str, values: &[Value]) -> fmt::Result {
    write!(f, "{} {operator} (", field.name())?;
    for (place, value) in values.iter().enumerate() {
        write!(f, "{}{value}", if place > 0 { ", " } else { "" })?;
    }
    f.write_char(')')
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text_of(f, text),
            Self::Group(name) => name.fmt(f),
            Self::Mac(mac) => mac.fmt(f),
            Self::Release(id) => text_of(f, &format!("{}@{}", id.product, id.version)),
            Self::Span(span) => {
                let (number, unit) =
                    quantity::TIME.print(u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
                write!(f, "{number}{unit}")
            }
            Self::Bytes(bytes) => {
                let (number, unit) = quantity::BYTES.print(*bytes);
                write!(f, "{number}{unit}")
            }
            Self::Number(number) => number.fmt(f),
            Self::Prefix(Prefix { address, bits }) => write!(f, "{address}/{bits}"),
            Self::Proof(proof) => f.write_str(proof.name()),
            Self::Digits(digits) => f.write_str(digits),
        }
    }
}

/// A text, in quotes if it needs them.
fn text_of(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if text.chars().all(is_plain) {
        return f.write_str(text);
    }
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}
