//! The extensions that a certificate can ask for, and their DER form.
//!
//! An extension that depends on the key, such as its identifier, is known by kind alone until there is a key.

use std::net::IpAddr;

use yasna::models::ObjectIdentifier;
use yasna::{DERWriter, Tag};

/// An extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) critical: bool,
    pub(super) kind: Kind,
}

/// What an extension says (RFC 5280, section 4.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    AlternativeNames(Vec<GeneralName>),
    BasicConstraints {
        authority: bool,
        path_len: Option<u32>,
    },
    /// Bits by their number.
    KeyUsage(Vec<u8>),
    ExtendedKeyUsage(Vec<Vec<u64>>),
    SubjectKeyId,
    AuthorityKeyId {
        key: bool,
        issuer: bool,
    },
}

/// A subject alternative name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GeneralName {
    /// ASCII.
    Dns(String),
    Address(IpAddr),
    /// ASCII.
    Email(String),
    /// ASCII.
    Uri(String),
}

/// What the extensions say of key and issuer.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// The key's identifier: SHA-1 over its bits (RFC 5280, section 4.2.1.2, method 1).
    pub(super) key_id: &'a [u8],
    /// DER of the name.
    pub(super) name: &'a [u8],
    pub(super) serial: &'a [u8],
}

impl Extension {
    pub(super) const fn new(kind: Kind) -> Self {
        Self { critical: false, kind }
    }

    pub(super) const fn critical(kind: Kind) -> Self {
        Self { critical: true, kind }
    }

    /// Writes it whole: identifier, criticality, value.
    pub(super) fn write(&self, subject: Subject<'_>, writer: DERWriter<'_>) {
        let value = yasna::construct_der(|writer| self.kind.write(subject, writer));
        writer.write_sequence(|writer| {
            writer.next().write_oid(&ObjectIdentifier::from_slice(self.kind.oid()));
            if self.critical {
                writer.next().write_bool(true);
            }
            writer.next().write_bytes(&value);
        });
    }
}

impl Kind {
    const fn oid(&self) -> &'static [u64] {
        match self {
            Self::SubjectKeyId => &[2, 5, 29, 14],
            Self::KeyUsage(_) => &[2, 5, 29, 15],
            Self::AlternativeNames(_) => &[2, 5, 29, 17],
            Self::BasicConstraints { .. } => &[2, 5, 29, 19],
            Self::AuthorityKeyId { .. } => &[2, 5, 29, 35],
            Self::ExtendedKeyUsage(_) => &[2, 5, 29, 37],
        }
    }

    fn write(&self, subject: Subject<'_>, writer: DERWriter<'_>) {
        match self {
            Self::SubjectKeyId => writer.write_bytes(subject.key_id),
            Self::KeyUsage(bits) => write_key_usage(bits, writer),
            Self::AlternativeNames(names) => {
                writer.write_sequence(|writer| names.iter().for_each(|name| name.write(writer.next())));
            }
            Self::BasicConstraints { authority, path_len } => writer.write_sequence(|writer| {
                if *authority {
                    writer.next().write_bool(true);
                }
                if let Some(len) = path_len {
                    writer.next().write_u32(*len);
                }
            }),
            Self::ExtendedKeyUsage(purposes) => writer.write_sequence(|writer| {
                let purposes = purposes.iter().map(|purpose| ObjectIdentifier::from_slice(purpose));
                purposes.for_each(|purpose| writer.next().write_oid(&purpose));
            }),
            Self::AuthorityKeyId { key, issuer } => write_authority_key_id(subject, *key, *issuer, writer),
        }
    }
}

impl GeneralName {
    fn write(&self, writer: DERWriter<'_>) {
        let text = |writer: DERWriter<'_>, tag, text: &str| {
            writer.write_tagged_implicit(Tag::context(tag), |writer| writer.write_ia5_string(text));
        };
        match self {
            Self::Email(email) => text(writer, 1, email),
            Self::Dns(name) => text(writer, 2, name),
            Self::Uri(uri) => text(writer, 6, uri),
            Self::Address(address) => writer.write_tagged_implicit(Tag::context(7), |writer| match address {
                IpAddr::V4(address) => writer.write_bytes(&address.octets()),
                IpAddr::V6(address) => writer.write_bytes(&address.octets()),
            }),
        }
    }
}

/// A bit string without zeros at its end (X.690, section 11.2.2).
fn write_key_usage(bits: &[u8], writer: DERWriter<'_>) {
    let all = bits.iter().fold(0_u16, |all, bit| all | 0x8000_u16.checked_shr(u32::from(*bit)).unwrap_or(0));
    let len = usize::from(bits.iter().max().map_or(0, |last| last + 1));
    let bytes = all.to_be_bytes();
    writer.write_bitvec_bytes(bytes.get(..len.div_ceil(8)).unwrap_or(&bytes), len);
}

/// Key, then issuer and serial number (RFC 5280, section 4.2.1.1); those of the certificate itself, which signs itself.
fn write_authority_key_id(subject: Subject<'_>, key: bool, issuer: bool, writer: DERWriter<'_>) {
    writer.write_sequence(|writer| {
        if key {
            let tag = Tag::context(0);
            writer.next().write_tagged_implicit(tag, |writer| writer.write_bytes(subject.key_id));
        }
        if issuer {
            writer.next().write_tagged_implicit(Tag::context(1), |writer| {
                writer.write_sequence(|writer| {
                    writer.next().write_tagged(Tag::context(4), |writer| writer.write_der(subject.name));
                });
            });
            let tag = Tag::context(2);
            let serial = |writer: DERWriter<'_>| writer.write_bigint_bytes(subject.serial, true);
            writer.next().write_tagged_implicit(tag, serial);
        }
    });
}
