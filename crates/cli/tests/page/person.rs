//! A person in front of the page, and how they get in.

use otary_server::operator::Announcement;

use crate::browser::Browser;
use crate::chromium::Chromium;
use crate::house::House;

/// What a person of these tests is called.
pub const NAME: &str = "lena";
/// And what nobody else knows.
pub const PASSWORD: &str = "a lamp in every window";

/// Sits down in front of the page of the house's server; nobody does where there is no Chromium.
pub fn sits_down(house: &House) -> Option<Browser> {
    let announced = Announcement::read(&house.data()).unwrap().unwrap();
    let chromium = Chromium::start(&announced.ca)?;
    Some(Browser::on(chromium, &announced.url))
}

/// Asks the owner of the data for a setup code.
pub fn setup_code(house: &House) -> String {
    let printed = house.otary("setup-code --data x").printed();
    let is_code =
        |word: &&str| word.chars().filter(char::is_ascii_alphanumeric).count() == 26 && word.contains('-');
    printed.split_whitespace().find(is_code).unwrap_or_else(|| panic!("{printed}")).to_owned()
}

/// Makes the first account, and is signed in by that.
pub fn makes_an_account(browser: &Browser, house: &House) {
    browser.open("/setup");
    types_a_code(browser, &setup_code(house));
    browser.waits_for("Sign out");
}

/// Fills the form for a setup code in and sends it.
pub fn types_a_code(browser: &Browser, code: &str) {
    browser.fills("Setup code", code);
    browser.fills("Your name", NAME);
    browser.fills("Password", PASSWORD);
    browser.fills("The same again", PASSWORD);
    browser.presses("Make the account");
}

/// Fills the form to sign in in and sends it.
pub fn signs_in(browser: &Browser, password: &str) {
    browser.fills("Name", NAME);
    browser.fills("Password", password);
    browser.presses("Sign in");
}
