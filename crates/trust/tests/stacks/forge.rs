//! Certificates as one wants them, down to the byte: what no well-behaved library would make, too.

use std::sync::Arc;

use otary_fleet::Time;
use otary_trust::verdict::Digest;

use crate::keys::{Key, Kind, key};

/// A certificate to be signed; every part may be changed.
#[derive(Clone)]
pub struct Draft {
    /// 1 or 3.
    pub version: u8,
    pub serial: Vec<u8>,
    pub subject: Vec<u8>,
    pub from: Time,
    pub until: Time,
    pub key: Arc<Key>,
    pub extensions: Vec<Vec<u8>>,
    pub digest: Digest,
    pub pss: bool,
}

/// A signed certificate.
#[derive(Clone)]
pub struct Issued {
    pub der: Vec<u8>,
    pub subject: Vec<u8>,
    pub key: Arc<Key>,
}

/// One of the bits of a keyUsage (RFC 5280, 4.2.1.3), in its first byte.
pub const DIGITAL_SIGNATURE: u8 = 0x80;
pub const NON_REPUDIATION: u8 = 0x40;
pub const KEY_ENCIPHERMENT: u8 = 0x20;
pub const KEY_CERT_SIGN: u8 = 0x04;

pub const SUBJECT_KEY_ID: &[u64] = &[2, 5, 29, 14];
pub const KEY_USAGE: &[u64] = &[2, 5, 29, 15];
pub const SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];
pub const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
pub const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];
pub const POLICIES: &[u64] = &[2, 5, 29, 32];
pub const AUTHORITY_KEY_ID: &[u64] = &[2, 5, 29, 35];
pub const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];

impl Draft {
    /// Valid from January 2026 to January 2036, with no extension.
    pub fn new(common_name: &str, key: Arc<Key>) -> Self {
        Self {
            version: 3,
            serial: vec![0x11, 0x22, 0x33],
            subject: name(0x0c, common_name),
            from: Time::from_secs(1_767_225_600),
            until: Time::from_secs(2_082_758_400),
            key,
            extensions: Vec::new(),
            digest: Digest::Sha256,
            pss: false,
        }
    }

    /// A CA that may sign certificates.
    pub fn authority(common_name: &str, key: Arc<Key>) -> Self {
        Self::new(common_name, key).authorized(true, None).usage(KEY_CERT_SIGN)
    }

    /// With basicConstraints, critical.
    pub fn authorized(self, ca: bool, path_length: Option<u8>) -> Self {
        let ca = if ca { tlv(0x01, &[0xff]) } else { Vec::new() };
        let path_length = path_length.map(|most| tlv(0x02, &[most])).unwrap_or_default();
        self.with(BASIC_CONSTRAINTS, true, &tlv(0x30, &[ca, path_length].concat()))
    }

    /// With a keyUsage of these bits, critical.
    pub fn usage(self, bits: u8) -> Self {
        let unused = u8::try_from(bits.trailing_zeros()).unwrap();
        self.with(KEY_USAGE, true, &tlv(0x03, &[unused, bits]))
    }

    /// With an extKeyUsage of these purposes.
    pub fn purposes(self, purposes: &[&[u64]]) -> Self {
        let purposes: Vec<_> = purposes.iter().map(|purpose| oid(purpose)).collect();
        self.with(EXTENDED_KEY_USAGE, false, &tlv(0x30, &purposes.concat()))
    }

    /// With these alternative names.
    pub fn names(self, names: &[Vec<u8>]) -> Self {
        self.with(SUBJECT_ALT_NAME, false, &tlv(0x30, &names.concat()))
    }

    pub fn with(mut self, id: &[u64], critical: bool, content: &[u8]) -> Self {
        let critical = if critical { tlv(0x01, &[0xff]) } else { Vec::new() };
        self.extensions.push(tlv(0x30, &[oid(id), critical, tlv(0x04, content)].concat()));
        self
    }

    pub fn life(mut self, from: Time, until: Time) -> Self {
        (self.from, self.until) = (from, until);
        self
    }

    pub fn digest(mut self, digest: Digest) -> Self {
        self.digest = digest;
        self
    }

    pub fn self_signed(&self) -> Issued {
        self.signed(&self.subject, &self.key)
    }

    pub fn by(&self, issuer: &Issued) -> Issued {
        self.signed(&issuer.subject, &issuer.key)
    }

    fn signed(&self, issuer: &[u8], signer: &Key) -> Issued {
        let algorithm = algorithm(signer.kind, self.digest, self.pss);
        let version = if self.version == 1 { Vec::new() } else { vec![0xa0, 3, 2, 1, self.version - 1] };
        let extensions = tlv(0x30, &self.extensions.concat());
        let extensions = if self.extensions.is_empty() { Vec::new() } else { tlv(0xa3, &extensions) };
        let validity = tlv(0x30, &[time(self.from), time(self.until)].concat());
        let parts = [
            version,
            tlv(0x02, &self.serial),
            algorithm.clone(),
            issuer.to_vec(),
            validity,
            self.subject.clone(),
            self.key.public.clone(),
            extensions,
        ];
        let body = tlv(0x30, &parts.concat());
        let signature = signer.sign(self.digest, self.pss, &body);
        let signature = tlv(0x03, &[&[0], &signature[..]].concat());
        let der = tlv(0x30, &[body, algorithm, signature].concat());
        Issued { der, subject: self.subject.clone(), key: self.key.clone() }
    }
}

/// The P-256 key of this number.
pub fn p256(number: u32) -> Arc<Key> {
    key(Kind::P256, number)
}

/// A name of one common name, as a string of this type.
pub fn name(tag: u8, common_name: &str) -> Vec<u8> {
    let value = tlv(tag, common_name.as_bytes());
    tlv(0x30, &tlv(0x31, &tlv(0x30, &[oid(&[2, 5, 4, 3]), value].concat())))
}

pub fn dns(text: &str) -> Vec<u8> {
    tlv(0x82, text.as_bytes())
}

pub fn uri(text: &str) -> Vec<u8> {
    tlv(0x86, text.as_bytes())
}

pub fn mail(text: &str) -> Vec<u8> {
    tlv(0x81, text.as_bytes())
}

pub fn address(bytes: &[u8]) -> Vec<u8> {
    tlv(0x87, bytes)
}

/// A tag, a length and a content.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let bytes = content.len().to_be_bytes();
    let first = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len() - 1);
    let length = &bytes[first..];
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | u8::try_from(length.len()).unwrap());
    }
    out.extend_from_slice(length);
    out.extend_from_slice(content);
    out
}

/// An object identifier.
pub fn oid(arcs: &[u64]) -> Vec<u8> {
    let mut content = vec![u8::try_from(arcs[0] * 40 + arcs[1]).unwrap()];
    for &arc in &arcs[2..] {
        let groups = (0..9).take_while(|&group| group == 0 || arc >> (7 * group) > 0).count();
        content.extend((0..groups).rev().map(|group| {
            let bits = u8::try_from(arc >> (7 * group) & 0x7f).unwrap();
            if group > 0 { bits | 0x80 } else { bits }
        }));
    }
    tlv(0x06, &content)
}

/// `UTCTime` up to 2049, `GeneralizedTime` beyond (RFC 5280, 4.1.2.5).
fn time(time: Time) -> Vec<u8> {
    let time = jiff::Timestamp::from_second(i64::try_from(time.secs()).unwrap()).unwrap();
    let text = time.strftime("%Y%m%d%H%M%SZ").to_string();
    if text.as_str() < "2050" { tlv(0x17, &text.as_bytes()[2..]) } else { tlv(0x18, text.as_bytes()) }
}

/// The identifier of a signature's algorithm.
fn algorithm(kind: Kind, digest: Digest, pss: bool) -> Vec<u8> {
    let number = match digest {
        Digest::Sha1 => 5,
        Digest::Sha224 => 14,
        Digest::Sha256 => 11,
        Digest::Sha384 => 12,
        Digest::Sha512 => 13,
    };
    let null = tlv(0x05, &[]);
    let parts = match (kind, digest) {
        (Kind::Ed25519, _) => oid(&[1, 3, 101, 112]),
        (Kind::Rsa(_), _) if pss => [oid(&[1, 2, 840, 113_549, 1, 1, 10]), pss_of_sha256()].concat(),
        (Kind::Rsa(_), _) => [oid(&[1, 2, 840, 113_549, 1, 1, number]), null].concat(),
        (_, Digest::Sha1) => oid(&[1, 2, 840, 10_045, 4, 1]),
        (_, Digest::Sha224) => oid(&[1, 2, 840, 10_045, 4, 3, 1]),
        (_, Digest::Sha256) => oid(&[1, 2, 840, 10_045, 4, 3, 2]),
        (_, Digest::Sha384) => oid(&[1, 2, 840, 10_045, 4, 3, 3]),
        (_, Digest::Sha512) => oid(&[1, 2, 840, 10_045, 4, 3, 4]),
    };
    tlv(0x30, &parts)
}

/// SHA-256, MGF1 with SHA-256, a salt of 32 bytes (RFC 4055, 3.1).
fn pss_of_sha256() -> Vec<u8> {
    let sha256 = tlv(0x30, &[oid(&[2, 16, 840, 1, 101, 3, 4, 2, 1]), tlv(0x05, &[])].concat());
    let mask = tlv(0x30, &[oid(&[1, 2, 840, 113_549, 1, 1, 8]), sha256.clone()].concat());
    let parts = [tlv(0xa0, &sha256), tlv(0xa1, &mask), tlv(0xa2, &tlv(0x02, &[32]))];
    tlv(0x30, &parts.concat())
}
