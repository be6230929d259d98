//! A certificate and the facts in it that otary acts on.

use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use otary_fleet::{Anchor, AnchorId, Sha256, Time};
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::defect::Defect;
use crate::key::{KeyKind, PrivateKey};
use crate::name::Name;
use crate::pem;

/// An X.509 certificate that was parsed whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: CertificateDer<'static>,
    common_name: String,
    names: Vec<Name>,
    not_before: Time,
    not_after: Time,
    subject: Vec<u8>,
    public_key: Vec<u8>,
    pem: String,
}

/// The SHA-256 of a certificate's DER bytes; prints as OpenSSL does, `AB:CD:…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Certificate {
    /// How many certificates a chain may have; public authorities come with two or three.
    pub const MAX_CHAIN: usize = 8;

    /// Reads the DER form; bytes behind the certificate are an error.
    pub fn from_der(der: &[u8]) -> Result<Self, Defect> {
        let x509 = parse(der)?;
        Ok(Self {
            common_name: common_name(&x509).unwrap_or_default(),
            names: names(&x509)?,
            not_before: time(x509.validity().not_before),
            not_after: time(x509.validity().not_after),
            subject: x509.subject().as_raw().to_vec(),
            public_key: x509.public_key().raw.to_vec(),
            pem: pem::encode(pem::CERTIFICATE, der)?,
            der: CertificateDer::from(der.to_vec()),
        })
    }

    /// Reads PEM text that holds this one certificate.
    pub fn from_pem(text: &[u8]) -> Result<Self, Defect> {
        Self::from_der(&pem::decode(pem::CERTIFICATE, text)?)
    }

    /// Reads PEM text of one certificate and those that lead from it to a root, as servers are given them. What stands
    /// between the blocks is not looked at; a block of another kind is an error, and so is more than
    /// [`Self::MAX_CHAIN`] certificates.
    pub fn chain_from_pem(text: &[u8]) -> Result<Vec<Self>, Defect> {
        let chain: Vec<Self> =
            pem::blocks(text).take(Self::MAX_CHAIN + 1).map(Self::from_pem).collect::<Result<_, _>>()?;
        match chain.len() {
            0 => Err(Self::from_pem(text).err().unwrap_or(Defect::Certificate)),
            found if found > Self::MAX_CHAIN => Err(Defect::LongChain { most: Self::MAX_CHAIN }),
            _ => Ok(chain),
        }
    }

    /// The DER form.
    pub const fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The PEM form, as `setCACert` and `X509List` take it.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The SHA-256 by which people compare certificates.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, &self.der).as_ref());
        Fingerprint(bytes)
    }

    /// Which anchor it is for a device that trusts it.
    pub fn anchor_id(&self) -> AnchorId {
        AnchorId(Sha256::of(&[self.subject.as_slice(), &self.public_key].concat()))
    }

    /// What the fleet's rules know of it as an anchor.
    pub fn anchor(&self) -> Anchor {
        let name = if self.common_name.is_empty() { self.subject_text() } else { self.common_name.clone() };
        Anchor {
            id: self.anchor_id(),
            fingerprint: Sha256(*self.fingerprint().as_bytes()),
            name: name.get(..name.floor_char_boundary(Anchor::MAX_NAME)).unwrap_or_default().to_owned(),
            not_before: self.not_before,
            not_after: self.not_after,
            authority: self.is_authority(),
        }
    }

    /// What kind of key it is for, if it is one that otary can hold.
    pub fn key_kind(&self) -> Option<KeyKind> {
        KeyKind::of_public_key(&self.public_key)
    }

    /// Checks that `key` is the one that it is for.
    pub fn check_key(&self, key: &PrivateKey) -> Result<(), Defect> {
        if self.public_key == key.public_key() {
            return Ok(());
        }
        Err(Defect::KeyMismatch { subject: self.common_name.clone() })
    }

    /// The subject's common name; empty if it has none.
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// The host names and addresses of the subject alternative names, in their order; an address that is there twice,
    /// as iPAddress and as text, is here once.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// The first moment of its life.
    pub const fn not_before(&self) -> Time {
        self.not_before
    }

    /// The last moment of its life.
    pub const fn not_after(&self) -> Time {
        self.not_after
    }

    /// The subject's public key (DER of `SubjectPublicKeyInfo`).
    pub(crate) fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    fn subject_text(&self) -> String {
        parse(&self.der).map(|x509| x509.subject().to_string()).unwrap_or_default()
    }

    /// Whether others can be verified by it: `CA:TRUE`, or signed by its own key.
    fn is_authority(&self) -> bool {
        parse(&self.der).is_ok_and(|x509| x509.is_ca()) || self.check_issuer(self).is_ok()
    }

    /// Checks that `self` names `issuer` as its issuer and has its signature.
    pub fn check_issuer(&self, issuer: &Self) -> Result<(), Defect> {
        let child = parse(&self.der)?;
        let parent = parse(&issuer.der)?;
        if child.issuer().as_raw() == parent.subject().as_raw()
            && child.verify_signature(Some(parent.public_key())).is_ok()
        {
            return Ok(());
        }
        Err(Defect::OtherIssuer { root: issuer.common_name.clone() })
    }

    /// Checks that `self` can be the anchor of an authority: self-signed, CA:TRUE.
    pub(crate) fn check_root(&self) -> Result<(), Defect> {
        let is_authority = parse(&self.der)?.is_ca();
        if is_authority && self.check_issuer(self).is_ok() { Ok(()) } else { Err(Defect::NotARoot) }
    }
}

impl Fingerprint {
    /// The digest's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02X}")?;
        }
        Ok(())
    }
}

pub(crate) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Defect> {
    match X509Certificate::from_der(der) {
        Ok(([], x509)) => Ok(x509),
        _ => Err(Defect::Certificate),
    }
}

fn common_name(x509: &X509Certificate<'_>) -> Option<String> {
    x509.subject().iter_common_name().next()?.as_str().ok().map(str::to_owned)
}

fn names(x509: &X509Certificate<'_>) -> Result<Vec<Name>, Defect> {
    let Some(extension) = x509.subject_alternative_name().map_err(|_| Defect::Certificate)? else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    for name in extension.value.general_names.iter().filter_map(name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn name(general: &GeneralName<'_>) -> Option<Name> {
    match general {
        GeneralName::DNSName(text) => text.parse().ok(),
        GeneralName::IPAddress(bytes) => address(bytes).map(Name::Address),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
    v4.or_else(|| <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok())
}

/// A date before 1970 is no later than 1970: no comparison of ours comes out differently.
fn time(date: x509_parser::time::ASN1Time) -> Time {
    Time::from_secs(u64::try_from(date.timestamp()).unwrap_or(0))
}
