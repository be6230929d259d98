//! Numbers and texts by which a device speaks of a failed handshake.
//!
//! What a sketch prints is [`Stack::failure`](super::Stack::failure): the same for every cause. What the library itself
//! says, to those who ask (`lastError`, `getLastSSLError`) or read the log, is [`Library::message`].

use std::fmt;

use super::rules::Library;

/// A number and a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// The number.
    pub number: i32,
    /// The text beside it.
    pub text: &'static str,
}

impl Message {
    pub(super) const fn new(number: i32, text: &'static str) -> Self {
        Self { number, text }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}): {}", self.number, self.text)
    }
}

/// `MBEDTLS_ERR_X509_CERT_VERIFY_FAILED`.
pub(super) const VERIFY_FAILED: i32 = -0x2700;
/// `MBEDTLS_ERR_X509_FATAL_ERROR`.
pub(super) const FATAL: i32 = -0x3000;
/// `MBEDTLS_ERR_SSL_BAD_CERTIFICATE`, in 2.28 `MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE`.
pub(super) const BAD_CERTIFICATE: i32 = -0x7A00;

/// BearSSL's errors about certificates (`bearssl_x509.h`), and the one about a key's usage (`bearssl_ssl.h`).
pub(super) mod bear {
    pub const WRONG_KEY_USAGE: i32 = 28;
    pub const EMPTY_CHAIN: i32 = 35;
    pub const EXTRA_ELEMENT: i32 = 40;
    pub const UNSUPPORTED: i32 = 49;
    pub const LIMIT_EXCEEDED: i32 = 50;
    pub const WRONG_KEY_TYPE: i32 = 51;
    pub const BAD_SIGNATURE: i32 = 52;
    pub const EXPIRED: i32 = 54;
    pub const DN_MISMATCH: i32 = 55;
    pub const BAD_SERVER_NAME: i32 = 56;
    pub const CRITICAL_EXTENSION: i32 = 57;
    pub const NOT_CA: i32 = 58;
    pub const FORBIDDEN_KEY_USAGE: i32 = 59;
    pub const WEAK_PUBLIC_KEY: i32 = 60;
    pub const NOT_TRUSTED: i32 = 62;
}

impl Library {
    /// What the library says with a [`Verdict`](super::Verdict)'s number: `mbedtls_strerror`, and the ESP8266 core's
    /// `getLastSSLError`.
    pub fn message(self, number: i32) -> Option<Message> {
        let texts: &[Message] = match self {
            Self::MbedTls2 | Self::MbedTls3 => &MBED_TEXTS,
            Self::BearSsl => &BEAR_TEXTS,
        };
        texts.iter().copied().find(|message| message.number == number)
    }
}

const MBED_TEXTS: [Message; 3] = [
    Message::new(
        VERIFY_FAILED,
        "X509 - Certificate verification failed, e.g. CRL, CA or signature check failed",
    ),
    Message::new(
        FATAL,
        "X509 - A fatal error occurred, eg the chain is too long or the vrfy callback failed",
    ),
    Message::new(BAD_CERTIFICATE, "SSL - Processing of the Certificate handshake message failed"),
];

const BEAR_TEXTS: [Message; 15] = [
    Message::new(
        bear::WRONG_KEY_USAGE,
        "Peer's public key does not have the proper type or is not allowed for the requested operation.",
    ),
    Message::new(bear::EMPTY_CHAIN, "Empty certificate chain (no certificate at all)."),
    Message::new(bear::EXTRA_ELEMENT, "Decoding error: extraneous element."),
    Message::new(bear::UNSUPPORTED, "Certificate contains unsupported features that cannot be ignored."),
    Message::new(bear::LIMIT_EXCEEDED, "Key or signature size exceeds internal limits."),
    Message::new(bear::WRONG_KEY_TYPE, "Key type does not match that which was expected."),
    Message::new(bear::BAD_SIGNATURE, "Signature is invalid."),
    Message::new(bear::EXPIRED, "Certificate is expired or not yet valid."),
    Message::new(bear::DN_MISMATCH, "Issuer/Subject DN mismatch in the chain."),
    Message::new(bear::BAD_SERVER_NAME, "Expected server name was not found in the chain."),
    Message::new(bear::CRITICAL_EXTENSION, "Unknown critical extension in certificate."),
    Message::new(bear::NOT_CA, "Not a CA, or path length constraint violation."),
    Message::new(bear::FORBIDDEN_KEY_USAGE, "Key Usage extension prohibits intended usage."),
    Message::new(bear::WEAK_PUBLIC_KEY, "Public key found in certificate is too small."),
    Message::new(bear::NOT_TRUSTED, "Chain could not be linked to a trust anchor."),
];
