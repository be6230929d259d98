//! How every view looks: on a phone and on a desk, by day and by night, with a fleet in it. What no scenario asks for is asked here of
//! all of them: nothing is wider than a phone, the browser complains of nothing, axe finds nothing that keeps anybody out, and no
//! view is heavy.

use crate::axe::Axe;
use crate::browser::Browser;
use crate::person::{makes_an_account, sits_down};
use crate::screen::{SCREENS, Screen};
use crate::street::Street;

/// The most bytes of a view: the document, its style and its script, as they are without compression.
const HEAVIEST: u64 = 100_000;

/// What is shown to whoever is not signed in.
const DOOR: [(&str, &str); 2] = [("sign-in", "/sign-in"), ("setup", "/setup")];
/// What is shown to whoever is.
const VIEWS: [(&str, &str); 17] = [
    ("now", "/"),
    ("devices", "/devices"),
    ("devices-fault", "/devices?where=product%20%3D%20lamp%20and%20buld%20%3C%202"),
    ("device", "/devices/02:00:00:00:00:01"),
    ("campaigns", "/campaigns"),
    ("campaign-stopped", "/campaigns/1"),
    ("campaign-waits", "/campaigns/2"),
    ("releases", "/releases"),
    ("release", "/releases/lamp/0.2"),
    ("compare", "/compare?product=lamp&a=0.1&b=0.2"),
    ("upload", "/upload"),
    ("trust", "/trust"),
    ("audit", "/audit"),
    ("settings", "/settings"),
    ("start", "/start"),
    ("not-there", "/campaigns/99"),
    ("device-not-there", "/devices/02:00:00:00:FF:FF"),
];

#[test]
fn every_view_is_well_on_a_phone_and_on_a_desk_by_day_and_by_night() {
    let street = Street::with_a_fleet();
    let Some(browser) = sits_down(&street.house) else { return };
    let looks = Looks { axe: Axe::find(), browser };
    makes_an_account(&looks.browser, &street.house);
    let mut wrong: Vec<String> = VIEWS.iter().flat_map(|(name, path)| looks.at(name, path)).collect();
    wrong.extend(looks.at_an_upload(&street));
    looks.browser.open("/");
    looks.browser.presses("Sign out");
    looks.browser.waits_for("I have a setup code");
    wrong.extend(DOOR.iter().flat_map(|(name, path)| looks.at(name, path)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

struct Looks {
    axe: Option<Axe>,
    browser: Browser,
}

impl Looks {
    /// What is wrong with the view at an address.
    fn at(&self, name: &str, path: &str) -> Vec<String> {
        self.browser.open(path);
        self.at_what_is_shown(name)
    }

    /// The same with a file that was uploaded, before and after it was reviewed.
    fn at_an_upload(&self, street: &Street) -> Vec<String> {
        street.house.sample("lamp-0.3.bin", "0.3");
        self.browser.open("/upload");
        self.browser.chooses(&street.house.path("lamp-0.3.bin"));
        self.browser.waits_for("certificates in it");
        let mut wrong = self.at_what_is_shown("upload-facts");
        self.browser.fills("Product", "lamp");
        self.browser.fills("Version", "0.3");
        self.browser.presses("Review");
        self.browser.waits_for("lamp 0.3 would go");
        wrong.extend(self.at_what_is_shown("upload-review"));
        wrong
    }

    fn at_what_is_shown(&self, name: &str) -> Vec<String> {
        let mut wrong: Vec<String> = SCREENS.iter().flat_map(|screen| self.through(*screen, name)).collect();
        // That an answer was 404 is no fault of a view that says what is not there.
        let is_meant =
            |complaint: &String| name.ends_with("not-there") && complaint.contains("status of 404");
        wrong.extend(self.browser.complaints().into_iter().filter(|complaint| !is_meant(complaint)));
        wrong.extend(self.weight());
        wrong.into_iter().map(|wrong| format!("{name}: {wrong}")).collect()
    }

    fn through(&self, screen: Screen, name: &str) -> Vec<String> {
        screen.is_used(&self.browser);
        screen.keeps_a_picture(&self.browser, name);
        let mut wrong = self.axe.as_ref().map_or_else(Vec::new, |axe| axe.finds(&self.browser));
        let width = self.browser.runs("return document.documentElement.scrollWidth").as_u64().unwrap();
        if width > screen.width.into() {
            wrong.push(format!("{width} pixels wide: {}", self.widest(screen.width)));
        }
        wrong.into_iter().map(|wrong| format!("{} {}: {wrong}", screen.name, screen.scheme)).collect()
    }

    /// What reaches beyond the screen and lies in nothing that scrolls.
    fn widest(&self, width: u32) -> String {
        let widest = self.browser.runs(&format!(
            "const scrolls = (e) => e && e !== document.body && (getComputedStyle(e).overflowX !== 'visible' || scrolls(e.parentElement));
             return [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > {width} + 1 && !scrolls(e))
                .slice(0, 3).map((e) => e.outerHTML.slice(0, 160)).join('\\n  ');",
        ));
        widest.as_str().unwrap().to_owned()
    }

    fn weight(&self) -> Option<String> {
        let weight = self.browser.runs(
            "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
                .filter((e) => e.entryType === 'navigation' || /\\.(css|js)$/.test(e.name)).reduce((sum, e) => sum + e.encodedBodySize, 0);",
        );
        let weight = weight.as_u64().unwrap();
        println!("{}: {weight} bytes", self.browser.path());
        (!(1..=HEAVIEST).contains(&weight)).then(|| format!("{weight} bytes"))
    }
}
