//! Campaigns, watched as they go: nothing here loads a view anew to see what changed.

use crate::fleet::Fleet;
use crate::person::{makes_an_account, sits_down};
use crate::street::{LAMPS, publish, with_lamps};

#[test]
fn a_bad_release_is_stopped_on_evidence_while_a_person_looks_on_and_the_page_says_why() {
    let house = with_lamps();
    let server = house.serve("");
    let Some(browser) = sits_down(&house) else { return };
    makes_an_account(&browser, &house);
    publish(&house, "lamp", "0.2", "");
    browser.open("/campaigns/1");
    browser.sees("Nothing speaks against the release.");

    let _lamps = Fleet::switch_on(&house, &server, "lamp-0.1.bin", LAMPS, "0.2");
    browser.waits_for("Stopped on evidence");
    browser.sees("Devices that speak against it");
    browser.sees("rolled back");

    browser.follows("Now");
    browser.sees("Campaign 1 of lamp 0.2 was stopped: the evidence is against the release");
    browser.follows("Look at the evidence");
    browser.follows_first("//section[@id='campaign-evidence']//li/a");
    let why = browser.text_in("device-why");
    assert!(why.starts_with("Why did it not update?\n") && why.contains("campaign 1 was stopped"), "{why}");
    assert!(why.contains("on this one, too: rolled back"), "{why}");
    assert!(
        why.contains("On what evidence") && why.contains("devices that were offered the release"),
        "{why}"
    );
    let met = browser.text_in("device-attempts");
    assert!(met.contains("rolled back"), "{met}");
}

#[test]
fn a_campaign_is_paused_resumed_and_aborted_and_the_last_only_by_typing_its_number() {
    let house = with_lamps();
    let _server = house.serve("");
    let Some(browser) = sits_down(&house) else { return };
    makes_an_account(&browser, &house);
    publish(&house, "lamp", "0.2", "");
    browser.open("/campaigns");
    browser.follows("lamp 0.2");
    browser.presses("Pause");
    browser.waits_for("Paused: nothing more is offered until it is resumed.");
    browser.presses("Resume");
    browser.waits_for("Resumed.");

    browser.unfolds("Abort it");
    browser.fills("Type 1 to be sure", "2");
    browser.presses("Abort");
    assert_eq!(browser.path(), "/campaigns/1?done=resumed", "the browser does not send what does not fit");
    browser.runs("document.querySelector('form[action$=abort]').noValidate = true");
    browser.presses("Abort");
    browser.waits_for("to be sure, 1 has to be typed");

    browser.open("/campaigns/1");
    browser.unfolds("Abort it");
    browser.fills("Type 1 to be sure", "1");
    browser.presses("Abort");
    browser.waits_for("Aborted: its release is offered to nobody any more.");
    assert!(!browser.has("//button[.='Pause' or .='Resume' or .='Abort']"), "{}", browser.text());
    let log = house.otary("audit show --operators --data x").printed();
    for done in ["paused campaign 1", "resumed", "aborted campaign 1"] {
        assert!(log.lines().any(|line| line.contains(done) && line.contains("lena")), "{done}\n{log}");
    }
}
