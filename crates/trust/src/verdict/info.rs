//! What Mbed TLS says of each fault (`mbedtls_x509_crt_verify_info`): ESP-IDF logs it, `MicroPython` raises it.

use super::flags::Flag;
use super::rules::Library;

impl Library {
    /// Its text for `flag`, without the line feed; none where it has none, and BearSSL has none at all: it stops at the
    /// first fault and gives a number.
    pub const fn info(self, flag: Flag) -> Option<&'static str> {
        if matches!(self, Self::BearSsl) {
            return None;
        }
        match flag {
            Flag::Trust => Some("The certificate is not correctly signed by the trusted CA"),
            Flag::Name => Some("The certificate Common Name (CN) does not match with the expected CN"),
            Flag::Expired => Some("The certificate validity has expired"),
            Flag::Future => Some("The certificate validity starts in the future"),
            Flag::Usage => Some("Usage does not match the keyUsage extension"),
            Flag::WeakKey => {
                Some("The certificate is signed with an unacceptable key (eg bad curve, RSA too short).")
            }
            Flag::WeakDigest => Some("The certificate is signed with an unacceptable hash."),
            Flag::Parse | Flag::TooLong => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mbed_tls_has_a_text_for_what_it_finds_and_bearssl_for_nothing() {
        for flag in Flag::ALL {
            let silent = matches!(flag, Flag::Parse | Flag::TooLong);
            assert_eq!(Library::MbedTls3.info(flag).is_none(), silent, "{flag:?}");
            assert_eq!(Library::BearSsl.info(flag), None);
        }
    }
}
