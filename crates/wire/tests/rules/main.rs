//! The rules by which a device believes an answer, and what each attack of the TUF and Uptane lists meets.
//!
//! A test per rule. docs/THREATS.md names them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod attacks;
mod clock;
mod compromise;
mod damage;
mod manifest;
mod order;
mod root;
mod scene;
mod threats;
