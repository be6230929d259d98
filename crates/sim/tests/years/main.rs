//! Thirty years of fleets: nobody is cut off, and whoever weakens the rules sees the victims.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fleets;
mod stacks;
