//! The power-cut proof: at every flash operation, singly and in pairs, and at every kilobyte of the link.
//!
//! The lines that begin with `counted:` are shown by `cargo xtask test`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agreement;
mod cuts;
mod link;
mod mutations;
