//! Signatures of webhooks: HMAC-SHA256 over name, time and body, by the scheme of Standard Webhooks
//! (<https://www.standardwebhooks.com>, version 1).

use std::fmt;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use otary_fleet::Time;
use otary_fleet::notice::HiddenText;
use thiserror::Error;
use zeroize::Zeroizing;

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a new secret.
const NEW: usize = 32;
/// Bytes that a secret may have, by the standard.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// What a webhook's requests are signed with.
pub struct SigningKey(hmac::Key);

/// Why a text is no secret of a webhook's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a webhook's secret is whsec_ and 24 to 64 bytes in base64")]
pub struct SigningKeyError;

impl SigningKey {
    /// A new secret, as text.
    pub fn generate() -> Result<HiddenText, Unspecified> {
        let mut bits = Zeroizing::new([0; NEW]);
        aws_lc_rs::rand::fill(bits.as_mut_slice())?;
        Ok(format!("{PREFIX}{}", STANDARD.encode(bits.as_slice())).into())
    }

    /// The key that a text stands for.
    pub fn read(secret: &HiddenText) -> Result<Self, SigningKeyError> {
        let text = secret.expose().strip_prefix(PREFIX).ok_or(SigningKeyError)?;
        let bits = Zeroizing::new(STANDARD.decode(text).map_err(|_| SigningKeyError)?);
        if !LENGTHS.contains(&bits.len()) {
            return Err(SigningKeyError);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bits)))
    }

    /// The value of `webhook-signature` for a body that goes out at `at` under the name `id`.
    pub fn sign(&self, id: &str, at: Time, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{}.", at.secs()).as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use standardwebhooks::Webhook;

    use super::*;

    /// The library of Standard Webhooks themselves is the witness.
    #[test]
    fn the_library_of_the_standard_verifies_what_is_signed_and_nothing_else() {
        let secret = SigningKey::generate().unwrap();
        let key = SigningKey::read(&secret).unwrap();
        let witness = Webhook::new(secret.expose()).unwrap();
        let now = crate::Clock::system().now();
        let verify = |id: &str, at: Time, body: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert("webhook-id", id.parse().unwrap());
            headers.insert("webhook-timestamp", at.secs().to_string().parse().unwrap());
            headers
                .insert("webhook-signature", key.sign("msg_1", now, b"{\"type\":\"test\"}").parse().unwrap());
            witness.verify(body, &headers).is_ok()
        };
        assert!(verify("msg_1", now, b"{\"type\":\"test\"}"));
        assert!(!verify("msg_1", now, b"{\"type\":\"tests\"}"), "another body");
        assert!(!verify("msg_2", now, b"{\"type\":\"test\"}"), "another name");
        assert!(!verify("msg_1", Time(now.0 + 1000), b"{\"type\":\"test\"}"), "another time");
    }

    #[test]
    fn other_texts_are_no_secrets() {
        for text in ["", "whsec_", "whsec_AAAA", "whsec_!", &"A".repeat(44)] {
            assert!(SigningKey::read(&text.to_owned().into()).is_err(), "{text}");
        }
    }
}
