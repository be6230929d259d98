//! Self-signed certificates: what one is to say, from a few names or from an OpenSSL request file, and the certificate.
//!
//! - **By names** it has the form that every device's TLS stack accepts as an anchor and as a server's certificate.
//! - **By a request file** it says what `openssl req -x509 -config` would say, or the file is refused with line and key.
//! - Either way it begins a week ago, for devices whose clocks are behind, and has a new key.
//!
//! To read a request is pure; [`Request::self_sign`] alone takes from the system's randomness.

mod compose;
mod conf;
mod extension;
mod fault;
mod openssl;
mod subject;
mod values;

use std::time::Duration;

use crate::certificate::Certificate;
use crate::clock::TrustedTime;
use crate::error::Error;
use crate::key::{KeyKind, PrivateKey};
use crate::leaf::MAX_NAMES;
use crate::life::Life;
use crate::name::Name;
use crate::profile;
use extension::{Extension, GeneralName, Kind};
use subject::Attribute;

pub use fault::{ConfigFault, KeyFault, SyntaxFault};

/// What a self-signed certificate is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    subject: Vec<Attribute>,
    extensions: Vec<Extension>,
    key: KeyKind,
    /// None: the key's own.
    digest: Option<Digest>,
    days: Option<u32>,
}

/// How addresses go into the alternative names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// As iPAddress, and again as dNSName text, which is all that Mbed TLS 2.28 and BearSSL look at.
    Twice,
    /// As iPAddress alone (RFC 5280, section 4.2.1.6).
    Strict,
}

/// What is signed is this digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

impl Request {
    /// The longest life, in days: a century.
    pub const MAX_DAYS: u32 = 36_500;

    /// A certificate for these names, the most important first. An error without names, or with more than
    /// [`MAX_NAMES`] bytes of them.
    pub fn for_names(names: &[Name], addresses: Addresses, key: KeyKind) -> Result<Self, Error> {
        let room: usize = names.iter().map(profile::encoded_len).sum();
        if room > MAX_NAMES {
            return Err(Error::ManyNames { most: MAX_NAMES, found: room });
        }
        // RSA keys may be served by a program that lets old clients encrypt to the key (RFC 5246, section 7.4.2).
        let usages = if key.is_rsa() { vec![0, 2] } else { vec![0] };
        Ok(Self {
            subject: Attribute::common_name(profile::leaf_name(names)?).into_iter().collect(),
            extensions: vec![
                Extension::new(Kind::AlternativeNames(alternative_names(names, addresses))),
                Extension::critical(Kind::BasicConstraints { authority: false, path_len: None }),
                Extension::critical(Kind::KeyUsage(usages)),
                Extension::new(Kind::ExtendedKeyUsage(vec![vec![1, 3, 6, 1, 5, 5, 7, 3, 1]])),
                Extension::new(Kind::SubjectKeyId),
            ],
            key,
            digest: None,
            days: None,
        })
    }

    /// Reads an OpenSSL request file, as `openssl req -x509 -config` would; where it would ask, the file's defaults are
    /// taken, as with `-batch`.
    pub fn from_openssl(text: &str) -> Result<Self, ConfigFault> {
        openssl::read(text)
    }

    /// The same for another kind of key; an error if the file asks for a digest that such a key does not sign.
    pub fn with_key(self, key: KeyKind) -> Result<Self, ConfigFault> {
        let own = Self { digest: None, key, ..self.clone() }.digest();
        match self.digest {
            Some(digest) if !key.is_rsa() && digest != own => {
                Err(ConfigFault::Digest { digest: digest.name(), key })
            }
            _ => Ok(Self { key, ..self }),
        }
    }

    /// The kind of key that it asks for.
    pub const fn key(&self) -> KeyKind {
        self.key
    }

    /// The days that a request file asks for (`default_days`, which `openssl req` itself passes over).
    pub const fn days(&self) -> Option<u32> {
        self.days
    }

    /// Makes a new key and the certificate, for `days` from now, at most [`Self::MAX_DAYS`].
    pub fn self_sign(&self, days: u32, now: TrustedTime) -> Result<(Certificate, PrivateKey), Error> {
        let life = Duration::from_hours(24) * days.min(Self::MAX_DAYS);
        let key = PrivateKey::generate(self.key)?;
        let der = compose::certificate(self, &key, Life::of(life, now))?;
        let certificate = Certificate::from_der(&der).map_err(Error::Made)?;
        certificate.check_issuer(&certificate).map_err(Error::Made)?;
        certificate.check_key(&key).map_err(Error::Made)?;
        Ok((certificate, key))
    }

    fn digest(&self) -> Digest {
        let own = if self.key == KeyKind::P384 { Digest::Sha384 } else { Digest::Sha256 };
        self.digest.unwrap_or(own)
    }
}

impl Digest {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

/// Host names first: a strict reader stops at its match.
fn alternative_names(names: &[Name], form: Addresses) -> Vec<GeneralName> {
    let (mut found, mut texts) = (Vec::new(), Vec::new());
    for name in names {
        match name {
            Name::Host(host) => found.push(GeneralName::Dns(host.as_str().to_owned())),
            Name::Address(address) => texts.push(*address),
        }
    }
    found.extend(texts.iter().copied().map(GeneralName::Address));
    if form == Addresses::Twice {
        found.extend(texts.iter().map(|address| GeneralName::Dns(address.to_string())));
    }
    found
}
