//! What simulated fleets show of the engine, each in a script of a few lines.

use otary_fleet::CampaignId;
use otary_sim::virtual_fleet::{Report, What};

use crate::played;

/// A hundred lamps that ask every ten minutes; release 2.0 and what goes on with it come behind.
fn lamps(what: &str) -> Report {
    played(&format!(
        "fleet 100 at 10 sites\nbefore 2d\nlasts 4d\nboards 100% arduino-esp32 on esp32 every 10m with secret\n\
         release 1.0\nrelease 2.0\n{what}"
    ))
}

fn running(report: &Report, version: &str) -> usize {
    report.end.running.get(version).copied().unwrap_or(0)
}

fn refusals(report: &Report) -> Vec<String> {
    let refused = report.timeline.iter().filter(|entry| matches!(entry.what, What::Refused { .. }));
    refused.map(|entry| entry.what.to_string()).collect()
}

#[test]
fn releases_that_roll_back_loop_or_are_refused_lose_nobody_and_are_stopped() {
    for fault in ["rolls-back", "loops", "refuses"] {
        let report = lamps(&format!("fault 2.0 {fault} 50%\nat 0 campaign 2.0 in 20%,100%"));
        let course = &report.campaigns[0];
        assert_eq!((course.state, report.end.lost()), ("stopped", 0), "{fault}: {course:?}");
        assert!(course.seen.failed >= 3 && course.seen.silent == 0, "{fault}: {course:?}");
        assert!(running(&report, "1.0") > 50, "{fault}");
    }
}

#[test]
fn an_operator_pauses_resumes_approves_and_aborts() {
    let approved =
        lamps("at 0 campaign 2.0 in 20%,100% after approval\nat 1d approve\nat 36h pause\nat 37h resume");
    assert_eq!((running(&approved, "2.0"), approved.campaigns[0].state), (100, "running"));
    assert!(refusals(&approved).is_empty(), "{:?}", refusals(&approved));
    let waiting = lamps("at 0 campaign 2.0 in 20%,100% after approval");
    assert_eq!((running(&waiting, "2.0"), waiting.campaigns[0].state), (20, "awaits-approval"));
    let aborted = lamps("at 0 campaign 2.0 in 20%,100% soak 1d\nat 12h abort\nat 1d approve");
    assert_eq!((running(&aborted, "2.0"), aborted.campaigns[0].state), (20, "aborted"));
    assert_eq!(refusals(&aborted), ["approve: refused, campaign 1 is aborted"]);
}

#[test]
fn a_second_campaign_for_the_same_boards_is_refused_until_the_first_is_over() {
    let report = lamps(
        "release 2.1\nat 0 campaign 2.0 in 20%,100% soak 1d\nat 1h campaign 2.1 in 100%\nat 2h abort\nat 3h roll-back to 1.0 in 100%",
    );
    assert_eq!(
        refusals(&report),
        ["a campaign with 2.1: refused, campaign 1 for the same boards is running"]
    );
    assert_eq!(report.campaigns.len(), 2);
    assert_eq!((report.campaigns[1].campaign, running(&report, "1.0")), (CampaignId(2), 100), "all are back");
}

#[test]
fn nobody_is_taken_for_silent_because_the_server_was_off_and_it_goes_on_where_it_was() {
    let report = lamps("at 0 campaign 2.0 in 20%,100%\nat 10m server is off for 9h");
    assert_eq!((running(&report, "2.0"), report.end.false_silence), (100, 0), "{:?}", report.campaigns);
    assert!(report.timeline.iter().any(|entry| entry.what == What::ServerBack));
}

#[test]
fn strangers_neither_pass_a_gate_on_proof_nor_stop_it() {
    let gate = "at 0 campaign 2.0 in 20%,100% on proof\n";
    // They say that boards run what kills them, so that nobody seems to be missed.
    let successes =
        format!("fault 2.0 bricks 50%\n{gate}at 1m strangers say 2.0 as 100 boards every 5m for 2d nearby");
    assert_eq!(lamps(&successes).campaigns[0].state, "stopped");
    // They say that boards still run the old build.
    let failures = lamps(&format!("{gate}at 1m strangers say 1.0 as 100 boards every 5m for 2d nearby"));
    assert_eq!(failures.campaigns[0].seen.failed, 0, "{:?}", failures.campaigns);
    assert_ne!(failures.campaigns[0].state, "stopped");
}

#[test]
fn each_client_gets_the_release_in_its_own_way() {
    for client in [
        "arduino-esp32 on esp32",
        "arduino-esp8266",
        "agent on esp32c3",
        "esp-idf on esp32s3",
        "esphome on esp32",
        "esp32fota on esp32",
        "tasmota on esp32",
        "micropython on esp32",
    ] {
        let report = played(&format!(
            "fleet 30\nbefore 2d\nlasts 5d\nboards 100% {client} every 10m\nrelease 1.0\nrelease 2.0\nat 0 campaign 2.0 in 5,100%"
        ));
        assert_eq!((running(&report, "2.0"), report.campaigns[0].state), (30, "finished"), "{client}");
    }
}

#[test]
fn boards_that_do_not_say_who_they_are_have_no_part_in_waves() {
    let fleet = "fleet 60\nbefore 2d\nlasts 5d\nboards 50% esp-idf on esp32 every 10m nameless\n\
        boards 50% esp-idf on esp32 every 10m\nrelease 1.0\nrelease 2.0\n";
    let report = played(&format!("{fleet}at 0 campaign 2.0 in 5,100%"));
    assert_eq!((report.campaigns[0].seen.offered, report.campaigns[0].seen.installed), (30, 30));
    let report = played(&format!("{fleet}at 0 campaign 2.0 in 5,100% soak 7d"));
    assert_eq!(running(&report, "2.0"), 5, "only the named ones of the first wave");
    let report = played(&format!("{fleet}at 0 publish 2.0"));
    assert_eq!(running(&report, "2.0"), 60);
}

#[test]
fn boards_are_slower_over_a_link_that_breaks_off_and_no_worse() {
    let report = played(
        "fleet 60 at 6 sites\nbefore 2d\nlasts 6d\nboards 100% arduino-esp32 on esp32 every 10m cut off 60%\n\
         release 1.0\nrelease 2.0\nat 0 campaign 2.0 in 20%,100%",
    );
    assert_eq!((running(&report, "2.0"), report.campaigns[0].seen.failed), (60, 0), "{:?}", report.campaigns);
}

#[test]
fn a_version_is_passed_through_and_one_that_is_not_there_is_refused() {
    let script = "fleet 20\nbefore 2d\nlasts 4d\nboards 100% arduino-esp32 on esp32 every 10m\nrelease 1.0\nrelease 1.5\nrelease 2.0 via 1.5\n";
    let report = played(&format!("{script}at 0 campaign 2.0 in 100%"));
    let refused = refusals(&report);
    assert!(refused[0].contains("which is no release of the product"), "{refused:?}");
    let report = played(&format!("{script}at 0 publish 1.5\nat 1d campaign 2.0 in 100%"));
    assert_eq!(running(&report, "2.0"), 20);
}
