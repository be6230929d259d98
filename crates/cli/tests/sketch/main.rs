//! `otary sketch`, with the built binary: every form of it compiles against the API of the cores that it says it is
//! for, trusts the authority and nobody else, and tells the story of the tutorial in the serial monitor.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod clients;
mod compiler;
mod forms;
mod monitor;
mod refusals;

use bench::Bench;
use otary_trust::{Certificate, Name};

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// The certificates in a text.
fn certificates(text: &str) -> Vec<Certificate> {
    let begin = "-----BEGIN CERTIFICATE-----";
    let parts = text.split(begin).skip(1);
    parts.map(|part| Certificate::from_pem(format!("{begin}{part}").as_bytes()).unwrap()).collect()
}

#[test]
fn it_trusts_the_root_and_the_next_root_and_nobody_else() {
    let bench = Bench::new(&["ota.lan"]);
    let authority = bench.authority();
    for board in ["", "--esp8266"] {
        let sketch = bench.sketched(board);
        let constant = between(&sketch, "R\"PEM(\n", ")PEM\"").unwrap();
        assert_eq!(certificates(constant).iter().collect::<Vec<_>>(), authority.anchors(), "{board}");
        assert_eq!(sketch.matches("BEGIN").count(), 2, "{board}");
        assert!(!sketch.contains("setInsecure"), "{board}");
        let sketch = bench.sketched(&format!("{board} --insecure"));
        assert!(!sketch.contains("BEGIN") && sketch.contains("client.setInsecure();"), "{board}");
    }
}

#[test]
fn it_asks_for_a_name_that_is_in_the_certificate() {
    let bench = Bench::new(&["ota.lan", "192.168.1.70", "*.home.lan"]);
    let leaf = bench.authority();
    let names = leaf.leaf().unwrap().certificate().names();
    for (arguments, url) in [
        ("", "https://ota.lan:3443/update"),
        ("--product lamp", "https://ota.lan:3443/update/lamp"),
        ("--host 192.168.1.70 --port 8443", "https://192.168.1.70:8443/update"),
        ("--host OTA.lan. --esp8266", "https://ota.lan:3443/update"),
        ("--ethernet lan8720 --insecure", "https://ota.lan:3443/update"),
    ] {
        let sketch = bench.sketched(arguments);
        let line = between(&sketch, "#define UPDATE_URL \"", "\n").unwrap();
        assert_eq!(line, format!("{url}?chip=\" UPDATE_CHIP"), "{arguments}");
        let host: Name = between(line, "https://", ":").unwrap().parse().unwrap();
        assert!(names.contains(&host), "{host}");
    }
    let sketch = bench.sketched("--host hall.home.lan");
    assert!(
        sketch.contains("https://hall.home.lan:3443/update?chip="),
        "a wildcard is for every name in its domain"
    );
}

#[test]
fn without_being_told_it_takes_the_owners_name_then_an_address() {
    let host = |names: &[&str]| {
        let sketch = Bench::new(names).sketched("");
        between(&sketch, "https://", ":").unwrap().to_owned()
    };
    assert_eq!(host(&["*.lan", "ota.lan", "localhost", "10.0.0.7", "127.0.0.1"]), "ota.lan");
    assert_eq!(host(&["localhost", "fd00::7", "127.0.0.1", "10.0.0.7"]), "10.0.0.7");
}

#[test]
fn standard_error_says_how_to_go_on() {
    let bench = Bench::new(&["ota.lan"]);
    let said = bench.sketch("--product lamp").err;
    insta::assert_snapshot!(said);
    let said = bench.sketch("--insecure --ethernet enc28j60 --product lamp").err;
    insta::assert_snapshot!(said);
    let said = Bench::new(&["10.0.0.7"]).sketch("").err;
    assert!(
        said.contains("Keep this machine at 10.0.0.7, or let the sketch ask for a name (--host)."),
        "{said}"
    );
}

#[test]
fn it_is_written_to_a_new_file_only() {
    let bench = Bench::new(&["ota.lan"]);
    let done = bench.sketch("--out lamp.ino");
    assert!(done.ok && done.out.is_empty(), "{done:?}");
    let written = std::fs::read_to_string(bench.path("lamp.ino")).unwrap();
    assert_eq!(written, bench.sketched(""));

    std::fs::write(bench.path("lamp.ino"), "my own program").unwrap();
    let refused = bench.refused("--out lamp.ino");
    assert!(refused.starts_with("error: lamp.ino is there already\nhelp: "), "{refused}");
    assert_eq!(std::fs::read_to_string(bench.path("lamp.ino")).unwrap(), "my own program");
}
