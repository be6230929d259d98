//! Who gets what: the decision table, and what holds of every decision.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agents;
mod clients;
mod decision_table;
mod proofs;
mod properties;
mod risks;
mod rollover;
mod strangers;
mod world;
