//! Proof: how far a check-in showed who it comes from.
//!
//! What was shown is compared with everything that was issued, in constant time, whether there is such a product or
//! device or not: neither an answer nor its time tells how much of it was right.

use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq};

use crate::{Device, Product, Sha256, Time};

/// What a check-in showed of who it comes from, weakest first. A claim without proof is never more than a claim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// Nothing: anybody can say the same.
    #[default]
    None,
    /// The secret that all devices of its product share: it is one of them, and any of them.
    ProductSecret,
    /// A credential that was issued to this device alone.
    DeviceCredential,
}

impl Proof {
    /// The proof's word, as in logs and `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ProductSecret => "product-secret",
            Self::DeviceCredential => "device-credential",
        }
    }

    /// The same for people, as what is shown or has to be.
    pub const fn words(self) -> &'static str {
        match self {
            Self::None => "no proof",
            Self::ProductSecret => "the product's secret",
            Self::DeviceCredential => "a credential of its own",
        }
    }
}

/// A credential that was issued to one device, without the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// When it was issued.
    pub issued: Time,
}

/// What a device shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// A token, by the SHA-256 of its text. It has 256 random bits, so no slow hash is called for.
    Token(Sha256),
    /// A client certificate of our authority, by the SHA-256 of its DER form.
    Certificate(Sha256),
    /// A token that is a part of the device's URL, by the SHA-256 of its text: for clients that show nothing else. It has
    /// 96 random bits.
    Link(Sha256),
}

impl CredentialKind {
    /// Its digest, if it is a token.
    const fn token(&self) -> Option<Sha256> {
        match self {
            Self::Token(digest) => Some(*digest),
            Self::Certificate(_) | Self::Link(_) => None,
        }
    }

    /// Its digest, if it is a certificate.
    const fn certificate(&self) -> Option<Sha256> {
        match self {
            Self::Certificate(digest) => Some(*digest),
            Self::Token(_) | Self::Link(_) => None,
        }
    }

    /// Its digest, if it is a link.
    const fn link(&self) -> Option<Sha256> {
        match self {
            Self::Link(digest) => Some(*digest),
            Self::Token(_) | Self::Certificate(_) => None,
        }
    }

    /// The digest by which it is known.
    pub const fn digest(&self) -> Sha256 {
        match self {
            Self::Token(digest) | Self::Certificate(digest) | Self::Link(digest) => *digest,
        }
    }

    /// What it is, in a word.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Certificate(_) => "certificate",
            Self::Link(_) => "link",
        }
    }
}

/// What a client shows to prove who it is, as digests: nothing here can be turned back into a secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    /// SHA-256 of the secret or token in its `Authorization`.
    pub secret: Option<Sha256>,
    /// SHA-256 of the client certificate (DER) whose key it was seen to hold.
    pub certificate: Option<Sha256>,
    /// SHA-256 of the token in its URL's path.
    pub link: Option<Sha256>,
}

impl Evidence {
    /// Whether nothing was shown.
    pub const fn is_empty(&self) -> bool {
        self.secret.is_none() && self.certificate.is_none() && self.link.is_none()
    }

    /// What it proves of one who asks as `device` for `product`. A credential proves nothing under another device's
    /// address, and a secret nothing of another product.
    pub fn proof(&self, product: Option<&Product>, device: Option<&Device>) -> Proof {
        self.compared(product, device, same)
    }

    /// The same, where `same` compares what is shown with what was issued.
    fn compared(
        &self,
        product: Option<&Product>,
        device: Option<&Device>,
        mut same: impl FnMut(Option<Sha256>, Option<Sha256>) -> Choice,
    ) -> Proof {
        let issued = device.map_or(&[][..], |device| device.credentials.as_slice());
        let own = (0..Device::MAX_CREDENTIALS).fold(Choice::from(0), |own, place| {
            let kind = issued.get(place).map(|credential| credential.kind);
            let token = same(self.secret, kind.and_then(|kind| kind.token()));
            let certificate = same(self.certificate, kind.and_then(|kind| kind.certificate()));
            own | token | certificate | same(self.link, kind.and_then(|kind| kind.link()))
        });
        let shared = same(self.secret, product.and_then(|product| product.secret));
        // A credential that does not open the product is not held against one who shows its secret, too.
        let opened = product.is_none_or(|product| product.opens_to(Proof::DeviceCredential, device));
        match (bool::from(own), bool::from(shared)) {
            (true, false) => Proof::DeviceCredential,
            (true, true) if opened => Proof::DeviceCredential,
            (_, true) => Proof::ProductSecret,
            (false, false) => Proof::None,
        }
    }
}

/// Whether both are there and the same; one that is absent takes as long to compare.
fn same(shown: Option<Sha256>, issued: Option<Sha256>) -> Choice {
    let there = Choice::from(u8::from(shown.is_some())) & Choice::from(u8::from(issued.is_some()));
    let bytes = |digest: Option<Sha256>| digest.unwrap_or(Sha256([0; 32])).0;
    there & bytes(shown).ct_eq(&bytes(issued))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_fits_nothing() {
        let zero = Some(Sha256([0; 32]));
        for (shown, issued) in [(None, None), (zero, None), (None, zero)] {
            assert!(!bool::from(same(shown, issued)), "{shown:?} {issued:?}");
        }
        assert!(bool::from(same(zero, zero)));
    }

    #[test]
    fn as_much_is_compared_whatever_there_is_and_however_much_of_it_is_right() {
        let [right, wrong] = [&b"right"[..], b"wrong"].map(Sha256::of);
        let product = |secret| Product {
            private: true,
            secret,
            ..Product::new("lamp".parse().unwrap(), Time::default())
        };
        let device = |many: usize| {
            let mut device = Device::new("24:6F:28:AA:BB:CC".parse().unwrap(), Time::default());
            let credential = Credential { kind: CredentialKind::Token(right), issued: Time::default() };
            device.credentials = vec![credential; many];
            device
        };
        let products = [None, Some(product(None)), Some(product(Some(right)))];
        let devices = [None, Some(device(0)), Some(device(1)), Some(device(Device::MAX_CREDENTIALS))];
        for (secret, certificate) in [(None, None), (Some(wrong), None), (Some(right), Some(wrong))] {
            let evidence = Evidence { secret, certificate, link: secret };
            for (product, device) in products.iter().flat_map(|p| devices.iter().map(move |d| (p, d))) {
                let mut comparisons = 0;
                evidence.compared(product.as_ref(), device.as_ref(), |shown, issued| {
                    comparisons += 1;
                    same(shown, issued)
                });
                assert_eq!(comparisons, 3 * Device::MAX_CREDENTIALS + 1);
            }
        }
    }

    #[test]
    fn a_token_is_no_certificate_of_the_same_digest() {
        let digest = Sha256::of(b"credential");
        let mut device = Device::new("24:6F:28:AA:BB:CC".parse().unwrap(), Time::default());
        device.credentials.push(Credential { kind: CredentialKind::Token(digest), issued: Time::default() });
        let certificate = Evidence { certificate: Some(digest), ..Evidence::default() };
        assert_eq!(certificate.proof(None, Some(&device)), Proof::None);
        let token = Evidence { secret: Some(digest), ..Evidence::default() };
        assert_eq!(token.proof(None, Some(&device)), Proof::DeviceCredential);
    }

    #[test]
    fn a_link_is_shown_in_a_path_and_nowhere_else() {
        let digest = Sha256::of(b"credential");
        let mut device = Device::new("24:6F:28:AA:BB:CC".parse().unwrap(), Time::default());
        device.credentials.push(Credential { kind: CredentialKind::Link(digest), issued: Time::default() });
        let header = Evidence { secret: Some(digest), ..Evidence::default() };
        assert_eq!(header.proof(None, Some(&device)), Proof::None);
        let path = Evidence { link: Some(digest), ..Evidence::default() };
        assert_eq!(path.proof(None, Some(&device)), Proof::DeviceCredential);
    }
}
