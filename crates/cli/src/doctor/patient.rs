//! Who is examined: a device of some make, what it was told, and what it asks.

use std::net::SocketAddr;

use otary_fleet::Time;
use otary_trust::verdict::{Library, Message, Stack, Verdict};

use super::url::Url;

/// A device before its server.
#[derive(Debug, Clone)]
pub struct Patient {
    /// What it asks.
    pub url: Url,
    /// Its software.
    pub stack: Stack,
    /// Whom it trusts, if that is known.
    pub trust: Option<Trust>,
    /// The name server that it asks, if it is not this machine's.
    pub dns: Option<SocketAddr>,
    /// What it takes for now, if its clock is not right.
    pub clock: Option<Time>,
    /// The longest record that it can take, in bytes, if that is not its stack's usual one.
    pub buffer: Option<usize>,
    /// The version that it says it runs.
    pub version: Option<String>,
    /// What this machine takes for now.
    pub now: Time,
}

/// Whom a device trusts.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Its certificates (DER), in their order.
    pub anchors: Vec<Vec<u8>>,
    /// Where they were read, for people.
    pub from: String,
}

impl Patient {
    /// One of which nothing is known but what it asks and by which stack, in 1970.
    #[cfg(test)]
    pub fn unknown(url: &str, stack: Stack) -> Self {
        let url = Url::parse(url).unwrap();
        let now = Time::default();
        Self { url, stack, trust: None, dns: None, clock: None, buffer: None, version: None, now }
    }

    /// What its clock says.
    pub fn time(&self) -> Time {
        self.clock.unwrap_or(self.now)
    }

    /// The longest record that it can take, in bytes of content.
    pub fn receives(&self) -> usize {
        self.buffer.unwrap_or(self.stack.handshake().receive)
    }

    /// What sets its clock.
    pub const fn clock_setter(&self) -> &'static str {
        match self.stack {
            Stack::Arduino2 | Stack::Arduino3 | Stack::Esp8266 => "configTime(0, 0, \"pool.ntp.org\")",
            Stack::EspIdf => "esp_netif_sntp_init()",
            Stack::MicroPython => "ntptime.settime()",
            Stack::Rust => "an SNTP client",
        }
    }

    /// What it prints when there is no connection.
    pub fn no_connection(&self) -> String {
        match self.stack {
            Stack::MicroPython => "OSError".to_owned(),
            Stack::Rust => "the error of its socket".to_owned(),
            _ => self.sees_failure(),
        }
    }

    /// What it prints when the handshake breaks before there is a certificate to judge.
    pub fn broken_handshake(&self) -> String {
        match self.stack {
            Stack::MicroPython => "OSError, with the number of Mbed TLS".to_owned(),
            Stack::Rust => "MbedtlsError, with the number of Mbed TLS".to_owned(),
            _ => self.sees_failure(),
        }
    }

    /// What it prints when it does not believe the server, and where the library's own words are found.
    pub fn distrust(&self, verdict: &Verdict) -> String {
        let library = self.stack.library();
        let message = verdict.number.and_then(|number| library.message(number));
        let Some(message) = message else { return self.broken_handshake() };
        let info = || {
            let texts = verdict.flags.iter().filter_map(|flag| library.info(flag));
            texts.collect::<Vec<_>>().join("; ")
        };
        match self.stack {
            // It raises what `mbedtls_x509_crt_verify_info` says (extmod/modtls_mbedtls.c); older versions do not.
            Stack::MicroPython if !info().is_empty() => format!("ValueError: {}", info()),
            Stack::MicroPython => format!("OSError: {message}"),
            Stack::Rust => format!("MbedtlsError {message}"),
            _ => format!("{}; {}", self.sees_failure(), self.own_words(message)),
        }
    }

    /// Where the TLS library's own number is found, which the update library drops, and how it is written there.
    fn own_words(&self, message: Message) -> String {
        match self.stack.library() {
            Library::BearSsl => format!("getLastSSLError(): {message}"),
            Library::MbedTls2 | Library::MbedTls3 => {
                format!("the log at level Error: ({}) {}", message.number, message.text)
            }
        }
    }

    fn sees_failure(&self) -> String {
        let message = self.stack.failure();
        // ESP-IDF writes its numbers in this way.
        if self.stack == Stack::EspIdf {
            return format!("{} (0x{:x})", message.text, message.number);
        }
        message.to_string()
    }
}
