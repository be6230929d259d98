//! What an operator asks before and after: which devices would refuse a release, and why one is answered as it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use otary_fleet::{
    Build, CheckIn, Device, Dialect, Event, Mode, Openings, Proof, Time, Transport, View, decide, observe,
};
use otary_store::{Admit, Disk, DiskOptions, Store};

use crate::bench::Bench;

/// Has a board ask so often, a minute apart until so long ago, with room for so many bytes.
fn poll(bench: &Bench, mac: &str, firmware: &str, room: u64, times: u32, last: Duration) {
    let store = Disk::open(bench.data(), DiskOptions::default()).unwrap();
    let image = std::fs::read(bench.path(firmware)).unwrap();
    let artifact = otary_fleet::read(&image, firmware, Time::default(), false).unwrap().artifact;
    let check_in = CheckIn {
        dialect: Dialect::ArduinoEsp32,
        mode: Mode::Sketch,
        device: Some(mac.parse().unwrap()),
        name: None,
        product: Some("lamp".parse().unwrap()),
        chip: None,
        build: Build { md5: artifact.md5s.first().copied(), sha256: artifact.digests.first().copied() },
        version: Some("0.1".into()),
        free_space: Some(room),
        chip_size: Some(4 << 20),
        sdk: Some("v5.1".into()),
        source: [192, 168, 1, 50].into(),
        transport: Transport::Https,
        proof: Proof::None,
        handshake: None,
        agent: None,
        report: None,
    };
    let catalogue = store.catalogue();
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let last = Time::from_secs(since_1970.as_secs()) - last;
    for ago in (0..times).rev() {
        let now = last - Duration::from_mins(1) * ago;
        let mut visit = |device: Option<&mut Device>| -> Vec<Event> {
            let Some(device) = device else { return Vec::new() };
            let view = View { catalogue: &catalogue, device: Some(device), openings: Openings::SHUT };
            let decision = decide(&check_in, view, now);
            observe(device, &check_in, &decision, &catalogue, now)
        };
        store.with_device(check_in.device.unwrap(), now, Admit::New, &mut visit).unwrap();
    }
    store.flush().unwrap();
}

/// Seven lamps with 0.1, of which two have too small a slot.
fn seven_lamps() -> Bench {
    let bench = Bench::new();
    bench.firmware("old.bin", "lamp 0.1");
    bench.firmware("new.bin", "lamp 0.2");
    bench.otary("push old.bin --product lamp --version 0.1").succeeded();
    for last in 1..=7 {
        let room = if last > 5 { 1000 } else { 1 << 20 };
        poll(&bench, &format!("24:6F:28:00:00:0{last}"), "old.bin", room, 10, Duration::from_mins(310));
    }
    bench
}

#[test]
fn a_push_says_who_would_refuse_it_and_preflight_lists_them() {
    let bench = seven_lamps();
    let size = std::fs::metadata(bench.path("new.bin")).unwrap().len();
    let why = format!("the image has {size} bytes, and there is room for 1000: {} too many", size - 1000);
    let said = bench.otary("push new.bin --product lamp --version 0.2 --dry-run").succeeded().out;
    let told = format!(
        "2 of 7 devices would refuse this: 2 slot too small.\n  24:6F:28:00:00:06  {why}\n  24:6F:28:00:00:07  {why}\n"
    );
    assert!(said.ends_with(&told), "{said}");
    let said = bench.otary("push new.bin --product lamp --version 0.2").succeeded().out;
    assert!(said.ends_with(&told), "{said}");

    let said = bench.otary("preflight lamp 0.2").succeeded().out;
    let expected = format!(
        "2 of 7 devices would refuse this: 2 slot too small.\n5 would take it.\n\n\
         DEVICE             SEEN     WHY\n\
         24:6F:28:00:00:06  5 h ago  {why}\n\
         24:6F:28:00:00:07  5 h ago  {why}\n"
    );
    assert_eq!(said, expected);
    let json = bench.otary("preflight lamp 0.2 --json").json();
    assert_eq!((&json["refuse"], &json["obstacles"][0]["obstacle"]), (&2.into(), &"too-large".into()));
}

#[test]
fn a_preflight_of_some_devices_and_of_what_does_not_exist() {
    let bench = seven_lamps();
    bench.otary("push new.bin --product lamp --version 0.2").succeeded();
    bench.otary("group set desk 24:6F:28:00:00:01 24:6F:28:00:00:07").succeeded();
    let said = bench.otary("preflight lamp 0.2 --group desk").succeeded().out;
    assert!(
        said.starts_with("1 of 2 devices would refuse this: 1 slot too small.\n1 would take it.\n"),
        "{said}"
    );
    let said = bench.otary("preflight lamp 0.2 --channel beta").succeeded().out;
    assert_eq!(said, "No device that it is meant for is on record.\n");
    for (asked, error) in [
        ("lmap 0.2", "error: there is no product lmap\nhelp: otary product add lmap\n"),
        ("lamp 0.3", "error: there is no release lamp 0.3\n"),
        ("lamp 0.2 --group none", "error: there is no group none\nhelp: otary group list\n"),
    ] {
        let said = bench.otary(&format!("preflight {asked}")).failed();
        assert!(said.starts_with(error), "{said}");
    }
}

#[test]
fn a_device_is_explained_with_its_answer_first() {
    let bench = seven_lamps();
    bench.otary("push new.bin --product lamp --version 0.2").succeeded();
    let said = bench.otary("explain 24:6F:28:00:00:01").succeeded().out;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "It would be offered lamp 0.2 if it asked, but it is silent: last heard 5 h ago.",
            "24:6F:28:00:00:01",
            ""
        ]
    );
    assert_eq!(lines[3], "  runs       lamp 0.1, by the digest that it reported, 5 h ago");
    for line in [
        "             it asks about every 60 s; it has been overdue for 5 h, and 30 min of silence would have been usual",
        "  rule       older-release (offer): who runs an older release is offered the newest of its channel",
        "             -> otary device hold 24:6F:28:00:00:01: leaves it as it is",
    ] {
        assert!(lines.contains(&line), "{line}\n{said}");
    }
    let small = bench.otary("explain 246f28000007").succeeded().out;
    assert!(
        small.starts_with("Nothing, because the image has ") && small.contains("too-large (hold)"),
        "{small}"
    );

    bench.otary("device hold 24:6F:28:00:00:01").succeeded();
    let json = bench.otary("explain 24:6F:28:00:00:01 --json").json();
    assert_eq!(json["decision"]["reason"]["rule"], "held");
    assert_eq!(json["changes"][1]["way"], "otary device unhold 24:6F:28:00:00:01");
}

#[test]
fn a_device_goes_by_its_name_too_and_one_that_is_not_there_is_said() {
    let bench = seven_lamps();
    bench.otary("device assign kitchen lamp").succeeded();
    let said = bench.otary("explain kitchen").succeeded().out;
    assert!(said.starts_with("Nothing is known of it: it has not asked yet.\n"), "{said}");
    let said = bench.otary("explain 24:6F:28:00:00:99").failed();
    assert_eq!(said, "error: no device 24:6F:28:00:00:99 is on record\nhelp: otary device list\n");
    let said = bench.otary("explain 24:6F:28:00:00").failed();
    assert!(said.contains("24:6F:28:00:00"), "{said}");
}
