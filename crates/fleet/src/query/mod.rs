//! Queries: which devices are meant, in words that a person can write on a command line.
//!
//! ```text
//! chip = esp32c3 and build < 0.9 and seen < 7d
//! ```
//!
//! One grammar, for lists of devices and for groups; `docs/QUERY.md` is its reference:
//!
//! ```text
//! query = all { "or" all }
//! all   = one { "and" one }
//! one   = "not" one | "(" query ")" | flag
//!       | field ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" ) value
//!       | field [ "not" ] "in" "(" value { "," value } ")"
//!       | field "is" ( "known" | "unknown" )
//! value = characters that need no quotes, or "characters" in quotes of either kind
//! ```
//!
//! What a caller may rely on:
//!
//! - **What is not known matches nothing**, neither a comparison nor its opposite: a device whose chip nobody knows is in
//!   none of `chip = esp32`, `chip != esp32` and `not chip = esp32`. `chip is unknown` asks for it.
//! - **Matching allocates nothing** and costs at most [`Query::MAX_TESTS`] comparisons.
//! - **Reading never panics and is bounded**: [`Query::MAX_LENGTH`] bytes, [`Query::MAX_DEPTH`] parentheses and `not`s
//!   inside one another, [`Query::MAX_TESTS`] comparisons, [`Query::MAX_VALUE`] bytes in a value.
//! - **What is printed reads back as the same query.**

mod chips;
mod comparison;
mod error;
mod facts;
mod field;
mod grammar;
mod print;
mod quantity;
mod token;
mod value;
mod who;
mod word;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(crate) use chips::Chips;
pub use error::{Expected, QueryError};
pub use facts::Facts;
pub(crate) use facts::{AtHand, Known};
pub use field::{Field, Sort};

use comparison::Operator;
use value::Value;

/// Which devices are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("format" = "query")))]
#[serde(try_from = "String", into = "String")]
pub struct Query(Expression);

/// A query in parts. `And` and `Or` have two parts or more.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    Or(Box<[Expression]>),
    And(Box<[Expression]>),
    Not(Box<Expression>),
    Flag(Field),
    Known { field: Field, known: bool },
    Compare { field: Field, operator: Operator, value: Value },
    OneOf { field: Field, values: Box<[Value]> },
}

impl Query {
    /// The longest text of a query, in bytes. Every query fits that has no more comparisons than it may have.
    pub const MAX_LENGTH: usize = 16 * 1024;
    /// Parentheses and `not`s that may stand inside one another.
    pub const MAX_DEPTH: usize = 16;
    /// Comparisons that a query may have; each value of a list counts.
    pub const MAX_TESTS: usize = 64;
    /// The longest value, in bytes.
    pub const MAX_VALUE: usize = 64;

    /// The names of all fields, for whoever completes what somebody writes.
    pub fn fields() -> impl Iterator<Item = &'static str> {
        Field::all().map(Field::name)
    }

    /// Reads a query.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        grammar::parse(text).map(Self)
    }

    /// Whether a device is meant.
    pub fn matches(&self, facts: &Facts<'_>) -> bool {
        self.finds(&Known::from(*facts))
    }

    /// The same, by the record or by what is said at this moment.
    pub(crate) fn finds(&self, known: &Known<'_>) -> bool {
        self.0.holds(known) == Some(true)
    }

    /// The chips of which a device has to be for the query to find it.
    pub(crate) fn chips(&self) -> Chips {
        self.0.chips()
    }

    /// Whether the query asks for `field`.
    pub fn asks_for(&self, field: Field) -> bool {
        self.0.asks_for(field)
    }
}

impl Expression {
    /// Whether it holds, in Kleene's three-valued logic: `None` is "not known", and so is its opposite.
    fn holds(&self, known: &Known<'_>) -> Option<bool> {
        match self {
            Self::Or(parts) => any(parts.iter().map(|part| part.holds(known))),
            Self::And(parts) => all(parts.iter().map(|part| part.holds(known))),
            Self::Not(part) => part.holds(known).map(|holds| !holds),
            Self::Flag(field) => known.flag(*field),
            Self::Known { field, known: wanted } => Some(known.is_known(*field) == *wanted),
            Self::Compare { field, operator, value } => known.fact(*field)?.compare(*operator, value),
            Self::OneOf { field, values } => {
                let fact = known.fact(*field)?;
                any(values.iter().map(|value| fact.compare(Operator::Is, value)))
            }
        }
    }

    fn chips(&self) -> Chips {
        match self {
            Self::Or(parts) => parts.iter().map(Self::chips).fold(Chips::NONE, Chips::or),
            Self::And(parts) => parts.iter().map(Self::chips).fold(Chips::ANY, Chips::and),
            Self::Compare { field: Field::Chip, operator: Operator::Is, value } => Chips::called(value),
            Self::OneOf { field: Field::Chip, values } => {
                values.iter().map(Chips::called).fold(Chips::NONE, Chips::or)
            }
            _ => Chips::ANY,
        }
    }

    fn asks_for(&self, wanted: Field) -> bool {
        match self {
            Self::Or(parts) | Self::And(parts) => parts.iter().any(|part| part.asks_for(wanted)),
            Self::Not(part) => part.asks_for(wanted),
            Self::Flag(field)
            | Self::Known { field, .. }
            | Self::Compare { field, .. }
            | Self::OneOf { field, .. } => *field == wanted,
        }
    }
}

/// True as soon as one is; else not known, if one is not.
fn any(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all_known = true;
    for part in parts {
        match part {
            Some(true) => return Some(true),
            Some(false) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(false)
}

/// False as soon as one is; else not known, if one is not.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all_known = true;
    for part in parts {
        match part {
            Some(false) => return Some(false),
            Some(true) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(true)
}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Query {
    type Error = QueryError;

    fn try_from(text: String) -> Result<Self, QueryError> {
        Self::parse(&text)
    }
}

impl From<Query> for String {
    fn from(query: Query) -> Self {
        query.to_string()
    }
}
