//! The glass: how large it is, whether it is night, and a picture of what it shows.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::browser::Browser;

/// A screen with what a person prefers on it.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    pub name: &'static str,
    /// In CSS pixels.
    pub width: u32,
    pub height: u32,
    pub is_touched: bool,
    pub scheme: &'static str,
}

/// A phone and a desk, by day and by night.
pub const SCREENS: [Screen; 4] = [phone("light"), phone("dark"), desk("light"), desk("dark")];

const fn phone(scheme: &'static str) -> Screen {
    Screen { name: "phone", width: 390, height: 844, is_touched: true, scheme }
}

const fn desk(scheme: &'static str) -> Screen {
    Screen { name: "desk", width: 1440, height: 900, is_touched: false, scheme }
}

impl Screen {
    /// Looks at the page through it from now on.
    pub fn is_used(self, browser: &Browser) {
        let scheme = self.scheme;
        self.is_as_high_as(browser, self.height);
        let preferred = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.commands("Emulation.setEmulatedMedia", &preferred);
    }

    fn is_as_high_as(self, browser: &Browser, height: u32) {
        let Self { width, is_touched, .. } = self;
        let glass = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_touched });
        browser.commands("Emulation.setDeviceMetricsOverride", &glass);
    }

    /// Keeps a picture of the whole view, down to its end, through a glass as high as that.
    pub fn keeps_a_picture(self, browser: &Browser, view: &str) {
        let size = browser.commands("Page.getLayoutMetrics", &json!({}))["cssContentSize"].take();
        let height = size["height"].as_f64().unwrap();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a view is some thousand pixels high"
        )]
        self.is_as_high_as(browser, height as u32);
        let picture = browser.commands("Page.captureScreenshot", &json!({ "format": "png" }));
        self.is_as_high_as(browser, self.height);
        let picture = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        let folder = folder();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{view}-{}-{}.png", self.name, self.scheme)), picture).unwrap();
    }
}

/// Where pictures are kept: beside what is built, unless `OTARY_SCREENSHOTS` says otherwise.
fn folder() -> PathBuf {
    let built = || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    std::env::var_os("OTARY_SCREENSHOTS").map_or_else(built, PathBuf::from)
}
