//! The request that `HTTPUpdate` sends, byte for byte and in its order of headers (arduino-esp32 3.0.4, sketch mode).

use std::fmt::Write as _;

use otary_fleet::{Mac, Md5};

use super::Core;
use crate::url::Url;

/// What a sketch can find out about the board that it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The factory MAC, also the station's.
    pub(crate) mac: Mac,
    /// Whether the chip has Wi-Fi, and so addresses for station and access point.
    pub(crate) wifi: bool,
    /// Bytes of the slot that an update would go to; 0 without one.
    pub(crate) free_space: u32,
    /// Bytes of the running image, its appended digest included.
    pub(crate) sketch_size: u32,
    /// MD5 of those bytes.
    pub(crate) sketch_md5: Md5,
    /// The appended SHA-256, or that of the whole image where none is appended.
    pub(crate) sketch_sha256: [u8; 32],
    /// Bytes of the flash chip.
    pub(crate) chip_size: u32,
}

/// The whole request. The access point was never started, so its MAC is zero.
pub(crate) fn render(url: &Url, facts: &Facts, core: Core, version: Option<&str>) -> String {
    let mut lines = vec![format!("GET {} HTTP/1.0", url.path)];
    let mut header = |name: &str, value: &str| lines.push(format!("{name}: {value}"));
    match url.port {
        80 | 443 => header("Host", &url.host),
        port => header("Host", &format!("{}:{port}", url.host)),
    }
    header("User-Agent", "ESP32-http-Update");
    header("Connection", "close");
    if let Some(credentials) = url.basic() {
        header("Authorization", &format!("Basic {credentials}"));
    }
    header("Cache-Control", "no-cache");
    if core == Core::V3 {
        header("x-ESP32-BASE-MAC", &facts.mac.to_string());
    }
    if facts.wifi {
        header("x-ESP32-STA-MAC", &facts.mac.to_string());
        header("x-ESP32-AP-MAC", "00:00:00:00:00:00");
    }
    header("x-ESP32-free-space", &facts.free_space.to_string());
    header("x-ESP32-sketch-size", &facts.sketch_size.to_string());
    header("x-ESP32-sketch-md5", &facts.sketch_md5.to_string());
    header("x-ESP32-sketch-sha256", &upper_hex(&facts.sketch_sha256));
    header("x-ESP32-chip-size", &facts.chip_size.to_string());
    header("x-ESP32-sdk-version", core.sdk_version());
    header("x-ESP32-mode", "sketch");
    if let Some(version) = version.filter(|version| !version.is_empty()) {
        header("x-ESP32-version", version);
    }
    lines.join("\r\n") + "\r\n\r\n"
}

fn upper_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            mac: "24:6F:28:AA:BB:CC".parse().unwrap(),
            wifi: true,
            free_space: 1_310_720,
            sketch_size: 204_800,
            sketch_md5: Md5::of(b"sketch"),
            sketch_sha256: [0xAB; 32],
            chip_size: 4_194_304,
        }
    }

    #[test]
    fn a_core_3_request_has_its_lines_in_order() {
        let url = Url::parse("https://ota.lan:3443/update?chip=esp32").unwrap();
        let lines = [
            "GET /update?chip=esp32 HTTP/1.0",
            "Host: ota.lan:3443",
            "User-Agent: ESP32-http-Update",
            "Connection: close",
            "Cache-Control: no-cache",
            "x-ESP32-BASE-MAC: 24:6F:28:AA:BB:CC",
            "x-ESP32-STA-MAC: 24:6F:28:AA:BB:CC",
            "x-ESP32-AP-MAC: 00:00:00:00:00:00",
            "x-ESP32-free-space: 1310720",
            "x-ESP32-sketch-size: 204800",
            &format!("x-ESP32-sketch-md5: {}", Md5::of(b"sketch")),
            &format!("x-ESP32-sketch-sha256: {}", "AB".repeat(32)),
            "x-ESP32-chip-size: 4194304",
            "x-ESP32-sdk-version: v5.1.4-497-gdc859c1e67-dirty",
            "x-ESP32-mode: sketch",
            "x-ESP32-version: 0.1",
        ];
        let expected = lines.join("\r\n") + "\r\n\r\n";
        assert_eq!(render(&url, &facts(), Core::V3, Some("0.1")), expected);
    }

    #[test]
    fn what_depends_on_url_core_chip_and_version() {
        let url = Url::parse("http://me:secret@ota.lan/update").unwrap();
        let request = render(&url, &Facts { wifi: false, ..facts() }, Core::V2, Some(""));
        assert!(request.contains("Host: ota.lan\r\n"));
        assert!(request.contains("Connection: close\r\nAuthorization: Basic bWU6c2VjcmV0\r\nCache-Control"));
        for absent in ["BASE-MAC", "STA-MAC", "AP-MAC", "x-ESP32-version"] {
            assert!(!request.contains(absent), "{absent}");
        }
    }
}
