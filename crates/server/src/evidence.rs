//! What a request shows to prove who sent it: a secret in its `Authorization`, a certificate in its handshake, a link in its
//! path.
//!
//! `Authorization: Basic` is what `setAuthorization` sends: the password is a product's secret or a device's token, and
//! the user is anything, or the device's address. `Authorization: Bearer` carries the secret or the token alone, and so do
//! hawkBit's `TargetToken` (the device's) and `GatewayToken` (the product's). Of a secret nothing is kept but its digest, and
//! nothing is ever logged.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use otary_fleet::{Device, Evidence, Mac, Product, Proof, Sha256, Transport};
use zeroize::Zeroizing;

use crate::http1::Head;
use crate::link::Link;
use crate::visit::Visit;

/// The longest user and password, in bytes. A token has 49, a secret at most 64.
const LONGEST: usize = 256;

/// Clients differ in whether they pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is shown, and by whom as far as that is said beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pass {
    pub(crate) evidence: Evidence,
    /// The device that shows it, by its own word.
    pub(crate) device: Option<Mac>,
}

impl Pass {
    /// What a request shows. Over plain HTTP that is nothing: it is shown to everybody on the way.
    pub(crate) fn by(visit: &Visit, head: &Head<'_>, link: Option<Link<'_>>) -> Self {
        if visit.transport == Transport::Http {
            return Self::default();
        }
        let certificate = visit.secured.as_ref().and_then(|secured| secured.certificate);
        let (secret, user) = head.field("authorization").and_then(secret_in).unzip();
        let evidence = Evidence {
            secret,
            certificate: certificate.map(|held| held.digest),
            link: link.map(|link| link.digest()),
        };
        Self { evidence, device: user.flatten().or(certificate.and_then(|held| held.device)) }
    }

    /// Logs, once a minute and peer, that what was shown proves nothing.
    pub(crate) fn tell_if_wrong(&self, visit: &Visit, proof: Proof) {
        let wrong = match (proof, self.evidence) {
            (Proof::None, Evidence { secret: Some(_), .. }) => {
                "a secret or token was shown that is neither the product's nor the device's own"
            }
            (Proof::None, Evidence { certificate: Some(_), .. }) => {
                "a client certificate was shown that was not issued to the device"
            }
            (Proof::None, Evidence { link: Some(_), .. }) => {
                "a link was used that was not issued to the device"
            }
            _ => return,
        };
        visit.shared.troubles.refused(visit.peer, wrong);
    }

    /// Whether a product's images are for whoever shows this, with the record of the device that it says it is.
    pub(crate) fn opens(&self, product: &Product, device: Option<&Device>) -> bool {
        product.opens_to(self.evidence.proof(Some(product), device), device)
    }
}

/// The digest of the secret in an `Authorization`, and the device that its user names.
fn secret_in(value: &str) -> Option<(Sha256, Option<Mac>)> {
    let (scheme, credentials) = value.split_once(' ')?;
    let credentials = credentials.trim();
    if ["Bearer", "TargetToken", "GatewayToken"].iter().any(|bare| scheme.eq_ignore_ascii_case(bare)) {
        return Some((Sha256::of(credentials.as_bytes()), None));
    }
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let mut decoded = Zeroizing::new([0; LONGEST]);
    let length = BASE64.decode_slice(credentials, decoded.as_mut_slice()).ok()?;
    let decoded = decoded.get(..length)?;
    // The user has no colon, the password may have some (RFC 7617, section 2).
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let (user, password) = (decoded.get(..colon)?, decoded.get(colon + 1..)?);
    let device = std::str::from_utf8(user).ok().and_then(|user| user.parse().ok());
    Some((Sha256::of(password), device))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD as PADDED;
    use proptest::prelude::*;

    use super::*;

    fn basic(credentials: &str) -> String {
        format!("Basic {}", PADDED.encode(credentials))
    }

    #[test]
    fn both_schemes_carry_a_secret_in_any_case_and_with_or_without_padding() {
        let secret = Sha256::of(b"pass:word");
        for value in [
            "Bearer pass:word".to_owned(),
            "bearer  pass:word ".to_owned(),
            "TargetToken pass:word".to_owned(),
            "GatewayToken pass:word".to_owned(),
            basic("lamp:pass:word"),
            basic(":pass:word").replace("Basic", "bASIC"),
            basic("lamp:pass:word").trim_end_matches('=').to_owned(),
        ] {
            assert_eq!(secret_in(&value), Some((secret, None)), "{value}");
        }
    }

    #[test]
    fn the_user_may_be_the_device() {
        let mac = "24:6F:28:AA:BB:CC".parse().unwrap();
        // The colons of an address end the user, so it is written with dashes or without.
        for user in ["24-6F-28-AA-BB-CC", "246f28aabbcc"] {
            assert_eq!(secret_in(&basic(&format!("{user}:x"))), Some((Sha256::of(b"x"), Some(mac))));
        }
    }

    #[test]
    fn what_is_no_such_thing_shows_nothing() {
        let long = basic(&format!("lamp:{}", "a".repeat(LONGEST)));
        for value in ["", "Basic", "Basic !", "Digest x", "Basic bGFtcA==", &long] {
            assert_eq!(secret_in(value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_left(value in "\\PC{0,600}") {
            let _ = secret_in(&value);
            let _ = secret_in(&format!("Basic {value}"));
        }
    }
}
