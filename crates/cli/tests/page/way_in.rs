//! The way in: a setup code makes the first account, and a password lets in from then on.

use crate::house::House;
use crate::person::{self, PASSWORD, setup_code, signs_in, sits_down, types_a_code};

#[test]
fn until_there_is_an_account_every_way_leads_to_the_form_for_the_setup_code() {
    let house = House::new();
    let _server = house.serve("");
    let Some(browser) = sits_down(&house) else { return };
    for path in ["/", "/devices", "/campaigns/1", "/sign-in"] {
        browser.open(path);
        assert_eq!(browser.path(), "/setup", "{path}");
        browser.sees("The first account");
        assert!(!browser.has("//nav"), "nothing of the views is shown");
    }
    types_a_code(&browser, "0000-0000-0000-0000-0000-0000-00");
    browser.waits_until("a refusal", || browser.has("//*[@role='alert']"));
    assert_eq!(browser.path(), "/setup");

    let code = setup_code(&house);
    types_a_code(&browser, &code);
    browser.waits_for("Sign out");
    browser.sees(person::NAME);
    assert_eq!(browser.path(), "/");

    browser.presses("Sign out");
    browser.waits_for("I have a setup code");
    browser.open("/devices");
    assert_eq!(browser.path(), "/sign-in", "the session is over");
    browser.open("/setup");
    types_a_code(&browser, &code);
    browser.waits_until("the refusal of a used code", || browser.has("//*[@role='alert']"));
    assert!(browser.path().starts_with("/setup"), "{}", browser.path());
}

#[test]
fn a_wrong_password_is_said_and_the_right_one_lets_in() {
    let house = House::new();
    let _server = house.serve("");
    let Some(browser) = sits_down(&house) else { return };
    person::makes_an_account(&browser, &house);
    browser.presses("Sign out");
    browser.waits_for("I have a setup code");
    signs_in(&browser, "a lamp in no window");
    browser.waits_until("a refusal", || browser.has("//*[@role='alert']"));
    assert_eq!(browser.path(), "/sign-in");
    signs_in(&browser, PASSWORD);
    browser.waits_for("Sign out");
    assert_eq!(browser.path(), "/");
}
