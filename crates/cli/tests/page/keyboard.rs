//! The page without a mouse.

use crate::browser::key::{ENTER, ESCAPE, TAB};
use crate::person::{NAME, PASSWORD, makes_an_account, sits_down};
use crate::street::with_lamps;

#[test]
fn a_person_signs_in_and_finds_their_way_by_keyboard_alone() {
    let house = with_lamps();
    let _server = house.serve("");
    let Some(browser) = sits_down(&house) else { return };
    makes_an_account(&browser, &house);
    browser.presses("Sign out");
    browser.waits_for("I have a setup code");

    browser.types(&format!("{NAME}{TAB}{PASSWORD}{ENTER}"));
    browser.waits_for("Sign out");

    browser.types(TAB);
    assert_eq!(browser.focus(), "To the contents", "the first stop leads past the views");
    browser.types(ENTER);
    assert!(browser.path().ends_with("#main"), "{}", browser.path());
    browser.types(TAB);
    let inside = browser.runs("return document.querySelector('main').contains(document.activeElement)");
    assert_eq!(inside, true, "and the next one is among the contents, not {}", browser.focus());
}

#[test]
fn a_slash_leads_to_the_query_box_and_a_query_that_is_not_understood_shows_its_place() {
    let house = with_lamps();
    let _server = house.serve("");
    let Some(browser) = sits_down(&house) else { return };
    makes_an_account(&browser, &house);
    browser.open("/devices");
    browser.sees("02:00:00:00:00:01");

    browser.types("/");
    assert_eq!(browser.focus(), "Query");
    browser.types(&format!("product = lamp and buld < 2{ENTER}"));
    browser.waits_until("a fault", || browser.has("//*[@id='fault']"));
    let fault = browser.text_in("fault");
    assert!(fault.contains("buld") && fault.contains('^'), "{fault}");
    let marked =
        browser.runs("return document.querySelector('[type=search]').getAttribute('aria-describedby')");
    assert_eq!(marked, "fault", "whoever does not see the place is told, too");

    browser.types("/");
    browser.types(&format!("product = heater{ENTER}"));
    browser.waits_for("No device is like that");
    browser.types("/");
    browser.types(ESCAPE);
    assert_ne!(browser.focus(), "Query");
}
