//! From a file on a desk to the last lamp of the fleet, without leaving the page.

use crate::fleet::Fleet;
use crate::person::{makes_an_account, sits_down};
use crate::street::{LAMPS, with_lamps};

/// Seconds for which each lamp is watched here, in hours.
const WATCH: &str = "0.0005";

#[test]
fn a_file_is_dropped_reviewed_published_and_watched_to_the_last_lamp() {
    let house = with_lamps();
    let server = house.serve("");
    let Some(browser) = sits_down(&house) else { return };
    makes_an_account(&browser, &house);
    let image = house.sample("lamp-0.2.bin", "0.2");

    browser.follows("Releases");
    browser.follows("Upload a release");
    browser.drops("lamp-0.2.bin", &image);
    browser.waits_for("certificates in it");
    browser.sees("lamp-0.2.bin");
    browser.sees(&otary_fleet::Sha256::of(&image).to_string());
    assert!(!house.otary("release list --data x").printed().contains("0.2"), "nothing is published yet");

    browser.fills("Product", "lamp");
    browser.fills("Version", "0.2");
    browser.ticks("In waves, as said here");
    browser.unfolds_if_folded("The waves");
    browser.fills("Waves", "3,50%,100%");
    browser.fills("Watch, hours", WATCH);
    browser.presses("Review");
    browser.waits_for("lamp 0.2 would go");
    browser.presses("Publish");
    browser.waits_for("Published.");

    assert!(browser.path().starts_with("/campaigns/1"), "{}", browser.path());
    browser.sees("0 of 3 run it");
    let _lamps = Fleet::switch_on(&house, &server, "lamp-0.1.bin", LAMPS, "");
    browser.waits_for("3 of 3 run it");
    browser.waits_for("8 of 8 run it");
    browser.waits_for("16 offered: 16 installed");
    browser.waits_until("finished", || browser.text_in("campaign-head").contains("finished"));
    browser.sees("Nothing: it has ended.");
    browser.follows("Now");
    browser.waits_for("0.2 16 (100 %)");
}
