//! The scripts in docs/sim, and the example in docs/SIM.md.

use std::path::PathBuf;

use otary_sim::virtual_fleet::{Report, What};

use crate::played;

fn docs(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// Plays a documented script, which has to come to what it expects.
fn documented(name: &str) -> Report {
    let report = played(&docs(&format!("sim/{name}")));
    assert!(!report.expectations.is_empty(), "{name} expects nothing");
    let missed: Vec<_> = report.expectations.iter().filter(|expected| !expected.met).collect();
    assert!(missed.is_empty(), "{name}: {missed:?}");
    report
}

#[test]
fn an_outage_is_no_bad_release_and_the_fleet_gets_it() {
    let report = documented("outage.txt");
    assert_eq!(report.boards, 2_000);
    let told = |of: fn(&What) -> bool| report.timeline.iter().filter(|entry| of(&entry.what)).count();
    assert_eq!(told(|what| matches!(what, What::SitesOff { .. })), 2);
    assert_eq!(told(|what| matches!(what, What::Opened { .. })), 3, "{:#?}", report.timeline);
    assert_eq!(told(|what| matches!(what, What::Stopped { .. })), 0);
    assert!(report.end.false_silence <= 20, "{}", report.end.false_silence);
}

#[test]
fn what_bricks_one_in_twenty_is_stopped_while_most_of_the_fleet_has_not_got_it() {
    let report = documented("bricks.txt");
    let notice = report.timeline.iter().find_map(|entry| match &entry.what {
        What::Stopped { notice, .. } => Some(notice),
        _ => None,
    });
    assert!(notice.unwrap().contains("otary release withdraw lamp 2.0"), "{notice:?}");
    assert_eq!(report.end.lost(), report.end.bricked);
}

#[test]
fn what_kills_wifi_after_a_day_has_gone_to_everybody_without_a_soak_and_to_few_with_one() {
    let (without, with) = (documented("wifi.txt"), documented("wifi-soak.txt"));
    assert!(with.end.unreachable * 10 < without.end.unreachable);
    assert_eq!(without.end.bricked, 0);
}

#[test]
fn every_script_of_the_manual_is_one() {
    let manual = docs("SIM.md");
    let mut scripts = manual.split("```text\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let first = scripts.next().unwrap();
    let report = played(first);
    assert!(report.expectations.iter().all(|expected| expected.met), "{:?}", report.expectations);
}
