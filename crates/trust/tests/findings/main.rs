//! What is found inside images: of our own making, of other makers, and of no making at all.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod certificates;
mod image;
mod keys;
mod others;
mod properties;
