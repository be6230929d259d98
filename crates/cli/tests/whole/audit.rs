//! The audit log and recordings, as somebody on call meets them.

use std::fs;
use std::path::Path;

use crate::house::{House, Server};

/// A house in which a fleet of lamps took an update, recorded.
fn updated() -> (House, Server) {
    let house = House::new();
    let server = house.serve("--set record.file=inputs.jsonl");
    for version in ["0.1", "0.2"] {
        house.sample(&format!("{version}.bin"), version);
        house.otary(&format!("push {version}.bin --product lamp --version {version} --data x")).printed();
    }
    fleet(&house, &server);
    (house, server)
}

fn fleet(house: &House, server: &Server) {
    let url = format!("--url https://{}/update?chip=esp32 --ca x/trust/root.crt", server.https);
    house
        .otary(&format!("sim {url} --firmware 0.1.bin --fleet 20 --every 1s --mac 02:00:00:00:01:00"))
        .printed();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn the_recording_of_a_fleet_gives_the_same_decisions_again() {
    let (house, server) = updated();
    house.otary("device assign 02:00:00:00:01:03 lamp --channel beta --data x").printed();
    house.otary("device forget 02:00:00:00:01:04 --data x").printed();
    house.otary("product add cam --data x").printed();
    fleet(&house, &server);
    assert!(server.terminate().success());

    let said = house.otary("audit replay inputs.jsonl").printed();
    let decisions: u32 = said.split(' ').next().unwrap().parse().unwrap();
    // Each board polls for its update and once more with it; the second time the one on beta has nothing to come for.
    assert_eq!(decisions, 2 * 20 + 2 * 20 - 1, "{said}");
    assert!(said.ends_with("decisions: all the same.\n"), "{said}");
    let recording = house.text("inputs.jsonl");
    for input in ["catalogue", "device", "check-in", "delivery"] {
        assert!(recording.contains(&format!("\"input\":\"{input}\"")), "{input}");
    }

    // An otary that decided otherwise, as this one would see it.
    let (before, after) =
        ("\"rule\":\"up-to-date\",\"version\":\"0.2\"", "\"rule\":\"up-to-date\",\"version\":\"0.9\"");
    assert!(recording.contains(before));
    house.write("other.jsonl", recording.replacen(before, after, 1));
    let differs = house.otary("audit replay other.jsonl");
    assert!(
        differs.out.contains("was  wait: runs 0.9") && differs.out.contains("now  wait: runs 0.2"),
        "{differs:?}"
    );
    assert!(differs.refused().contains(" of 79 decisions would be otherwise"));

    house.write("cut.jsonl", &recording[..recording.len() - 10]);
    house.otary("audit replay cut.jsonl").printed();
    house.write("none.jsonl", "{\"at\":1}\n");
    assert!(house.otary("audit replay none.jsonl").refused().contains("line 1 is none of a recording"));
}

#[test]
fn a_recording_takes_no_more_room_than_it_may_and_each_file_stands_alone() {
    let house = House::new();
    let server = house.serve("--set record.file=inputs.jsonl --set record.size=30KiB");
    house.sample("0.1.bin", "0.1");
    house.otary("push 0.1.bin --product lamp --version 0.1 --data x").printed();
    (0..3).for_each(|_| fleet(&house, &server));
    assert!(server.terminate().success());
    for file in ["inputs.jsonl", "inputs.jsonl.1"] {
        let text = house.text(file);
        assert!(text.len() < 60_000, "{file}: {}", text.len());
        if !text.is_empty() {
            house.otary(&format!("audit replay {file}")).printed();
        }
    }
    assert!(!house.text("inputs.jsonl.1").is_empty());
}

#[test]
fn a_head_that_was_noted_tells_a_log_that_goes_on_from_one_that_was_cut_off() {
    let (house, server) = updated();
    let early = house.otary("audit head --data x").printed().trim().to_owned();
    let status = house.otary("status --data x").printed();
    assert!(status.contains(&format!("  audit log  {early}\n")), "{status}");
    copy(&house.data(), &house.path("copy"));

    house.otary("device assign 02:00:00:00:01:03 lamp --channel beta --data x").printed();
    let late = house.otary("audit head --data x").printed().trim().to_owned();
    for head in [&early, &late, &late.split(':').next_back().unwrap().to_owned()] {
        let said = house.otary(&format!("audit verify --head {head} --data x")).printed();
        assert!(said.contains("Everything up to the head is as it was written"), "{said}");
    }
    assert!(server.terminate().success());

    let said = house.otary(&format!("audit verify --copy copy --head {early}")).printed();
    assert!(said.contains("0 entries came since"), "{said}");
    let cut_off = house.otary(&format!("audit verify --copy copy --head {late}")).refused();
    assert!(cut_off.contains("the log was cut off"), "{cut_off}");
    let (number, chain) = early.split_once(':').unwrap();
    let other = format!("{number}:{}", chain.chars().rev().collect::<String>());
    let rewritten = house.otary(&format!("audit verify --head {other} --data x")).refused();
    assert!(rewritten.contains("the log was rewritten"), "{rewritten}");
}

#[test]
fn the_log_shows_who_did_what() {
    let (house, _server) = updated();
    house.otary("device assign 02:00:00:00:01:03 lamp --channel beta --data x").printed();
    let said = house.otary("audit show --since 1h --operators --data x").printed();
    assert!(said.contains("local: published lamp 0.1") || said.contains("local: "), "{said}");
    assert!(!said.contains("took all"), "{said}");
    let said = house.otary("audit show --device 02:00:00:00:01:03 --data x").printed();
    assert!(said.contains("assigned to lamp, channel beta") && said.contains("took all"), "{said}");
    assert!(!said.contains("02:00:00:00:01:05"), "{said}");
    let lines = house.otary("audit show --json --data x").printed();
    for (number, line) in (1..).zip(lines.lines()) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["number"], number);
        assert_eq!(line["chain"].as_str().unwrap().len(), 64);
    }
}

#[test]
fn a_group_is_made_by_hand_or_by_a_query_and_asked_for() {
    let (house, _server) = updated();
    let otary = |words: &str| house.otary(&format!("group {words} --data x"));
    let said = otary("set fresh --where build=0.2 --product lamp").printed();
    assert_eq!(said, "fresh of lamp: build = 0.2\n  20 devices on record now\n");
    otary("set friends 02:00:00:00:01:03 02:00:00:00:09:09").printed();
    let said = otary("add friends 02:00:00:00:01:04").printed();
    assert_eq!(said, "friends: 3 devices by hand\n  2 devices on record now\n");
    otary("remove friends 02:00:00:00:01:03").printed();
    let said = otary("show friends").printed();
    assert!(said.contains("02:00:00:00:01:04") && !said.contains("02:00:00:00:01:03"), "{said}");
    let found = house.otary("device list --where group=friends --json --data x").printed();
    assert_eq!(found.matches("\"mac\"").count(), 1, "{found}");
    assert!(otary("add fresh 02:00:00:00:01:04").refused().contains("made by a query"));
    assert!(otary("set nested --where group=fresh").refused().contains("cannot ask for groups"));
    assert!(otary("set fresh --where chp=1").refused().contains("^^^ expected a field"));
    otary("delete friends").printed();
    let said = otary("list").printed();
    assert!(said.contains("fresh") && !said.contains("friends"), "{said}");
    assert!(otary("show friends").refused().contains("there is no group friends"));
    let log = house.otary("audit show --operators --data x").printed();
    for did in
        ["made the group fresh", "added 02:00:00:00:01:04 to the group friends", "deleted the group friends"]
    {
        assert!(log.contains(did), "{did}\n{log}");
    }
}

#[test]
fn devices_are_listed_by_a_query() {
    let (house, _server) = updated();
    let found = house.otary("device list --where build=0.2 --json --data x").printed();
    assert_eq!(found.matches("\"02:00:00:00:01:").count(), 20, "{found}");
    let found = house.otary("device list --where build<0.2 --data x").printed();
    assert_eq!(found, "No device is on record with build < 0.2.\n");
    let refused = house.otary("device list --where chp=esp32 --data x").refused();
    assert!(refused.contains("chp=esp32\n^^^ expected a field such as chip"), "{refused}");
}
