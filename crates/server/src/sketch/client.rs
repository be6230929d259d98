//! What other clients than Arduino's take: a piece of configuration or program with this server's URL in it. docs/CLIENTS.md
//! says of each what it can do and what not.

use otary_fleet::ProductName;
use serde::Deserialize;

/// A client that is not the update library of the Arduino cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "OtherClient")]
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
    /// How a file with its piece ends.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Esphome => "yaml",
            Self::EspIdf => "c",
            Self::Esp32fota => "ino",
            Self::Tasmota => "txt",
            Self::Micropython => "py",
        }
    }

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
                 otary a certificate that is known everywhere (otary serve --cert)"
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
