//! What the crate promises, as scenarios over files that are made here byte by byte.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod app;
mod damage;
mod emit;
mod esp8266;
mod kinds;
mod merged;
mod properties;
mod samples;
mod signature;
mod stream;
