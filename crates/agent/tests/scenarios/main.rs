//! What the agent promises, each promise a scenario: a board in memory with the vendor's bootloader rules, and a server that
//! signs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(dead_code)]

mod board;
mod nor;
mod server;
mod update;
