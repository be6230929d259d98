//! The usual answer is cheap: *wait* costs no allocation and at most [`MOST_INSTRUCTIONS`], however many devices and campaigns
//! there are.
//!
//! Counted by callgrind, so the figures are the same on a busy machine as on an idle one.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::lane::Notes;
use crate::process;
use crate::workspace::Workspace;

/// What `decide` may cost for *wait*.
const MOST_INSTRUCTIONS: u64 = 8_000;
/// Groups by query are asked one after the other. Where each names a chip, that settles most of them at once; fifty that compare
/// versions instead, at the same time and for one product, are fifty comparisons of texts.
const BY_VERSION: &str = "in-none-of-fifty-groups-by-version";
const MOST_INSTRUCTIONS_BY_VERSION: u64 = 30_000;
/// The case that allocates on purpose.
const CONTROL: &str = "control";
/// Decisions for each case: what is done once is spread thin.
const TIMES: u64 = 200;

pub fn run(workspace: &Workspace, notes: &mut Notes) -> anyhow::Result<()> {
    if process::read(version_of_valgrind()).is_err() {
        notes.remarks.push("the cost of a wait was not counted: install valgrind".into());
        return Ok(());
    }
    process::run(workspace.cargo([
        "build",
        "--locked",
        "--release",
        "-p",
        "otary-fleet",
        "--example",
        "wait",
    ]))?;
    let program = workspace.root().join("target/release/examples/wait");
    let folder = workspace.root().join("target/tmp");
    std::fs::create_dir_all(&folder)?;
    let mut dear = Vec::new();
    for case in process::read(Command::new(&program))?.lines() {
        let cost = count(&program, &folder, case)?;
        println!("{case:32} {:>6} instructions, {} allocations", cost.instructions, cost.allocations);
        if case == CONTROL {
            anyhow::ensure!(cost.allocations > 0, "an allocation would not be noticed");
            continue;
        }
        let most = if case == BY_VERSION { MOST_INSTRUCTIONS_BY_VERSION } else { MOST_INSTRUCTIONS };
        if cost.allocations > 0 || cost.instructions > most {
            dear.push(case.to_owned());
        }
    }
    anyhow::ensure!(
        dear.is_empty(),
        "more than {MOST_INSTRUCTIONS} instructions, or an allocation: {}",
        dear.join(", ")
    );
    Ok(())
}

fn version_of_valgrind() -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--version");
    valgrind
}

/// What one decision costs.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    instructions: u64,
    /// Functions of the allocator that were called at all.
    allocations: usize,
}

fn count(program: &Path, folder: &Path, case: &str) -> anyhow::Result<Cost> {
    let profile: PathBuf = folder.join("wait.callgrind");
    let mut callgrind = Command::new("valgrind");
    callgrind.args(["--quiet", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*decide_once*"]);
    callgrind.arg(format!("--callgrind-out-file={}", profile.display()));
    callgrind.arg(program).args([case, &TIMES.to_string()]);
    process::run(callgrind)?;
    read(&std::fs::read_to_string(&profile)?)
}

/// The cost of one decision, of a profile of all of them (the format is callgrind's own manual's, "Callgrind Format
/// Specification").
fn read(profile: &str) -> anyhow::Result<Cost> {
    let total =
        profile.lines().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
    let total: u64 = total.context("no total in the profile")?.trim().parse()?;
    anyhow::ensure!(total > 0, "nothing was counted: is the function still called so?");
    let allocates = |line: &&str| {
        let name = line.strip_prefix("fn=").or(line.strip_prefix("cfn=")).unwrap_or_default();
        ["malloc", "calloc", "realloc", "memalign"].iter().any(|word| name.contains(word))
    };
    Ok(Cost { instructions: total / TIMES, allocations: profile.lines().filter(allocates).count() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_as_what_one_decision_costs() {
        let profile =
            "events: Ir\nfn=(1) wait::decide_once\n12 400\ncfn=(2) core::str::cmp\nsummary: 400000\n";
        assert_eq!(read(profile).unwrap(), Cost { instructions: 2_000, allocations: 0 });
        let allocating = profile.replace("core::str::cmp", "malloc");
        assert_eq!(read(&allocating).unwrap().allocations, 1);
    }

    #[test]
    fn a_profile_of_nothing_is_no_proof() {
        assert!(read("events: Ir\nsummary: 0\n").is_err());
        assert!(read("events: Ir\n").is_err());
    }
}
