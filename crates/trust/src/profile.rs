//! The kinds of certificate that the authority composes, in the form that every device's TLS stack accepts.
//!
//! Measured on Mbed TLS 2.28 and 3.6, BearSSL and OpenSSL: P-256 with SHA-256; no name constraints (a critical one
//! does not even parse on Mbed TLS) and no path length; subject and authority key ids (OpenSSL's strict mode asks
//! for them); a positive random serial; a beginning well in the past; dates up to 2049 as `UTCTime`, later ones as
//! `GeneralizedTime` (RFC 5280, 4.1.2.5). None of these stacks keeps a certificate's date in 32 bits, so a root may
//! outlive 2038. Every address goes in as iPAddress, for browsers and newer devices, *and* as dNSName text, which is
//! all that Mbed TLS 2.28 and BearSSL look at. Host names come first: a strict reader stops at its match.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyUsagePurpose, SanType, SerialNumber,
};

use crate::certificate::Certificate;
use crate::clock::TrustedTime;
use crate::defect::Defect;
use crate::error::Error;
use crate::identity::{Identity, Signer};
use crate::key::{KeyKind, PrivateKey};
use crate::life::Life;
use crate::name::Name;
use crate::state::check_anchor;

/// Longest common name (RFC 5280, appendix A, `ub-common-name`).
const MAX_COMMON_NAME: usize = 64;

/// Makes a root: a new key and its self-signed certificate. Its name has 48 bits of the key's digest, so that no two
/// installations share one: BearSSL finds its anchor by name.
pub(crate) fn make_root(life: Life) -> Result<Identity, Error> {
    let key = PrivateKey::generate(KeyKind::P256)?;
    let mut params = params(&root_name(&key), life)?;
    make_authority(&mut params);
    let made = params.self_signed(key.pair()).map_err(Error::Crypto)?;
    let certificate = Certificate::from_der(made.der()).map_err(Error::Made)?;
    certificate.check_root().map_err(Error::Made)?;
    Identity::new(certificate, key).map_err(Error::Made)
}

/// Makes the bridge: the name and key of a new root, signed by the old root's key. A device that holds the old root
/// alone finds its way to the new one's leaves by it (Mbed TLS, BearSSL, OpenSSL and webpki all look for an issuer by
/// name among what they are sent); one that holds the new root does not need it, and is not disturbed.
pub(crate) fn make_bridge(old: Signer<'_>, new: Signer<'_>, now: TrustedTime) -> Result<Certificate, Error> {
    check_alive(old, now)?;
    let life = Life::of_bridge(old.certificate.into(), new.certificate.into(), now);
    let mut params = params(new.certificate.common_name(), life)?;
    make_authority(&mut params);
    let made = params.signed_by(new.key.pair(), &issuer(old)).map_err(Error::Crypto)?;
    let bridge = Certificate::from_der(made.der()).map_err(Error::Made)?;
    check_bridge(&bridge, old.certificate, new.certificate).map_err(Error::Made)?;
    Ok(bridge)
}

/// Checks that `bridge` leads from the old root to the new one.
pub(crate) fn check_bridge(bridge: &Certificate, old: &Certificate, new: &Certificate) -> Result<(), Defect> {
    bridge.check_issuer(old)?;
    check_anchor(bridge, Some(&new.anchor()))
}

/// Makes a leaf: a new key and a certificate for these names, signed by `root` and never outliving it.
pub(crate) fn make_leaf(
    root: Signer<'_>,
    kind: KeyKind,
    names: &[Name],
    now: TrustedTime,
) -> Result<Identity, Error> {
    let mut params = leaf_params(root, &leaf_name(names)?, Life::of_leaf(root.certificate.into(), now))?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = alternative_names(names)?;
    issue(root, kind, &params)
}

/// Makes a certificate by which a device shows who it is: `name` is its common name, and nothing else is in it.
pub(crate) fn make_client(root: Signer<'_>, name: &str, now: TrustedTime) -> Result<Identity, Error> {
    let found = name.chars().count();
    if !(1..=MAX_COMMON_NAME).contains(&found) {
        return Err(Error::ClientName { most: MAX_COMMON_NAME, found });
    }
    let mut params = leaf_params(root, name, Life::of_client(root.certificate.into(), now))?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    issue(root, KeyKind::P256, &params)
}

/// A certificate by `root`, with a new key.
pub(crate) fn issue(root: Signer<'_>, kind: KeyKind, params: &CertificateParams) -> Result<Identity, Error> {
    let key = PrivateKey::generate(kind)?;
    let made = params.signed_by(key.pair(), &issuer(root)).map_err(Error::Crypto)?;
    let certificate = Certificate::from_der(made.der()).map_err(Error::Made)?;
    certificate.check_issuer(root.certificate).map_err(Error::Made)?;
    Identity::new(certificate, key).map_err(Error::Made)
}

fn leaf_params(root: Signer<'_>, name: &str, life: Option<Life>) -> Result<CertificateParams, Error> {
    let ended = root.certificate.not_after();
    let mut params = params(name, life.ok_or(Error::RootEnded { ended })?)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    Ok(params)
}

fn check_alive(root: Signer<'_>, now: TrustedTime) -> Result<(), Error> {
    let ended = root.certificate.not_after();
    if now.time() >= ended { Err(Error::RootEnded { ended }) } else { Ok(()) }
}

fn make_authority(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
}

/// What one name adds to a certificate, in bytes.
pub(crate) fn encoded_len(name: &Name) -> usize {
    match name {
        Name::Host(host) => 2 + host.as_str().len(),
        Name::Address(address) => {
            let octets = if address.is_ipv4() { 4 } else { 16 };
            2 + octets + 2 + address.to_string().len()
        }
    }
}

/// What every certificate of ours has.
pub(crate) fn params(common_name: &str, life: Life) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(common_name);
    params.serial_number = Some(serial_number()?);
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(life.not_before.secs());
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(life.not_after.secs());
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn issuer(root: Signer<'_>) -> Issuer<'static, &rcgen::KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(root.certificate.common_name());
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Issuer::new(params, root.key.pair())
}

fn distinguished_name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn root_name(key: &PrivateKey) -> String {
    format!("otary root {:012x}", issuer_id(key))
}

/// 48 bits of a key's digest.
pub(crate) fn issuer_id(key: &PrivateKey) -> u64 {
    let digest = digest(&SHA256, &key.public_key());
    digest.as_ref().iter().take(6).fold(0_u64, |id, &byte| id << 8 | u64::from(byte))
}

/// The first name that fits into a common name; Mbed TLS and BearSSL do not look at it when there are others.
pub(crate) fn leaf_name(names: &[Name]) -> Result<String, Error> {
    let first = names.first().ok_or(Error::NoNames)?;
    let fitting = names.iter().map(Name::to_string).find(|name| name.len() <= MAX_COMMON_NAME);
    Ok(fitting.unwrap_or_else(|| first.to_string().chars().take(MAX_COMMON_NAME).collect()))
}

/// 16 random bytes (RFC 5280, 4.1.2.2: positive, at most 20 bytes), the first with neither its sign bit set nor zero.
pub(crate) fn serial_number() -> Result<SerialNumber, Error> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Crypto(rcgen::Error::RingUnspecified))?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn alternative_names(names: &[Name]) -> Result<Vec<SanType>, Error> {
    let (mut hosts, mut addresses, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        let text = Ia5String::try_from(name.to_string()).map_err(Error::Crypto)?;
        match name {
            Name::Host(_) => hosts.push(SanType::DnsName(text)),
            Name::Address(address) => {
                addresses.push(SanType::IpAddress(*address));
                texts.push(SanType::DnsName(text));
            }
        }
    }
    hosts.append(&mut addresses);
    hosts.append(&mut texts);
    Ok(hosts)
}
