//! The tests, with a closing line that sums them up.
//!
//! A newcomer's machine has Rust and a C compiler and perhaps nothing else: a test that needs more says
//! `skipped: reason`, and the reasons are listed before the closing line, so that nobody takes such a
//! test for one that proved something.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::lane::Notes;
use crate::libtest::{Echo, NotTried, Reader};
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

const EVERY: &[&str] = &["test", "--locked", "--workspace", "--no-fail-fast", "--", "--show-output"];
const UNITS: &[&str] =
    &["test", "--locked", "--workspace", "--lib", "--bins", "--no-fail-fast", "--", "--show-output"];

/// `cargo xtask test`: whether every test passed. The last line printed is the closing line.
pub fn run_alone(workspace: &Workspace) -> bool {
    let (tally, result) = run(workspace, EVERY);
    if let Err(error) = &result {
        println!("{error:#}");
    }
    println!("{tally}");
    result.is_ok()
}

/// The lane of all unit, integration and documentation tests.
pub fn run_every(workspace: &Workspace, notes: &mut Notes) -> anyhow::Result<()> {
    run_lane(workspace, notes, EVERY)
}

/// The lane of the unit tests alone.
pub fn run_units(workspace: &Workspace, notes: &mut Notes) -> anyhow::Result<()> {
    run_lane(workspace, notes, UNITS)
}

fn run_lane(workspace: &Workspace, notes: &mut Notes, arguments: &[&str]) -> anyhow::Result<()> {
    let (tally, result) = run(workspace, arguments);
    notes.tally.get_or_insert_default().add(tally);
    result
}

fn run(workspace: &Workspace, arguments: &[&str]) -> (Tally, anyhow::Result<()>) {
    let mut reader = Reader::default();
    let result = stream(workspace.cargo(arguments.iter().copied()), &mut reader);
    let mut tally = reader.tally;
    // A crate that does not build, or a test program that dies, prints no result of its own.
    if result.is_err() && tally.failed == 0 {
        tally.failed = 1;
    }
    print_counted(&reader.counted);
    print_not_tried(&reader.not_tried);
    (tally, result)
}

/// Shows the output while the tests run.
fn stream(mut command: Command, reader: &mut Reader) -> anyhow::Result<()> {
    let text = process::typed(&command);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context(text.clone())?;
    let output = child.stdout.take().context("the tests' output is not readable")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        if reader.read(&line) == Echo::Show {
            println!("{line}");
        }
    }
    let status = child.wait()?;
    anyhow::ensure!(status.success(), "`{text}` ended with {status}");
    Ok(())
}

fn print_counted(counted: &[String]) {
    if counted.is_empty() {
        return;
    }
    println!("counted:");
    for text in counted {
        println!("  {text}");
    }
    println!();
}

fn print_not_tried(not_tried: &[NotTried]) {
    if not_tried.is_empty() {
        return;
    }
    println!("not tried here:");
    for NotTried { test, reason } in not_tried {
        println!("  {test}: {reason}");
    }
    println!();
}
