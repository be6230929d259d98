//! `cargo xtask`: everything that the project runs on itself, the same on a laptop and in CI.
//!
//! `test` needs nothing but Rust and a C compiler. `ci` is what must hold before a change is merged; each
//! of its lanes is one file under `lanes/`.

mod aarch64;
mod bench;
mod firmware;
mod fuzz;
mod help;
mod lane;
mod lanes;
mod libtest;
mod package;
mod powercut;
mod process;
mod stop_rule;
mod tally;
mod workspace;

use std::process::ExitCode;

use anyhow::Context as _;
use workspace::Workspace;

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
    if let [command, options @ ..] = arguments
        && options.iter().any(|option| matches!(*option, "--help" | "-h"))
        && let Some(part) = help::part(command)
    {
        print!("{part}");
        return Ok(true);
    }
    let workspace = Workspace::find()?;
    match arguments {
        ["test"] => Ok(lanes::tests::run_alone(&workspace)),
        ["ci"] => Ok(lane::run_all(&workspace, lanes::FULL)),
        ["ci", "--quick"] => Ok(lane::run_all(&workspace, lanes::QUICK)),
        ["ci", name] => {
            let unknown = || format!("no such lane: {name}\nhelp: cargo xtask ci --help");
            let lane = lanes::named(name).with_context(unknown)?;
            Ok(lane::run_all(&workspace, [lane]))
        }
        ["fuzz", more @ ..] => fuzz::run(&workspace, &fuzz::Request::read(more)?).map(|()| true),
        ["package"] => Ok(lane::run_all(&workspace, lanes::named("package"))),
        ["aarch64"] => aarch64::run(&workspace).map(|()| true),
        ["firmware"] => firmware::run(&workspace).map(|()| true),
        ["bench", more @ ..] if matches!(more, [] | ["--quick" | "fleet"]) => {
            bench::run(&workspace, more).map(|()| true)
        }
        ["powercut"] => powercut::run(&workspace, powercut::Extent::Daily).map(|()| true),
        ["powercut", "--exhaustive"] => {
            powercut::run(&workspace, powercut::Extent::Exhaustive).map(|()| true)
        }
        ["stop-rule", more @ ..] if matches!(more, [] | ["--seeds", _]) => {
            stop_rule::run(&workspace, more).map(|()| true)
        }
        [] | ["help" | "--help" | "-h"] => {
            print!("{}", help::page());
            Ok(true)
        }
        [command, options @ ..] if help::part(command).is_some() => {
            let options = options.join(" ");
            anyhow::bail!("cargo xtask {command} takes no {options}\nhelp: cargo xtask {command} --help")
        }
        _ => anyhow::bail!("no such command: {}\nhelp: cargo xtask help", arguments.join(" ")),
    }
}
