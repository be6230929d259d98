//! What the agent promises, each promise a scenario: a board in memory with the vendor's bootloader rules, and a server that
//! signs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod any_input;
mod board;
mod clock;
mod driver;
mod events;
mod link;
mod nor;
mod refusal;
mod reset;
mod server;
mod trial;
mod trust;
mod update;
