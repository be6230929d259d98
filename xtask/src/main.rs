//! `cargo xtask`: everything that the project runs on itself, the same on a laptop and in CI.
//!
//! `test` needs nothing but Rust and a C compiler. `ci` is what must hold before a change is merged; each
//! of its lanes is one file under `lanes/`.

mod bench;
mod firmware;
mod fuzz;
mod lane;
mod lanes;
mod libtest;
mod powercut;
mod process;
mod tally;
mod workspace;

use std::process::ExitCode;

use anyhow::Context as _;
use workspace::Workspace;

const HELP: &str = "\
cargo xtask test          run every test; ends with `N passed, N failed, N skipped`
cargo xtask ci --quick    formatting, lints, docs, dependencies, licences, unit tests
cargo xtask ci            the same with every test, and the demo
cargo xtask ci LANE       one of its lanes, as its table names them
cargo xtask firmware      build, check and measure the programs for the ESP32-C3
cargo xtask bench         measure beside nginx and Node; writes docs/BENCHMARKS.md
cargo xtask bench --quick see that the measurement works; writes nothing
cargo xtask fuzz          run each fuzz target for a minute; --seconds N for longer, a name for one
cargo xtask powercut      cut the power at every flash operation of an update, singly and in pairs
cargo xtask powercut --exhaustive  the same with larger images and more ways to tear, for hours
cargo xtask help          print this text
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything that was asked for held.
fn run(arguments: &[&str]) -> anyhow::Result<bool> {
    let workspace = Workspace::find()?;
    match arguments {
        ["test"] => Ok(lanes::tests::run_alone(&workspace)),
        ["ci"] => Ok(lane::run_all(&workspace, lanes::FULL)),
        ["ci", "--quick"] => Ok(lane::run_all(&workspace, lanes::QUICK)),
        ["ci", name] => {
            let lane = lanes::named(name).with_context(|| format!("no such lane: {name}"))?;
            Ok(lane::run_all(&workspace, [lane]))
        }
        ["fuzz", more @ ..] => fuzz::run(&workspace, &fuzz::Request::read(more)?).map(|()| true),
        ["firmware"] => firmware::run(&workspace).map(|()| true),
        ["bench", more @ ..] => bench::run(&workspace, more).map(|()| true),
        ["powercut", more @ ..] => powercut::run(&workspace, more).map(|()| true),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(true)
        }
        _ => anyhow::bail!("no such command: {}\nhelp: cargo xtask help", arguments.join(" ")),
    }
}
