//! The stop rule measured: `cargo xtask stop-rule`. docs/STOP-RULE.md says what is simulated, and holds the table.
//!
//! Without arguments: 1,000 seeds, and the table goes into the page. `--seeds N`: so many, and the page stays as it is.
//! `--row ROW SEEDS`: one row, counted from 0. `--one ROW SEED`: one campaign, to look at.

// Chance is drawn in floating point; what is measured decides in integers.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod board;
mod chance;
mod run;
mod scenario;
mod table;

use std::path::Path;
use std::process::ExitCode;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/STOP-RULE.md");
const SEEDS: u64 = 1_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        [] => write(&table(SEEDS)),
        ["--seeds", seeds] => drop(table(seeds.parse().unwrap_or(SEEDS))),
        ["--row", row, seeds] => {
            let (row, seeds) = (row.parse().unwrap_or(0), seeds.parse().unwrap_or(SEEDS));
            if let Some(row) = table::ROWS.get(row) {
                println!("{}", row.measure(seeds));
            }
        }
        ["--one", row, seed] => {
            let (row, seed) = (row.parse().unwrap_or(0), seed.parse().unwrap_or(0));
            if let Some(ending) = table::ROWS.get(row).map(|row: &table::Row| row.ending(seed)) {
                let (days, state) = (ending.after.as_secs() / 86_400, ending.state.name());
                println!("{state} after {days} days: {} took it, {} are lost", ending.took, ending.lost);
                println!("{}", ending.tally);
            }
        }
        _ => {
            eprintln!("expected nothing, --seeds N, --row ROW SEEDS, or --one ROW SEED");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Measures row by row, and prints each when it is done.
fn table(seeds: u64) -> String {
    let mut table = format!("{}\n", table::HEAD);
    print!("{table}");
    for row in table::ROWS {
        let line = format!("{}\n", row.measure(seeds));
        print!("{line}");
        table += &line;
    }
    table
}

/// Puts the table where the last one stands.
fn write(table: &str) {
    const BEGIN: &str = "<!-- the table -->\n";
    const END: &str = "<!-- its end -->";
    let page = std::fs::read_to_string(Path::new(PAGE)).unwrap_or_default();
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let written =
        parts.map(|(before, after)| std::fs::write(PAGE, format!("{before}{BEGIN}{table}{END}{after}")));
    if !matches!(written, Some(Ok(()))) {
        eprintln!("{PAGE} has no place for the table");
    }
}
