//! A device's software as people name it, and what is known of its TLS before a packet is sent.
//!
//! Sources: the `sdkconfig` of the ESP32 cores 2.0 and 3.0 and of ESP-IDF's defaults, `WiFiClientSecureBearSSL.cpp` and
//! the lwIP options of the ESP8266 core 3.1, `MicroPython`'s ESP32 port, the features of mbedtls-rs 0.3. A build may
//! differ in any of it; these are the defaults.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::message::Message;
use super::rules::{Library, Rules};

/// A device's software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stack {
    /// Arduino core 2.x for the ESP32 family.
    Arduino2,
    /// Arduino core 3.x for the ESP32 family.
    Arduino3,
    /// Arduino core for the ESP8266.
    Esp8266,
    /// ESP-IDF 5.x.
    EspIdf,
    /// `MicroPython` on an ESP32.
    MicroPython,
    /// Rust without an operating system, on mbedtls-rs.
    Rust,
}

/// What a stack's TLS offers, in the numbers of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake {
    /// Versions, the best first (0x0303 is TLS 1.2, 0x0304 is 1.3).
    pub versions: &'static [u16],
    /// Suites by their IANA numbers, in the order of preference.
    pub suites: &'static [u16],
    /// The longest record that it can take, in bytes of content.
    pub receive: usize,
    /// The longest record that it sends, in bytes of content.
    pub send: usize,
    /// Whether it asks for shorter records (`max_fragment_length`, RFC 6066) when its buffer is smaller.
    pub asks_for_less: bool,
}

/// Memory that a handshake takes, in bytes; the vendor's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heap {
    /// Heap, buffers included.
    pub handshake: usize,
    /// Stack beside it.
    pub stack: usize,
}

/// A name that is no [`Stack`]'s.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "no device stack is called {name:?}; there are arduino-2, arduino-3, esp8266, esp-idf, micropython, rust"
)]
pub struct UnknownStack {
    /// What was asked for.
    pub name: String,
}

const TLS_1_0: u16 = 0x0301;
const TLS_1_1: u16 = 0x0302;
const TLS_1_2: u16 = 0x0303;
const TLS_1_3: u16 = 0x0304;

/// ECDHE with AES in GCM, CCM and CBC, as Mbed TLS orders them; ESP-IDF leaves `ChaCha20` out.
const MBED_SUITES: &[u16] = &[
    0xc02c, 0xc030, 0xc0ad, 0xc024, 0xc028, 0xc00a, 0xc014, 0xc0af, 0xc02b, 0xc02f, 0xc0ac, 0xc023, 0xc027,
    0xc009, 0xc013, 0xc0ae,
];
/// Those of TLS 1.3, then the above.
const MBED_SUITES_WITH_1_3: &[u16] = &[
    0x1302, 0x1303, 0x1301, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc0ad, 0xc024, 0xc028, 0xc00a, 0xc014, 0xc0af,
    0xc02b, 0xc02f, 0xc0ac, 0xc023, 0xc027, 0xc009, 0xc013, 0xc0ae,
];
/// ECDHE with `ChaCha20`, then AES, as the ESP8266 core orders them; it offers static ones behind these.
const BEAR_SUITES: &[u16] = &[
    0xcca9, 0xcca8, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xc023, 0xc027, 0xc024,
    0xc028, 0xc009, 0xc013, 0xc00a, 0xc014,
];

impl Stack {
    /// Every stack.
    pub const ALL: [Self; 6] =
        [Self::Arduino2, Self::Arduino3, Self::Esp8266, Self::EspIdf, Self::MicroPython, Self::Rust];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arduino2 => "arduino-2",
            Self::Arduino3 => "arduino-3",
            Self::Esp8266 => "esp8266",
            Self::EspIdf => "esp-idf",
            Self::MicroPython => "micropython",
            Self::Rust => "rust",
        }
    }

    /// What it is, in a few words.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Arduino2 => "Arduino core 2.x for the ESP32 (Mbed TLS 2.28)",
            Self::Arduino3 => "Arduino core 3.x for the ESP32 (Mbed TLS 3.6)",
            Self::Esp8266 => "Arduino core for the ESP8266 (BearSSL)",
            Self::EspIdf => "ESP-IDF 5.x (Mbed TLS 3.6)",
            Self::MicroPython => "MicroPython on an ESP32 (Mbed TLS 3.6)",
            Self::Rust => "Rust on mbedtls-rs (Mbed TLS 3.6)",
        }
    }

    /// The library that decides.
    pub const fn library(self) -> Library {
        match self {
            Self::Arduino2 => Library::MbedTls2,
            Self::Arduino3 | Self::EspIdf | Self::MicroPython | Self::Rust => Library::MbedTls3,
            Self::Esp8266 => Library::BearSsl,
        }
    }

    /// Whether its usual build looks at dates. The ESP32's cores, ESP-IDF and mbedtls-rs leave
    /// `MBEDTLS_HAVE_TIME_DATE` out; `MicroPython` puts it in; BearSSL always looks.
    pub const fn checks_dates(self) -> bool {
        matches!(self, Self::Esp8266 | Self::MicroPython)
    }

    /// The rules of its usual build.
    pub const fn rules(self) -> Rules {
        Rules::of(self.library(), self.checks_dates())
    }

    /// What its TLS offers.
    pub const fn handshake(self) -> Handshake {
        let (versions, suites): (&[u16], &[u16]) = match self {
            Self::Esp8266 => (&[TLS_1_2, TLS_1_1, TLS_1_0], BEAR_SUITES),
            Self::Rust => (&[TLS_1_3, TLS_1_2], MBED_SUITES_WITH_1_3),
            Self::Arduino2 | Self::Arduino3 | Self::EspIdf | Self::MicroPython => (&[TLS_1_2], MBED_SUITES),
        };
        let send = match self {
            Self::Esp8266 => 512,
            Self::EspIdf | Self::MicroPython => 4096,
            Self::Arduino2 | Self::Arduino3 | Self::Rust => 16_384,
        };
        Handshake { versions, suites, receive: 16_384, send, asks_for_less: matches!(self, Self::Esp8266) }
    }

    /// What a handshake takes of its memory, with buffers of the usual size.
    pub const fn heap(self) -> Heap {
        match self {
            Self::Esp8266 => Heap { handshake: 22 * 1024, stack: 6 * 1024 },
            Self::Arduino2 | Self::Arduino3 | Self::EspIdf | Self::MicroPython | Self::Rust => {
                Heap { handshake: 42 * 1024, stack: 4 * 1024 }
            }
        }
    }

    /// Whether a host name that ends in `.local` is looked up by multicast without further ado: lwIP does so where it was
    /// built with `LWIP_DNS_SUPPORT_MDNS_QUERIES`, which all but the stacks of embedded Rust have.
    pub const fn resolves_local(self) -> bool {
        !matches!(self, Self::Rust)
    }

    /// What people see when TLS fails, whatever the cause.
    pub const fn failure(self) -> Message {
        match self {
            Self::Arduino2 | Self::Arduino3 => Message::new(-1, "HTTP error: connection refused"),
            Self::Esp8266 => Message::new(-1, "HTTP error: connection failed"),
            Self::EspIdf => Message::new(0x7002, "ESP_ERR_HTTP_CONNECT"),
            Self::MicroPython => Message::new(-0x2700, "OSError: MBEDTLS_ERR_X509_CERT_VERIFY_FAILED"),
            Self::Rust => Message::new(-0x2700, "MbedtlsError"),
        }
    }
}

impl FromStr for Stack {
    type Err = UnknownStack;

    fn from_str(text: &str) -> Result<Self, UnknownStack> {
        let named = Self::ALL.into_iter().find(|stack| stack.name() == text);
        named.ok_or_else(|| UnknownStack { name: text.to_owned() })
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stack_is_found_by_its_name_and_a_wrong_name_lists_them() {
        for stack in Stack::ALL {
            assert_eq!(stack.name().parse(), Ok(stack));
        }
        let unknown = "arduino".parse::<Stack>().unwrap_err().to_string();
        assert!(Stack::ALL.iter().all(|stack| unknown.contains(stack.name())), "{unknown}");
    }

    #[test]
    fn a_sketch_sees_minus_one_whatever_is_wrong() {
        assert_eq!(Stack::Arduino3.failure().to_string(), "(-1): HTTP error: connection refused");
        assert_eq!(Stack::Esp8266.failure().to_string(), "(-1): HTTP error: connection failed");
    }
}
