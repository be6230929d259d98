//! The power-cut proof from the command line: `cargo xtask powercut`, with `--exhaustive` for much more of it.

use std::process::ExitCode;
use std::time::Instant;

use otary_sim::powercut::{Tally, daily, exhaustive};

const HELP: &str = "\
powercut               cut the power at every flash operation of an update, singly and in pairs: minutes
powercut --exhaustive  the same with larger images and more ways to tear: hours
";

fn main() -> ExitCode {
    let rows = match std::env::args().nth(1).as_deref() {
        None => daily(),
        Some("--exhaustive") => exhaustive(),
        Some("--help" | "-h") => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprint!("error: no such option: {other}\n{HELP}");
            return ExitCode::FAILURE;
        }
    };
    let began = Instant::now();
    let mut sum = Tally::default();
    for row in rows {
        match row.run() {
            Ok(tally) => {
                println!("{row}: {tally}");
                sum.add(tally);
            }
            Err(error) => {
                eprintln!("{row}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("all, in {} s: {sum}", began.elapsed().as_secs());
    if sum.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
