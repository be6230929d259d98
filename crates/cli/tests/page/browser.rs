//! A person at the browser: finds things by what they are called on the screen, types, presses, reads, and waits for what changes
//! by itself.

use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::webdriver::Refused;

/// What is to appear by itself has so long to do it on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// WebDriver's name for what stands for an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser on one server.
pub struct Browser {
    chromium: Chromium,
    server: String,
}

/// Keys that are no characters (WebDriver, 17.4.2).
pub mod key {
    pub const TAB: &str = "\u{E004}";
    pub const ENTER: &str = "\u{E007}";
    pub const ESCAPE: &str = "\u{E00C}";
}

impl Browser {
    /// A browser for the page at `server`, `https://127.0.0.1:3444`.
    pub fn on(chromium: Chromium, server: &str) -> Self {
        Self { chromium, server: server.to_owned() }
    }

    /// Goes to a view by its address.
    pub fn open(&self, path: &str) {
        self.post("url", &json!({ "url": format!("{}{path}", self.server) }));
    }

    /// Where it is, behind the server's address.
    pub fn path(&self) -> String {
        let url = self.chromium.session.get("url").unwrap();
        url.as_str().unwrap().trim_start_matches(&self.server).to_owned()
    }

    /// All text that is shown.
    pub fn text(&self) -> String {
        self.find("//body").map_or_else(|_| String::new(), |body| self.text_of(&body))
    }

    /// The text of what has this id.
    pub fn text_in(&self, id: &str) -> String {
        let found = self
            .find(&format!("//*[@id='{id}']"))
            .unwrap_or_else(|error| panic!("no {id}: {error}\n{}", self.text()));
        self.text_of(&found)
    }

    /// The text of an element; none if another view came in between, which the next look sees.
    fn text_of(&self, element: &str) -> String {
        let text = self.chromium.session.get(&format!("element/{element}/text"));
        text.map_or_else(|_| String::new(), |text| text.as_str().unwrap().to_owned())
    }

    /// Asserts that this is on the screen.
    pub fn sees(&self, text: &str) {
        let shown = self.text();
        assert!(shown.contains(text), "no {text:?} on {}:\n{shown}", self.path());
    }

    /// Waits until this is on the screen, without loading anything anew.
    pub fn waits_for(&self, text: &str) {
        self.waits_until(text, || self.text().contains(text));
    }

    /// Waits until it is so.
    pub fn waits_until(&self, what: &str, is: impl Fn() -> bool) {
        let begin = Instant::now();
        while !is() {
            assert!(begin.elapsed() < PATIENCE, "no {what:?} on {}:\n{}", self.path(), self.text());
            thread::sleep(LOOK);
        }
    }

    /// Writes into the field with this label, in the place of what is there.
    pub fn fills(&self, label: &str, text: &str) {
        let field =
            format!("//label[starts-with(normalize-space(.), '{label}')]//*[self::input or self::textarea]");
        let field = self.found(&field);
        self.post(&format!("element/{field}/clear"), &json!({}));
        self.types_into(&field, text);
    }

    /// Presses the button with this name.
    pub fn presses(&self, name: &str) {
        self.clicks(&format!("//button[normalize-space(.)='{name}' and not(@aria-hidden)]"));
    }

    /// Follows the link with this name.
    pub fn follows(&self, name: &str) {
        self.clicks(&format!("//a[normalize-space(.)='{name}']"));
    }

    /// Follows the first link that is there.
    pub fn follows_first(&self, xpath: &str) {
        self.clicks(xpath);
    }

    /// Opens what is folded up under this name.
    pub fn unfolds(&self, name: &str) {
        self.clicks(&format!("//summary[normalize-space(.)='{name}']"));
    }

    /// The same, unless it is open.
    pub fn unfolds_if_folded(&self, name: &str) {
        let folded = format!("//details[not(@open)]/summary[normalize-space(.)='{name}']");
        if self.has(&folded) {
            self.clicks(&folded);
        }
    }

    /// Ticks the box, or chooses the one, that is labelled so.
    pub fn ticks(&self, label: &str) {
        self.clicks(&format!("//label[starts-with(normalize-space(.), '{label}')]//input"));
    }

    /// Chooses a file in the field of the page that takes files.
    pub fn chooses(&self, file: &std::path::Path) {
        let field = self.found("//input[@type='file']");
        self.types_into(&field, file.to_str().unwrap());
    }

    /// Drops a file on the page, as a hand with a mouse does: the browser makes what is carried, and the zone is told of it.
    pub fn drops(&self, name: &str, bytes: &[u8]) {
        let bytes = STANDARD.encode(bytes);
        self.runs(&format!(
            "const carried = new DataTransfer();
             const bytes = Uint8Array.from(atob('{bytes}'), (c) => c.charCodeAt(0));
             carried.items.add(new File([bytes], '{name}'));
             const zone = document.querySelector('[data-upload]');
             for (const kind of ['dragenter', 'dragover', 'drop']) {{
               zone.dispatchEvent(new DragEvent(kind, {{ bubbles: true, cancelable: true, dataTransfer: carried }}));
             }}"
        ));
    }

    /// Whether there is such an element.
    pub fn has(&self, xpath: &str) -> bool {
        self.find(xpath).is_ok()
    }

    /// Presses a key, or types, wherever the focus is.
    pub fn types(&self, keys: &str) {
        let presses = keys.chars().flat_map(|key| {
            [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
        });
        let presses: Vec<Value> = presses.collect();
        self.post("actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": presses }] }));
    }

    /// What the element with the focus is: its name for a person, else its tag.
    pub fn focus(&self) -> String {
        let focused = self.runs(
            "const e = document.activeElement; return (e.labels?.[0]?.textContent ?? e.textContent).trim() || e.tagName;",
        );
        focused.as_str().unwrap().to_owned()
    }

    /// Runs a script in the page, of which the page's policy knows nothing.
    pub fn runs(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Runs a script that calls its last argument when it is done.
    pub fn runs_async(&self, script: &str) -> Value {
        self.post("execute/async", &json!({ "script": script, "args": [] }))
    }

    /// A command of the DevTools protocol.
    pub fn commands(&self, command: &str, parameters: &Value) -> Value {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// What the browser complained of since this was asked last: errors of scripts, and what the page's policy forbade.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.post("se/log", &json!({ "type": "browser" }));
        let lines = log.as_array().unwrap().iter();
        let grave = lines.filter(|line| line["level"] == "SEVERE" || line["level"] == "WARNING");
        grave.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    fn types_into(&self, field: &str, text: &str) {
        self.post(&format!("element/{field}/value"), &json!({ "text": text }));
    }

    fn clicks(&self, xpath: &str) {
        let element = self.found(xpath);
        self.post(&format!("element/{element}/click"), &json!({}));
    }

    fn found(&self, xpath: &str) -> String {
        self.find(xpath).unwrap_or_else(|error| panic!("{error} on {}:\n{}", self.path(), self.text()))
    }

    fn find(&self, xpath: &str) -> Result<String, Refused> {
        let found = self.chromium.session.post("element", &json!({ "using": "xpath", "value": xpath }))?;
        Ok(found[ELEMENT].as_str().unwrap().to_owned())
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        self.chromium
            .session
            .post(command, body)
            .unwrap_or_else(|refused| panic!("{command} {body}: {refused}"))
    }
}
