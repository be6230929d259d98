//! The requests of the client libraries, line by line (arduino-esp32 2.0 and 3.0, `ESP8266httpUpdate` 3.1,
//! `esp_http_client` 5.x, `MicroPython`'s `requests`).

use otary_trust::verdict::Stack;

use crate::doctor::patient::Patient;

/// Zeros, as a client sends them for an interface that was never started.
const NO_MAC: &str = "00:00:00:00:00:00";
/// The digest of nothing that could be flashed.
const NO_MD5: &str = "00000000000000000000000000000000";
/// Bytes of an app slot in Arduino's default partition scheme for 4 MB of flash.
const SLOT: u32 = 1_310_720;
const FLASH: u32 = 4_194_304;
/// Bytes of a sketch that does little but update itself.
const SKETCH: u32 = 917_504;

/// What the library calls itself.
pub(super) const fn speaker(stack: Stack) -> &'static str {
    match stack {
        Stack::Arduino2 | Stack::Arduino3 => "HTTPUpdate",
        Stack::Esp8266 => "ESP8266httpUpdate",
        Stack::EspIdf => "esp_https_ota",
        Stack::MicroPython => "requests.get",
        Stack::Rust => "an HTTP client",
    }
}

/// The request, with the empty line at its end.
pub(super) fn render(patient: &Patient) -> String {
    let url = &patient.url;
    let host = match url.port {
        80 | 443 => url.host.clone(),
        port => format!("{}:{port}", url.host),
    };
    let version = match patient.stack {
        Stack::EspIdf | Stack::Rust => "1.1",
        _ => "1.0",
    };
    let mut lines = vec![format!("GET {} HTTP/{version}", url.target), format!("Host: {host}")];
    lines.extend(match patient.stack {
        Stack::Arduino2 => esp32(false, "v4.4.7-dirty"),
        Stack::Arduino3 => esp32(true, "v5.1.4-497-gdc859c1e67-dirty"),
        Stack::Esp8266 => esp8266(),
        Stack::EspIdf => vec!["User-Agent: ESP32 HTTP Client/1.0".to_owned()],
        Stack::MicroPython | Stack::Rust => vec!["Connection: close".to_owned()],
    });
    let prefix = match patient.stack {
        Stack::Arduino2 | Stack::Arduino3 => Some("x-ESP32"),
        Stack::Esp8266 => Some("x-ESP8266"),
        _ => None,
    };
    let version = patient.version.as_ref().zip(prefix);
    lines.extend(version.map(|(version, prefix)| format!("{prefix}-version: {version}")));
    if patient.stack == Stack::Esp8266 {
        lines.push("Content-Length: 0".to_owned());
    }
    lines.join("\r\n") + "\r\n\r\n"
}

fn esp32(base_mac: bool, sdk: &str) -> Vec<String> {
    let mut lines = vec![
        "User-Agent: ESP32-http-Update".to_owned(),
        "Connection: close".to_owned(),
        "Cache-Control: no-cache".to_owned(),
    ];
    let mut header = |name: &str, value: &str| lines.push(format!("x-ESP32-{name}: {value}"));
    if base_mac {
        header("BASE-MAC", NO_MAC);
    }
    header("STA-MAC", NO_MAC);
    header("AP-MAC", NO_MAC);
    header("free-space", &SLOT.to_string());
    header("sketch-size", &SKETCH.to_string());
    header("sketch-md5", NO_MD5);
    header("sketch-sha256", &NO_MD5.repeat(2));
    header("chip-size", &FLASH.to_string());
    header("sdk-version", sdk);
    header("mode", "sketch");
    lines
}

fn esp8266() -> Vec<String> {
    let mut lines = vec!["User-Agent: ESP8266-http-Update".to_owned(), "Connection: close".to_owned()];
    let mut header = |name: &str, value: &str| lines.push(format!("x-ESP8266-{name}: {value}"));
    header("Chip-ID", "0");
    header("STA-MAC", NO_MAC);
    header("AP-MAC", NO_MAC);
    header("free-space", &SLOT.to_string());
    header("sketch-size", &SKETCH.to_string());
    header("sketch-md5", NO_MD5);
    header("chip-size", &FLASH.to_string());
    header("sdk-version", "2.2.2-dev(38a443e)");
    header("mode", "sketch");
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(stack: Stack, version: Option<&str>) -> String {
        let version = version.map(str::to_owned);
        let patient =
            Patient { version, ..Patient::unknown("https://ota.lan:3443/update?chip=esp32", stack) };
        render(&patient)
    }

    #[test]
    fn a_check_in_names_no_device() {
        for stack in Stack::ALL {
            let request = rendered(stack, None);
            assert!(request.starts_with("GET /update?chip=esp32 HTTP/1."), "{request}");
            assert!(request.contains("\r\nHost: ota.lan:3443\r\n") && request.ends_with("\r\n\r\n"));
            let named = request.lines().filter(|line| line.contains("-MAC: ") && !line.ends_with(NO_MAC));
            assert_eq!(named.count(), 0, "{request}");
            assert!(!request.contains("-version: 0"), "{request}");
        }
    }

    #[test]
    fn each_library_has_its_own_headers() {
        let esp32 = rendered(Stack::Arduino2, Some("0.1"));
        assert!(esp32.contains("x-ESP32-version: 0.1\r\n") && !esp32.contains("BASE-MAC"), "{esp32}");
        assert!(rendered(Stack::Arduino3, None).contains("x-ESP32-BASE-MAC"));
        let esp8266 = rendered(Stack::Esp8266, Some("0.1"));
        assert!(esp8266.ends_with("x-ESP8266-version: 0.1\r\nContent-Length: 0\r\n\r\n"), "{esp8266}");
        assert!(!rendered(Stack::EspIdf, Some("0.1")).contains("0.1\r\n"));
    }
}
