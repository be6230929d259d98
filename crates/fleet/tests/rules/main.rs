//! Who gets what: the decision table, and what holds of every decision.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agents;
mod campaign_properties;
mod campaigns;
mod clients;
mod decision_table;
mod explanations;
mod groups;
mod intents;
mod preflight;
mod proofs;
mod properties;
mod risks;
mod rollover;
mod roster;
mod strangers;
mod trials;
mod via;
mod world;
