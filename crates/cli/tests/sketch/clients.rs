//! What other clients than Arduino's take. The programs among them are run, as far as their languages are here.

use std::process::Command;

use crate::bench::Bench;
use crate::{between, certificates};

const CLIENTS: [(&str, &str); 5] = [
    ("esphome", "/manifest/lamp.json"),
    ("esp-idf", "/idf/lamp"),
    ("esp32fota", "/fota/lamp.json"),
    ("tasmota", "/tasmota/lamp/quiet/tasmota.bin.gz"),
    ("micropython", "/micropython/lamp.json"),
];

#[test]
fn every_client_is_told_this_server_and_its_product() {
    let bench = Bench::new(&["ota.lan"]);
    for (client, path) in CLIENTS {
        let text = bench.sketched(&format!("--client {client} --product lamp --version 1.2.3"));
        assert!(text.contains(&format!("https://ota.lan:3443{path}")), "{text}");
        assert!(!text.contains('<') || !text.contains("<BASE>") && !text.contains("<PRODUCT>"), "{text}");
        assert!(!text.contains("<ROOTS") && !text.contains("<VERSION>"), "{text}");
    }
}

#[test]
fn a_link_goes_in_front_of_the_path_and_comes_from_a_file() {
    let bench = Bench::new(&["ota.lan"]);
    let link = format!("/d/{}", "Ab-_".repeat(6));
    std::fs::write(bench.path("lamp.link"), format!("{link}\n")).unwrap();
    for (client, path) in CLIENTS {
        let text = bench.sketched(&format!("--client {client} --product lamp --link-file lamp.link"));
        assert!(text.contains(&format!("https://ota.lan:3443{link}{path}")), "{text}");
    }
    std::fs::write(bench.path("lamp.link"), "otary_secret").unwrap();
    let refused = bench.refused("--client tasmota --product lamp --link-file lamp.link");
    assert!(refused.contains("no link") && !refused.contains("otary_secret"), "{refused}");
}

#[test]
fn those_that_can_verify_a_server_trust_both_roots() {
    let bench = Bench::new(&["ota.lan"]);
    let authority = bench.authority();
    let c = bench.sketched("--client esp-idf --product lamp");
    let constant = between(&c, "OTARY_ROOTS[] =\n", ";").unwrap();
    let unquoted: String =
        constant.lines().map(|line| line.trim().trim_matches('"').replace("\\n", "\n")).collect();
    assert_eq!(certificates(&unquoted).iter().collect::<Vec<_>>(), authority.anchors());
    let sketch = bench.sketched("--client esp32fota --product lamp");
    let constant = between(&sketch, "R\"PEM(\n", ")PEM\"").unwrap();
    assert_eq!(certificates(constant).iter().collect::<Vec<_>>(), authority.anchors());
}

#[test]
fn those_that_cannot_say_so() {
    let bench = Bench::new(&["ota.lan"]);
    for client in ["esphome", "tasmota", "micropython"] {
        let said = bench.sketch(&format!("--client {client} --product lamp")).err;
        assert!(said.starts_with("note: "), "{said}");
    }
    assert_eq!(bench.sketch("--client esp-idf --product lamp").err, "");
}

#[test]
fn a_client_needs_a_product() {
    let bench = Bench::new(&["ota.lan"]);
    assert!(bench.refused("--client esphome").contains("--product"));
}

/// Stand-ins for the modules of MicroPython and of `micropython-esp32-ota`, by its own rules for a URL.
const MODULES: &str = r#"
import sys, types

def module(name, **names):
    sys.modules[name] = types.SimpleNamespace(**names)
    return sys.modules[name]

class WLAN:
    def __init__(self, _): pass
    def config(self, _): return bytes.fromhex("246f28aabbcc")

asked, installed = [], []

class Answer:
    def json(self): return {"version": published}

def get(url):
    asked.append(url)
    return Answer()

def from_json(url):
    assert url.endswith(".json"), url
    installed.append(url)

module("network", WLAN=WLAN, STA_IF=0)
module("requests", get=get)
module("ota", update=module("ota.update", from_json=from_json))
"#;

#[test]
fn the_micropython_program_installs_another_version_and_not_its_own() {
    let python = std::env::var_os("OTARY_PYTHON").unwrap_or("python3".into());
    if Command::new(&python).arg("--version").output().is_err() {
        println!("skipped: python3 is not installed");
        return;
    }
    let program = Bench::new(&["ota.lan"]).sketched("--client micropython --product lamp --version 0.1");
    for (published, installs) in [("0.1", 0), ("0.2", 1)] {
        let check = format!(
            "update_from_otary()\n\
             assert asked == ['https://ota.lan:3443/micropython/lamp.json?device=246f28aabbcc&version=0.1&.json'], asked\n\
             assert len(installed) == {installs}, installed\n"
        );
        let text = format!("{MODULES}\npublished = '{published}'\n{program}\n{check}");
        let done = Command::new(&python).args(["-c", &text]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}
