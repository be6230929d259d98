//! The values of extensions in an OpenSSL request file (OpenSSL's manual, `x509v3_config(5)`).

use std::net::IpAddr;

use super::conf::{Conf, Entry};
use super::extension::{Extension, GeneralName, Kind};
use super::fault::{ConfigFault, KeyFault};
use crate::name::Name;

/// Keys of an extension section, for people.
const KNOWN: &str = "subjectAltName, basicConstraints, keyUsage, extendedKeyUsage, subjectKeyIdentifier and authorityKeyIdentifier";

const USAGES: [(&str, u8); 9] = [
    ("digitalSignature", 0),
    ("nonRepudiation", 1),
    ("keyEncipherment", 2),
    ("dataEncipherment", 3),
    ("keyAgreement", 4),
    ("keyCertSign", 5),
    ("cRLSign", 6),
    ("encipherOnly", 7),
    ("decipherOnly", 8),
];

const PURPOSES: [(&str, &[u64]); 7] = [
    ("serverAuth", &[1, 3, 6, 1, 5, 5, 7, 3, 1]),
    ("clientAuth", &[1, 3, 6, 1, 5, 5, 7, 3, 2]),
    ("codeSigning", &[1, 3, 6, 1, 5, 5, 7, 3, 3]),
    ("emailProtection", &[1, 3, 6, 1, 5, 5, 7, 3, 4]),
    ("timeStamping", &[1, 3, 6, 1, 5, 5, 7, 3, 8]),
    ("OCSPSigning", &[1, 3, 6, 1, 5, 5, 7, 3, 9]),
    ("anyExtendedKeyUsage", &[2, 5, 29, 37, 0]),
];

const NAME: &str = "DNS:NAME, IP:ADDRESS, email:ADDRESS or URI:URI";

/// The extensions of a section, in its order. OpenSSL adds the subject key identifier where the section says nothing
/// of it, and adds no authority key identifier to a certificate that signs itself.
pub(super) fn extensions(conf: &Conf, section: &[&Entry]) -> Result<Vec<Extension>, ConfigFault> {
    let mut extensions: Vec<Extension> = Vec::new();
    let mut key_id = None;
    for entry in section {
        let (critical, value) = without_criticality(entry.value()?);
        let kind = match entry.key() {
            "subjectAltName" => Kind::AlternativeNames(alternative_names(conf, entry, &value)?),
            "basicConstraints" => basic_constraints(entry, &value)?,
            "keyUsage" => Kind::KeyUsage(key_usage(entry, &value)?),
            "extendedKeyUsage" => Kind::ExtendedKeyUsage(purposes(entry, &value)?),
            "subjectKeyIdentifier" => {
                key_id = Some(wants_key_id(entry, &value)?);
                Kind::SubjectKeyId
            }
            "authorityKeyIdentifier" => match authority_key_id(entry, &value)? {
                Some(kind) => kind,
                None => continue,
            },
            _ => {
                let section = entry.section().to_owned();
                return Err(entry.fault(KeyFault::Unknown { section, known: KNOWN }));
            }
        };
        if kind != Kind::SubjectKeyId || key_id == Some(true) {
            extensions.push(Extension { critical, kind });
        }
    }
    if key_id.is_none() {
        extensions.push(Extension::new(Kind::SubjectKeyId));
    }
    Ok(extensions)
}

fn without_criticality(value: String) -> (bool, String) {
    match value.strip_prefix("critical,") {
        Some(rest) => (true, rest.trim_start().to_owned()),
        None => (false, value),
    }
}

/// Names in the value itself, or in the section that it names by `@`.
fn alternative_names(conf: &Conf, entry: &Entry, value: &str) -> Result<Vec<GeneralName>, ConfigFault> {
    let Some(section) = value.strip_prefix('@') else {
        let split = |part: &str| {
            part.split_once(':').map(|(kind, name)| (kind.trim().to_owned(), name.trim().to_owned()))
        };
        let named = |part: &str| {
            let (kind, name) = split(part).ok_or_else(|| entry.unexpected(NAME, part.trim()))?;
            general_name(entry, &kind, name)
        };
        return value.split(',').map(named).collect();
    };
    let section = section.trim();
    let missing = || entry.fault(KeyFault::NoSection(section.to_owned()));
    let entries = conf.section(section)?.ok_or_else(missing)?;
    let named = |entry: &&Entry| {
        let kind = entry.key().split('.').next().unwrap_or_default().to_owned();
        general_name(entry, &kind, entry.value()?)
    };
    entries.iter().map(named).collect()
}

fn general_name(entry: &Entry, kind: &str, text: String) -> Result<GeneralName, ConfigFault> {
    let ascii = |text: String, expected| {
        let is_right = !text.is_empty() && text.is_ascii() && !matches!(text.as_str(), "copy" | "move");
        if is_right { Ok(text) } else { Err(entry.unexpected(expected, &text)) }
    };
    match kind {
        "DNS" => match text.parse::<Name>() {
            Ok(_) => Ok(GeneralName::Dns(text)),
            Err(fault) => Err(entry.fault(KeyFault::Name { found: text.chars().take(64).collect(), fault })),
        },
        "IP" => match text.parse::<IpAddr>() {
            Ok(address) => Ok(GeneralName::Address(address)),
            Err(_) => Err(entry.unexpected("an address, as 192.168.1.70", &text)),
        },
        "email" => ascii(text, "an e-mail address in ASCII").map(GeneralName::Email),
        "URI" => ascii(text, "a URI in ASCII").map(GeneralName::Uri),
        kind => Err(entry.unexpected(NAME, kind)),
    }
}

fn basic_constraints(entry: &Entry, value: &str) -> Result<Kind, ConfigFault> {
    const EXPECTED: &str = "CA:TRUE or CA:FALSE, and perhaps pathlen:NUMBER";
    let (mut authority, mut path_len) = (false, None);
    for part in value.split(',') {
        match part.split_once(':').map(|(key, value)| (key.trim(), value.trim())) {
            Some(("CA", "TRUE" | "true" | "Y" | "y" | "YES" | "yes")) => authority = true,
            Some(("CA", "FALSE" | "false" | "N" | "n" | "NO" | "no")) => authority = false,
            Some(("pathlen", number)) if number.parse::<u32>().is_ok() => path_len = number.parse().ok(),
            _ => return Err(entry.unexpected(EXPECTED, part.trim())),
        }
    }
    Ok(Kind::BasicConstraints { authority, path_len })
}

fn key_usage(entry: &Entry, value: &str) -> Result<Vec<u8>, ConfigFault> {
    const EXPECTED: &str = "digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement, \
        keyCertSign, cRLSign, encipherOnly or decipherOnly";
    let bit = |part: &str| USAGES.iter().find(|(name, _)| *name == part).map(|(_, bit)| *bit);
    value
        .split(',')
        .map(str::trim)
        .map(|part| bit(part).ok_or_else(|| entry.unexpected(EXPECTED, part)))
        .collect()
}

fn purposes(entry: &Entry, value: &str) -> Result<Vec<Vec<u64>>, ConfigFault> {
    const EXPECTED: &str = "serverAuth, clientAuth, codeSigning, emailProtection, timeStamping, OCSPSigning, \
        anyExtendedKeyUsage or an object identifier";
    let known = |part: &str| PURPOSES.iter().find(|(name, _)| *name == part).map(|(_, oid)| oid.to_vec());
    let purpose = |part: &str| known(part).or_else(|| object_identifier(part));
    value
        .split(',')
        .map(str::trim)
        .map(|part| purpose(part).ok_or_else(|| entry.unexpected(EXPECTED, part)))
        .collect()
}

/// Digits and dots that can be written as an object identifier (X.660, section 7.6).
fn object_identifier(text: &str) -> Option<Vec<u64>> {
    let arcs: Vec<u64> =
        text.split('.').map(|arc| arc.parse::<u32>().map(u64::from)).collect::<Result<_, _>>().ok()?;
    match arcs.as_slice() {
        [0 | 1, 0..=39, _, ..] | [2, _, _, ..] if arcs.len() <= 32 => Some(arcs),
        _ => None,
    }
}

fn wants_key_id(entry: &Entry, value: &str) -> Result<bool, ConfigFault> {
    match value {
        "hash" => Ok(true),
        "none" => Ok(false),
        value => Err(entry.unexpected("hash or none", value)),
    }
}

/// What OpenSSL makes of it where the certificate is its own issuer: the key's identifier is there if it is always
/// wanted; issuer and serial number if they are always wanted, or wanted and the key's identifier is not there. None:
/// the extension is left out.
fn authority_key_id(entry: &Entry, value: &str) -> Result<Option<Kind>, ConfigFault> {
    let (mut key, mut issuer, mut instead) = (false, false, false);
    for part in value.split(',').map(str::trim) {
        match part {
            "keyid" => {}
            "keyid:always" => key = true,
            "issuer" => instead = true,
            "issuer:always" => issuer = true,
            "none" if value == "none" => {}
            part => return Err(entry.unexpected("keyid, keyid:always, issuer, issuer:always or none", part)),
        }
    }
    issuer |= instead && !key;
    Ok((key || issuer).then_some(Kind::AuthorityKeyId { key, issuer }))
}
