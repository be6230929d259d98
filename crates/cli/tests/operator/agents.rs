//! What otary's own agent says and reports, as `otary device show` prints it.

use otary_fleet::{
    AgentWords, Build, Cause, CheckIn, Chip, DeviceClock, Dialect, Ending, Mode, Openings, Proof, Report,
    Time, Transport, View, decide, observe,
};
use otary_store::{Admit, Disk, DiskOptions, Store};
use serde_json::json;

use crate::bench::Bench;

const MAC: &str = "24:6F:28:AA:BB:CC";

fn check_in(report: Report) -> CheckIn {
    CheckIn {
        dialect: Dialect::Agent,
        mode: Mode::Sketch,
        device: Some(MAC.parse().unwrap()),
        product: Some("lamp".parse().unwrap()),
        chip: Some(Chip::Esp32C3),
        build: Build::default(),
        version: Some("0.6".into()),
        free_space: Some(1_310_720),
        chip_size: None,
        sdk: None,
        source: [192, 168, 1, 70].into(),
        transport: Transport::Https,
        proof: Proof::DeviceCredential,
        handshake: None,
        agent: Some(AgentWords {
            hardware: "v2".into(),
            release: 6,
            root: 2,
            trust_set: 1,
            clock: DeviceClock::LowerBound,
        }),
        report: Some(report),
        name: None,
    }
}

/// Puts a check-in on record, as the server does.
fn poll(bench: &Bench, check_in: &CheckIn) {
    let store = Disk::open(bench.data(), DiskOptions::default()).unwrap();
    let (catalogue, now) = (store.catalogue(), Time::from_secs(1_795_392_000));
    let mut visit = |device: Option<&mut otary_fleet::Device>| {
        let device = device.unwrap();
        let view = View { catalogue: &catalogue, device: Some(device), openings: Openings::SHUT };
        let decision = decide(check_in, view, now);
        observe(device, check_in, &decision, &catalogue, now)
    };
    store.with_device(MAC.parse().unwrap(), now, Admit::New, &mut visit).unwrap();
    store.flush().unwrap();
}

#[test]
fn a_report_is_shown_as_one_with_its_cause_in_words() {
    let bench = Bench::new();
    let report =
        Report { release: 7, payload: None, ending: Ending::RolledBack, cause: Some(Cause(18)), tries: 2 };
    poll(&bench, &check_in(report));
    let shown = bench.otary(&format!("device show {MAC}")).succeeded().out;
    for line in [
        "  hardware  v2\n",
        "  number    6 (its release)\n",
        "  believes  root record 2, trust set of record 1\n",
        "  clock     a lower bound\n",
        "  room      1.25 MiB for an update\n",
        "  reported  rolled back (release number 7) at try 2: the self-test failed (",
        ", from 192.168.1.0/24 with a credential of its own)\n",
        "reported with a credential of its own: rolled back (release number 7)",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let json = bench.otary(&format!("device show {MAC} --json")).json();
    let device = &json["device"];
    assert_eq!(device["last"]["agent"]["release"], json!(6));
    assert_eq!(device["last"]["agent"]["clock"], json!("lower-bound"));
    let reported = &device["reported"][0];
    assert_eq!(reported["report"]["ending"], json!("rolled-back"));
    assert_eq!(reported["report"]["cause"], json!({ "code": 18, "words": "the self-test failed" }));
    assert_eq!(reported["proof"], json!("device-credential"));
}
