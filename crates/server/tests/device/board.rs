//! Boards that speak as the stock libraries do, byte for byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use otary_fleet::{Md5, Sha256};

use crate::site::{Site, appended};
use crate::wire::{HOME, Response, ask, ask_plain};

pub const MAC: &str = "24:6F:28:AA:BB:CC";

/// A board and what its client says.
#[derive(Clone)]
pub struct Board {
    pub esp8266: bool,
    pub mac: String,
    pub path: String,
    pub from: String,
    pub md5: Option<String>,
    pub sha256: Option<String>,
    pub version: Option<String>,
    pub mode: &'static str,
    pub free_space: u64,
    pub plain: bool,
    /// What `setAuthorization` had it send.
    pub authorization: Option<String>,
}

impl Board {
    /// An ESP32 on arduino-esp32 3.0.4 that runs these bytes.
    pub fn esp32(firmware: &[u8], version: &str) -> Self {
        Self {
            esp8266: false,
            mac: MAC.into(),
            path: "/update".into(),
            from: HOME.into(),
            md5: Some(Md5::of(firmware).to_string()),
            sha256: Some(appended(firmware).to_string().to_uppercase()),
            version: Some(version.to_owned()).filter(|version| !version.is_empty()),
            mode: "sketch",
            free_space: 1_310_720,
            plain: false,
            authorization: None,
        }
    }

    /// An ESP8266 on core 3.1.2.
    pub fn esp8266(firmware: &[u8], version: &str) -> Self {
        Self {
            esp8266: true,
            sha256: None,
            mac: "5C:CF:7F:AA:BB:CC".into(),
            ..Self::esp32(firmware, version)
        }
    }

    pub fn mac(mut self, mac: &str) -> Self {
        self.mac = mac.into();
        self
    }

    pub fn path(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    pub fn from(mut self, address: &str) -> Self {
        self.from = address.into();
        self
    }

    pub fn mode(mut self, mode: &'static str) -> Self {
        self.mode = mode;
        self
    }

    /// Another claimant of the same device, so that nothing brakes it which takes the image again and again.
    pub fn anew(mut self, number: u64) -> Self {
        self.free_space += number;
        self
    }

    /// With this user and password.
    pub fn authorized(mut self, user: &str, password: &str) -> Self {
        self.authorization = Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
        self
    }

    /// A core that reports no digest.
    pub fn without_digests(mut self) -> Self {
        (self.md5, self.sha256) = (None, None);
        self
    }

    pub fn over_plain_http(mut self) -> Self {
        self.plain = true;
        self
    }

    pub fn ask(&self, site: &Site) -> Response {
        let ask = if self.plain { ask_plain } else { ask };
        ask(site, &self.from, &self.request())
    }

    pub fn request(&self) -> String {
        if self.esp8266 { self.esp8266_request() } else { self.esp32_request() }
    }

    /// The lines and their order: client-protocols a.1, as run with 3.0.4.
    fn esp32_request(&self) -> String {
        let mut lines = vec![
            format!("GET {} HTTP/1.0", self.path),
            "Host: serverota.local:3443".into(),
            "User-Agent: ESP32-http-Update".into(),
            "Connection: close".into(),
        ];
        lines.extend(self.authorization.as_ref().map(|value| format!("Authorization: {value}")));
        lines.extend([
            "Cache-Control: no-cache".into(),
            format!("x-ESP32-BASE-MAC: {}", self.mac),
            format!("x-ESP32-STA-MAC: {}", self.mac),
            "x-ESP32-AP-MAC: 00:00:00:00:00:00".into(),
            format!("x-ESP32-free-space: {}", self.free_space),
            "x-ESP32-sketch-size: 8192".into(),
        ]);
        lines.extend(self.md5.as_ref().map(|md5| format!("x-ESP32-sketch-md5: {md5}")));
        lines.extend(self.sha256.as_ref().map(|digest| format!("x-ESP32-sketch-sha256: {digest}")));
        lines.push("x-ESP32-chip-size: 4194304".into());
        lines.push("x-ESP32-sdk-version: v5.1.4-497-gdc859c1e67-dirty".into());
        lines.push(format!("x-ESP32-mode: {}", self.mode));
        lines.extend(self.version.as_ref().map(|version| format!("x-ESP32-version: {version}")));
        lines.join("\r\n") + "\r\n\r\n"
    }

    /// Likewise b.1, with the `Content-Length: 0` at its end.
    fn esp8266_request(&self) -> String {
        let mut lines = vec![
            format!("GET {} HTTP/1.0", self.path),
            "Host: serverota.local:3443".into(),
            "User-Agent: ESP8266-http-Update".into(),
        ];
        lines.extend(self.authorization.as_ref().map(|value| format!("Authorization: {value}")));
        lines.extend([
            "Connection: close".into(),
            "x-ESP8266-Chip-ID: 11189196".into(),
            format!("x-ESP8266-STA-MAC: {}", self.mac),
            format!("x-ESP8266-AP-MAC: {}", self.mac.replacen("5C", "5E", 1)),
            format!("x-ESP8266-free-space: {}", self.free_space),
            "x-ESP8266-sketch-size: 8192".into(),
        ]);
        lines.extend(self.md5.as_ref().map(|md5| format!("x-ESP8266-sketch-md5: {md5}")));
        lines.push("x-ESP8266-chip-size: 4194304".into());
        lines.push("x-ESP8266-sdk-version: 2.2.2-dev(38a443e)".into());
        lines.push(format!("x-ESP8266-mode: {}", self.mode));
        lines.extend(self.version.as_ref().map(|version| format!("x-ESP8266-version: {version}")));
        lines.push("Content-Length: 0".into());
        lines.join("\r\n") + "\r\n\r\n"
    }
}

/// Asserts that these bytes came, with a head that every version of the clients takes.
#[track_caller]
pub fn assert_image(response: &Response, bytes: &[u8], version: &str) {
    assert_eq!(response.status, 200, "{:?}", response.headers);
    assert_eq!(response.header("content-length"), Some(bytes.len().to_string().as_str()));
    assert_eq!(response.header("x-md5"), Some(Md5::of(bytes).to_string().as_str()));
    assert_eq!(response.header("x-sha256"), Some(Sha256::of(bytes).to_string().as_str()));
    assert_eq!(response.header("x-version"), Some(version));
    assert_eq!(response.header("transfer-encoding"), None);
    assert_eq!(response.header("content-encoding"), None);
    assert!(response.body == bytes, "{} bytes of {}", response.body.len(), bytes.len());
}

/// Asserts that there is nothing new, in the one way that every version understands.
#[track_caller]
pub fn assert_no_update(response: &Response) {
    assert_eq!(response.status, 304, "{:?}", response.headers);
    assert!(response.body.is_empty());
    assert_eq!(response.header("transfer-encoding"), None);
}
