//! The messages, byte for byte: each as a file that can be checked by hand, at its largest, and in every form that is not
//! the one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bounds;
mod golden;
mod properties;
mod samples;
mod strict;
mod text;
