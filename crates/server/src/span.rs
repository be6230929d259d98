//! Spans: what a check-in, an operator's request and a look at the campaigns took.
//!
//! All have one target, by which who wants them finds them and a log leaves them out. While nobody is interested in it, none is
//! made: that costs a look at a word that was worked out before.

/// The target of every span.
pub const SPANS: &str = "otary::span";
