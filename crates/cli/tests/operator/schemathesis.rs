//! Schemathesis makes requests of the served description of the API, good and bad ones, and holds the answers against it.
//!
//! Needs a Python with the package schemathesis (`OTARY_PYTHON`, else `python3`). It is given a token of scope own, and is kept
//! from nothing but what would take its own way in away: the steps of a rollover change the certificate that it trusts.

use std::fs;
use std::process::Command;

use crate::bench::Bench;

/// Examples of each operation and phase, and seconds in all.
const EXAMPLES: &str = "12";
const SECONDS: &str = "150";

/// What a request that is right by the schema may still be refused for (a version that is there already, a query that makes no
/// sense) is in the codes of the problem, and no schema says it; so that every such request is accepted is not asked. Everything
/// else is.
const NOT_ASKED: &str = "positive_data_acceptance";

#[test]
fn schemathesis_finds_nothing() {
    let python = std::env::var_os("OTARY_PYTHON").unwrap_or_else(|| "python3".into());
    let there = Command::new(&python).args(["-m", "schemathesis.cli", "--version"]).output();
    if !there.is_ok_and(|said| said.status.success()) {
        println!("skipped: no Python with the package schemathesis");
        return;
    }
    let bench = Bench::new();
    bench.firmware("lamp.bin", "lamp 0.1");
    bench.otary("push lamp.bin --product lamp --version 0.1").succeeded();
    let _server = bench.serve();
    let token = fs::read_to_string(bench.token("own", "own")).unwrap();
    let (url, ca) = (format!("{}/api/v1/openapi.json", bench.url()), bench.ca());
    let mut command = Command::new(&python);
    command.args(["-m", "schemathesis.cli", "run", &url, "--max-time", SECONDS, "--max-examples", EXAMPLES]);
    command.args([
        "--exclude-checks",
        NOT_ASKED,
        "--seed",
        "1",
        "--no-color",
        "--generation-database",
        "none",
    ]);
    command.args(["--exclude-path-regex", "^/trust/rollover|^/events", "--request-timeout", "40"]);
    command.args(["--header", &format!("Authorization: Bearer {}", token.trim())]);
    command.arg("--tls-verify").arg(ca).current_dir(bench.path(""));
    let run = command.output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
}
