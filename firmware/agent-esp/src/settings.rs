//! What is compiled into a firmware: whom it asks, whom it trusts, and what it is.
//!
//! [`settings!`](crate::settings) reads them from the environment while the firmware is built. A setting that is missing, or that cannot
//! be right, stops the build with a text that names its variable.

/// Where something listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// A name, or an IPv4 address in digits.
    pub name: &'static str,
    /// The port.
    pub port: u16,
}

/// What is compiled in.
#[derive(Debug)]
pub struct Settings {
    /// The update server.
    pub server: Host,
    /// What the server's certificate may lead to: PEM, one certificate after the other.
    pub anchors: &'static str,
    /// The root record, signed: whose releases are installed.
    pub root: &'static [u8],
    /// The product's name.
    pub product: &'static str,
    /// The hardware's name, as manifests list it.
    pub hardware: &'static str,
    /// The version for people.
    pub version: &'static str,
    /// The release number for machines; 0 before the first release.
    pub release: u32,
    /// The product's secret or the device's token, where the product is private.
    pub token: Option<&'static str>,
    /// Who tells the time.
    pub time_server: Host,
}

/// The settings, from the environment of the build.
#[macro_export]
macro_rules! settings {
    () => {
        $crate::Settings {
            server: $crate::settings::url(env!(
                "OTARY_URL",
                "set OTARY_URL to the server: https://otary.lan:8443"
            )),
            anchors: include_str!(env!(
                "OTARY_CA",
                "set OTARY_CA to a PEM file of the roots to trust (absolute path)"
            )),
            root: include_bytes!(env!(
                "OTARY_ROOT",
                "set OTARY_ROOT to the signed root record (absolute path)"
            )),
            product: env!("OTARY_PRODUCT", "set OTARY_PRODUCT to the product's name"),
            hardware: match option_env!("OTARY_HARDWARE") {
                Some(name) => name,
                None => env!("CARGO_BIN_NAME"),
            },
            version: env!("OTARY_VERSION", "set OTARY_VERSION to this firmware's version"),
            release: $crate::settings::number(env!(
                "OTARY_RELEASE",
                "set OTARY_RELEASE to this firmware's release number"
            )),
            token: option_env!("OTARY_TOKEN"),
            time_server: match option_env!("OTARY_NTP") {
                Some(host) => $crate::settings::host(host, 123),
                None => $crate::settings::Host { name: "pool.ntp.org", port: 123 },
            },
        }
    };
}

/// The app's descriptor with the product and the version of the settings, which is what tools read from an image.
#[cfg(feature = "chip")]
#[macro_export]
macro_rules! describe_app {
    () => {
        esp_bootloader_esp_idf::esp_app_desc!(
            env!("OTARY_VERSION"),
            env!("OTARY_PRODUCT"),
            esp_bootloader_esp_idf::BUILD_TIME,
            esp_bootloader_esp_idf::BUILD_DATE,
            esp_bootloader_esp_idf::ESP_IDF_COMPATIBLE_VERSION,
            esp_bootloader_esp_idf::MMU_PAGE_SIZE,
            0,
            u16::MAX,
            esp_bootloader_esp_idf::SECURE_VERSION
        );
    };
}

/// `https://NAME[:PORT][/]`.
///
/// # Panics
///
/// Where the text is something else, which stops the build.
pub const fn url(text: &'static str) -> Host {
    let bytes = text.as_bytes();
    let (scheme, rest) = bytes.split_at(if bytes.len() < 8 { 0 } else { 8 });
    assert!(is(scheme, b"https://"), "OTARY_URL begins with https://");
    let rest = if let [rest @ .., b'/'] = rest { rest } else { rest };
    match core::str::from_utf8(rest) {
        Ok(rest) => host(rest, 443),
        Err(_) => panic!("OTARY_URL is not text"),
    }
}

/// `NAME[:PORT]`. IPv6 addresses are not understood.
///
/// # Panics
///
/// Where the text is something else, which stops the build.
pub const fn host(text: &'static str, default: u16) -> Host {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != b':' {
        assert!(
            bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'-' | b'.' | b'_'),
            "a host is NAME or NAME:PORT"
        );
        at += 1;
    }
    assert!(at > 0, "a host has a name");
    let (name, port) = bytes.split_at(at);
    let port = match port {
        [] => default as u32,
        [_, digits @ ..] => match core::str::from_utf8(digits) {
            Ok(digits) => number(digits),
            Err(_) => panic!("a port is a number"),
        },
    };
    assert!(0 < port && port <= u16::MAX as u32, "a port is between 1 and 65535");
    match core::str::from_utf8(name) {
        Ok(name) => Host { name, port: port as u16 },
        Err(_) => panic!("a name is text"),
    }
}

/// A decimal number.
///
/// # Panics
///
/// Where the text is something else, which stops the build.
pub const fn number(text: &str) -> u32 {
    match u32::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("not a whole number"),
    }
}

const fn is(text: &[u8], other: &[u8]) -> bool {
    if text.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < text.len() {
        if text[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_name_and_a_port() {
        assert_eq!(url("https://otary.lan"), Host { name: "otary.lan", port: 443 });
        assert_eq!(url("https://192.168.1.20:8443/"), Host { name: "192.168.1.20", port: 8443 });
        for wrong in
            ["http://otary.lan", "otary.lan", "https://", "https://a:0", "https://a:70000", "https://a/b"]
        {
            assert!(std::panic::catch_unwind(|| url(wrong)).is_err(), "{wrong}");
        }
    }
}
