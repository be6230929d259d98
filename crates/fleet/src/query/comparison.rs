//! Comparisons: the operators, and what a fact and a value are to each other.

use super::facts::Fact;
use super::value::Value;
use crate::{Order, Sha256, compare};

/// What stands between a field and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `=`
    Is,
    /// `!=`
    IsNot,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `~`: contains the text, whatever the case of its ASCII letters.
    Has,
}

impl Operator {
    /// The sign.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Is => "=",
            Self::IsNot => "!=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Has => "~",
        }
    }

    /// Whether it holds of what stands so to the value. Of two that nothing orders, none is the smaller one, nor is it
    /// known not to be.
    const fn holds(self, order: Order) -> Option<bool> {
        Some(match (self, order) {
            (Self::Is, order) => matches!(order, Order::Same),
            (Self::IsNot, order) => !matches!(order, Order::Same),
            (Self::Has, _) | (_, Order::Different) => return None,
            (Self::Below, order) => matches!(order, Order::Older),
            (Self::AtMost, order) => !matches!(order, Order::Newer),
            (Self::Above, order) => matches!(order, Order::Newer),
            (Self::AtLeast, order) => !matches!(order, Order::Older),
        })
    }
}

impl Fact<'_> {
    /// Whether a comparison holds; `None` if that cannot be told.
    pub(super) fn compare(&self, operator: Operator, value: &Value) -> Option<bool> {
        if let (Operator::Has, Value::Text(part)) = (operator, value) {
            return self.text(|text| contains(text, part));
        }
        operator.holds(self.order(value)?)
    }

    /// How the fact stands to a value of its own sort; `None` for another's.
    fn order(&self, value: &Value) -> Option<Order> {
        Some(match (self, value) {
            (Self::Text(fact), Value::Text(value)) => same(**fact == **value),
            (Self::Version(fact), Value::Text(value)) => compare(fact, value),
            (Self::Groups(known), Value::Group(name)) => same(known.catalogue.group(name)?.has(known)),
            (Self::Mac(fact), Value::Mac(value)) => same(fact == value),
            (Self::Release(fact), Value::Release(value)) => same(*fact == value),
            (Self::Source(fact), Value::Prefix(prefix)) => same(prefix.contains(*fact)),
            (Self::Anchors(found), Value::Digits(digits)) => {
                same(found.iter().any(|one| begins_with(&one.anchor.id.0, digits)))
            }
            (Self::Proof(fact), Value::Proof(value)) => fact.cmp(value).into(),
            (Self::Age(fact), Value::Span(value)) => fact.cmp(value).into(),
            (Self::Number(fact), Value::Number(value) | Value::Bytes(value)) => fact.cmp(value).into(),
            _ => return None,
        })
    }
}

const fn same(is: bool) -> Order {
    if is { Order::Same } else { Order::Different }
}

impl From<std::cmp::Ordering> for Order {
    fn from(ordering: std::cmp::Ordering) -> Self {
        match ordering {
            std::cmp::Ordering::Less => Self::Older,
            std::cmp::Ordering::Equal => Self::Same,
            std::cmp::Ordering::Greater => Self::Newer,
        }
    }
}

/// Whether `part` stands in `text`, whatever the case of the ASCII letters.
fn contains(text: &str, part: &str) -> bool {
    part.is_empty()
        || text.as_bytes().windows(part.len()).any(|piece| piece.eq_ignore_ascii_case(part.as_bytes()))
}

/// Whether a digest begins with these hex digits.
fn begins_with(digest: &Sha256, digits: &str) -> bool {
    let nibbles = digest.0.iter().flat_map(|byte| [byte >> 4, byte & 0xF]).map(u32::from);
    digits.len() <= 2 * digest.0.len()
        && digits.chars().zip(nibbles).all(|(digit, nibble)| digit.to_digit(16) == Some(nibble))
}
