//! What other clients than Arduino's take: a piece of configuration or program with this server's URL in it. docs/CLIENTS.md
//! says of each what it can do and what not.

use std::path::Path;

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use otary_fleet::ProductName;
use zeroize::Zeroizing;

use crate::advice::advised;
use crate::file::read_text;

/// The largest file that a link is looked for in, in bytes.
const MOST_BYTES: u64 = 4096;

/// A client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Client {
    /// ESPHome: `http_request` updates
    Esphome,
    /// ESP-IDF: `esp_https_ota`
    EspIdf,
    /// The Arduino library esp32FOTA
    Esp32fota,
    /// Tasmota: `OtaUrl`, and a rule that asks
    Tasmota,
    /// MicroPython: `micropython-esp32-ota`
    Micropython,
}

/// What makes one piece differ from the next.
#[derive(Debug)]
pub struct Snippet<'a> {
    /// For whom.
    pub client: Client,
    /// Scheme, host and port.
    pub origin: &'a str,
    /// The device's link, `/d/TOKEN`, if it has one.
    pub link: Option<&'a str>,
    /// What the device is.
    pub product: &'a ProductName,
    /// The version that it says it has.
    pub version: &'a str,
    /// The certificates that it trusts (PEM).
    pub roots: &'a str,
}

impl Client {
    const fn template(self) -> &'static str {
        match self {
            Self::Esphome => include_str!("client/esphome.yaml"),
            Self::EspIdf => include_str!("client/esp_idf.c"),
            Self::Esp32fota => include_str!("client/esp32fota.ino"),
            Self::Tasmota => include_str!("client/tasmota.txt"),
            Self::Micropython => include_str!("client/micropython.py"),
        }
    }
}

impl Snippet<'_> {
    /// The text, ready to be put in.
    pub fn render(&self) -> String {
        let quoted = |line: &str| format!("    \"{line}\\n\"");
        let c_roots: Vec<String> = self.roots.trim_end().lines().map(quoted).collect();
        let text = self.client.template();
        text.replace("<BASE>", &format!("{}{}", self.origin, self.link.unwrap_or_default()))
            .replace("<PRODUCT>", self.product.as_str())
            .replace("<VERSION>", self.version)
            .replace("<ROOTS-IN-C>", &c_roots.join("\n"))
            .replace("<ROOTS>", self.roots.trim_end())
    }

    /// What has to be known of it.
    pub fn notes(&self) -> Vec<&'static str> {
        let client = match self.client {
            Client::Esphome => {
                "ESPHome knows no authority but the public ones: with verify_ssl: false it believes every server; or give \
                 otary a certificate that is known everywhere (otary serve --tls-cert)"
            }
            Client::Tasmota => {
                "a Tasmota for the ESP8266 speaks plain HTTP alone (otary product set PRODUCT --allow-plain-http), and one for \
                 the ESP32 does not look whose certificate it is"
            }
            Client::Micropython => {
                "MicroPython's requests does not look whose certificate it is; the SHA-256 is as good as the \
                                    connection that it came by"
            }
            Client::EspIdf | Client::Esp32fota => return Vec::new(),
        };
        vec![client]
    }
}

/// The link in a file's first line.
pub fn read_link(path: &Path) -> Result<Zeroizing<String>> {
    let text = read_text(path, MOST_BYTES)?;
    let line = text.lines().next().unwrap_or_default().trim();
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    match line.strip_prefix("/d/") {
        Some(token) if token.len() == 24 && token.bytes().all(plain) => Ok(Zeroizing::new(line.to_owned())),
        _ => Err(advised(
            anyhow!("the first line of {} is no link", path.display()),
            format!("otary device link MAC > {}", path.display()),
        )),
    }
}
