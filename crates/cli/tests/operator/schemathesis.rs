//! Schemathesis makes requests of the served description of the API, good and bad ones, and holds the answers against it.
//!
//! Needs a Python with the package schemathesis (`OTARY_PYTHON`, else `python3`). It comes as the owner of the data directory, so
//! that every route is open to it and no request takes its own way in away. It is kept from one route, and from one check:
//!
//! - `/events` is a stream that does not end, and a test of requests waits for the end of each answer.
//! - `positive_data_acceptance` takes any refusal for a fault of the schema. A check of this test's own takes those alone that say
//!   that a request could not be read; `schemathesis/hooks.py` tells why.
//!
//! It asks the same of each build: as many examples as are said here, made of one seed, and nothing goes by the clock.

use std::path::Path;
use std::process::Command;

use otary_server::operator::Announcement;

use crate::bench::Bench;

/// Examples of each operation and phase.
const EXAMPLES: &str = "12";

#[test]
fn schemathesis_finds_nothing() {
    let python = std::env::var_os("OTARY_PYTHON").unwrap_or_else(|| "python3".into());
    let there = Command::new(&python).args(["-m", "schemathesis.cli", "--version"]).output();
    if !there.is_ok_and(|said| said.status.success()) {
        println!("skipped: no Python with the package schemathesis");
        return;
    }
    let bench = lamps();
    let _server = bench.serve();
    let owner = Announcement::read(&bench.data()).unwrap().unwrap();
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/operator/schemathesis");
    let mut command = Command::new(&python);
    command.env("SCHEMATHESIS_HOOKS", "hooks").env("PYTHONPATH", &beside).env("PYTHONDONTWRITEBYTECODE", "1");
    command.args(["-m", "schemathesis.cli", "--config-file"]).arg(beside.join("schemathesis.toml"));
    command.args(["run", &format!("{}/api/v1/openapi.json", owner.url), "--max-examples", EXAMPLES]);
    command.args(["--seed", "1", "--generation-database", "none", "--no-color", "--request-timeout", "40"]);
    command.args(["--exclude-path", "/events", "--exclude-checks", "positive_data_acceptance"]);
    command.args(["--header", &format!("Authorization: Bearer {}", owner.token.expose())]);
    command.arg("--tls-verify").arg(bench.ca()).current_dir(bench.path(""));
    let run = command.output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
}

/// A data directory with what `hooks.py` asks for.
fn lamps() -> Bench {
    let bench = Bench::new();
    bench.firmware("lamp.bin", "lamp 0.1");
    for command in [
        "push lamp.bin --product lamp --version 0.1",
        "device assign 24:6F:28:AA:BB:CC lamp --chip esp32",
        "campaign start lamp 0.1",
    ] {
        bench.otary(command).succeeded();
    }
    bench
}
