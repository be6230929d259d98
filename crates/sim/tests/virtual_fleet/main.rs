//! Simulated fleets: the scripts in docs/sim come to what they say, and a script with a mistake is told so.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod documented;
mod engine;
mod mistakes;

use otary_sim::virtual_fleet::{Report, Script, run};

/// Plays a script.
fn played(script: &str) -> Report {
    run(&Script::parse(script).unwrap(), |_| ()).unwrap()
}
