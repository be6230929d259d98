//! `otary doctor`, with the built binary, before servers on loopback: each broken set-up is named by its cause, and a
//! whole one is let pass.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod broken;
mod clinic;
mod hostile;
mod server;
mod well;
