//! Queries: what they mean, what is said of a wrong one, and what they never do.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod allocations;
mod errors;
mod fleet;
mod manual;
mod matching;
mod properties;
#[path = "../rules/world.rs"]
#[allow(dead_code, reason = "the whole world is for the rules")]
mod world;
