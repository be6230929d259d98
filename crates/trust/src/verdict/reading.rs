//! A certificate as any of the stacks can see it, and what makes it unreadable for Mbed TLS.

use x509_parser::asn1_rs::{Any, FromDer as _, oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{BasicConstraints, CertificatePolicies, KeyUsage, X509Extension};
use x509_parser::oid_registry as oids;
use x509_parser::prelude::{GeneralName, ParsedExtension};
use x509_parser::public_key::PublicKey;

use super::fault::{Fault, Place};
use super::rules::{Curve, Extension, Rules};
use super::signature::{Algorithm, Key, Scheme};

/// A certificate whose frame is whole.
pub(super) struct Reading<'a> {
    pub(super) place: Place,
    pub(super) x509: X509Certificate<'a>,
    pub(super) key: Key,
    /// None if no stack knows it.
    pub(super) algorithm: Option<Algorithm>,
    /// Its own bytes, without what is behind it.
    pub(super) der: &'a [u8],
    pub(super) has_more: bool,
}

/// Why Mbed TLS cannot read a certificate.
pub(super) struct Unreadable {
    pub(super) why: &'static str,
    /// It knows no such signature: elsewhere in a chain it passes over such a certificate.
    pub(super) passable: bool,
}

impl<'a> Reading<'a> {
    /// Reads what every stack has to: the frame.
    pub(super) fn parse(der: &'a [u8], place: Place) -> Result<Self, &'static str> {
        let (rest, x509) = X509Certificate::from_der(der).map_err(|_| "not a certificate")?;
        let own = der.get(..der.len() - rest.len()).unwrap_or(der);
        if !is_framed(own) {
            return Err("a tag that is not that of a certificate");
        }
        if x509.signature_value.unused_bits > 0 {
            return Err("a signature that is not of whole bytes");
        }
        if x509.version().0 > 2 {
            return Err("a version beyond 3");
        }
        let (key, algorithm) = (key(&x509), Algorithm::of(&x509));
        Ok(Self { place, key, algorithm, der: own, has_more: !rest.is_empty(), x509 })
    }

    /// Reads a certificate as Mbed TLS does.
    pub(super) fn strict(der: &'a [u8], place: Place, rules: &Rules) -> Result<Self, Unreadable> {
        let no = |why| Unreadable { why, passable: false };
        let reading = Self::parse(der, place).map_err(no)?;
        reading.check_algorithm(rules).map_err(|why| Unreadable { why, passable: true })?;
        reading.check_parts(rules).map_err(no)?;
        reading.check_extensions(rules).map_err(no)?;
        Ok(reading)
    }

    fn check_algorithm(&self, rules: &Rules) -> Result<(), &'static str> {
        match self.algorithm.map(|algorithm| algorithm.scheme) {
            None => Err("a signature of an algorithm it does not know"),
            Some(Scheme::Pss { .. }) if !rules.pss => Err("an RSASSA-PSS signature"),
            Some(_) => Ok(()),
        }
    }

    fn check_parts(&self, rules: &Rules) -> Result<(), &'static str> {
        if self.has_more && !rules.trailing_bytes {
            return Err("bytes behind the certificate");
        }
        if rules.both_algorithms && self.x509.tbs_certificate.signature != self.x509.signature_algorithm {
            return Err("two signature algorithms that differ");
        }
        if !rules.empty_issuer && self.x509.issuer().iter_rdn().next().is_none() {
            return Err("an issuer without a name");
        }
        match self.key {
            Key::Rsa { bits } if bits <= rules.largest_rsa => Ok(()),
            Key::Rsa { .. } => Err("an RSA key that is too long"),
            Key::Ec(curve) if rules.curves.contains(&curve) => Ok(()),
            Key::Ec(_) | Key::Other => Err("a key that is neither RSA nor of an elliptic curve it knows"),
        }
    }

    fn check_extensions(&self, rules: &Rules) -> Result<(), &'static str> {
        let mut seen = Vec::new();
        for extension in self.x509.extensions() {
            let kind = kind(extension);
            let Some(known) = kind.filter(|kind| rules.critical.contains(kind)) else {
                match kind {
                    _ if !extension.critical => continue,
                    Some(Extension::NameConstraints) => return Err("critical name constraints"),
                    _ => return Err("an unknown critical extension"),
                }
            };
            if seen.contains(&known) && !rules.repeated_extensions {
                return Err("an extension that stands twice");
            }
            seen.push(known);
            check_content(extension, known, rules)?;
        }
        Ok(())
    }

    /// Whether it names itself as its issuer.
    pub(super) fn is_self_issued(&self, rules: &Rules) -> bool {
        super::name::same(self.x509.subject(), self.x509.issuer(), rules.folds_names)
    }

    pub(super) fn constraints(&self) -> Option<&BasicConstraints> {
        self.x509.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(constraints) => Some(constraints),
            _ => None,
        })
    }

    pub(super) fn usage(&self) -> Option<&KeyUsage> {
        self.x509.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::KeyUsage(usage) => Some(usage),
            _ => None,
        })
    }

    /// Whether it has an extKeyUsage, and that allows no server.
    pub(super) fn is_for_other_uses(&self) -> bool {
        self.x509.extensions().iter().any(|extension| match extension.parsed_extension() {
            ParsedExtension::ExtendedKeyUsage(usage) => !usage.server_auth && !usage.any,
            _ => false,
        })
    }

    /// Whether the key of `issuer` made the signature under this certificate.
    pub(super) fn is_signed_by(&self, issuer: &Self) -> bool {
        let key = &issuer.x509.public_key().subject_public_key.data;
        let message = self.x509.tbs_certificate.as_ref();
        let signature = &self.x509.signature_value.data;
        self.algorithm.is_some_and(|algorithm| algorithm.verifies(issuer.key, key, message, signature))
    }

    /// What is wrong with its dates at this time, if anything.
    pub(super) fn check_dates(&self, now: otary_fleet::Time) -> Result<(), Fault> {
        let validity = self.x509.validity();
        let (from, until) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        let now = now.secs();
        let within = i64::try_from(now).is_ok_and(|now| (from..=until).contains(&now));
        if within { Ok(()) } else { Err(Fault::Dates { place: self.place, now, from, until }) }
    }

    /// What is too weak about its key, if anything.
    pub(super) fn check_key(&self, rules: &Rules) -> Result<(), Fault> {
        let key = match self.key {
            Key::Rsa { bits } if bits < rules.smallest_rsa => format!("RSA of {bits} bits"),
            Key::Ec(curve) if !rules.strong_curves.contains(&curve) => format!("{curve:?}"),
            _ => return Ok(()),
        };
        Err(Fault::WeakKey { place: self.place, key })
    }
}

/// Whether a certificate is a SEQUENCE of SEQUENCE, SEQUENCE and BIT STRING (RFC 5280, 4.1.1), bit for bit: no
/// signature covers these tags, and the parser would take them in any class.
fn is_framed(der: &[u8]) -> bool {
    let part = |tag: u8, der| Any::from_der(der).ok().filter(|_| der.first() == Some(&tag));
    let parts = part(0x30, der).and_then(|(_, certificate)| {
        let (algorithm, _) = part(0x30, certificate.data)?;
        let (signature, _) = part(0x30, algorithm)?;
        part(0x03, signature)
    });
    parts.is_some_and(|(rest, _)| rest.is_empty())
}

fn key(x509: &X509Certificate<'_>) -> Key {
    match x509.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => {
            let first = key.modulus.iter().position(|&byte| byte != 0).unwrap_or(key.modulus.len());
            let modulus = key.modulus.get(first..).unwrap_or_default();
            let zeros = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
            Key::Rsa { bits: modulus.len() * 8 - zeros }
        }
        Ok(PublicKey::EC(_)) => {
            let parameters = x509.public_key().algorithm.parameters.as_ref();
            let named = parameters.and_then(|any| any.as_oid().ok());
            let curve = named.and_then(|oid| CURVES.iter().find(|(known, _)| *known == oid));
            curve.map_or(Key::Other, |(_, curve)| Key::Ec(*curve))
        }
        _ => Key::Other,
    }
}

/// Which of the extensions that somebody knows this is.
pub(super) fn kind(extension: &X509Extension<'_>) -> Option<Extension> {
    EXTENSIONS.iter().find(|(oid, _)| *oid == extension.oid).map(|(_, kind)| *kind)
}

/// Whether what is in an extension that Mbed TLS knows can be read, too.
fn check_content(extension: &X509Extension<'_>, known: Extension, rules: &Rules) -> Result<(), &'static str> {
    if known == Extension::KeyUsage && is_empty_usage(extension) {
        return if rules.empty_usage { Ok(()) } else { Err("a keyUsage that allows nothing") };
    }
    if !rules.key_ids && matches!(known, Extension::SubjectKeyId | Extension::AuthorityKeyId) {
        return Ok(());
    }
    match extension.parsed_extension() {
        ParsedExtension::ParseError { .. } => Err("an extension that does not decode"),
        ParsedExtension::SubjectAlternativeName(names) if rules.ip_names => {
            let odd = |name: &GeneralName<'_>| matches!(name, GeneralName::IPAddress(bytes) if !matches!(bytes.len(), 4 | 16));
            if names.general_names.iter().any(odd) {
                return Err("an iPAddress that is neither IPv4 nor IPv6");
            }
            Ok(())
        }
        ParsedExtension::CertificatePolicies(policies) if extension.critical => {
            check_policies(policies, rules)
        }
        _ => Ok(()),
    }
}

/// A keyUsage of no bits: one byte that says so.
pub(super) fn is_empty_usage(extension: &X509Extension<'_>) -> bool {
    matches!(extension.value, [0x03, 0x01, _])
}

/// Whether critical policies can be heeded.
pub(super) fn check_policies(policies: &CertificatePolicies<'_>, rules: &Rules) -> Result<(), &'static str> {
    let heeded = policies.iter().all(|policy| {
        if rules.any_policy_only {
            return policy.policy_id == ANY_POLICY;
        }
        let qualifiers = policy.policy_qualifiers.iter().flatten();
        qualifiers.into_iter().all(|qualifier| qualifier.policy_qualifier_id == CPS)
    });
    if heeded { Ok(()) } else { Err("critical policies that it does not know") }
}

const ANY_POLICY: oids::Oid<'static> = oid!(2.5.29.32.0);
/// Pointer to a statement of practice, which asks nothing of the reader (RFC 5280, 4.2.1.4).
const CPS: oids::Oid<'static> = oid!(1.3.6.1.5.5.7.2.1);

static CURVES: [(oids::Oid<'static>, Curve); 9] = [
    (oid!(1.2.840.10045.3.1.1), Curve::P192),
    (oid!(1.3.132.0.33), Curve::P224),
    (oid!(1.2.840.10045.3.1.7), Curve::P256),
    (oid!(1.3.132.0.34), Curve::P384),
    (oid!(1.3.132.0.35), Curve::P521),
    (oid!(1.3.132.0.10), Curve::K256),
    (oid!(1.3.36.3.3.2.8.1.1.7), Curve::Brainpool),
    (oid!(1.3.36.3.3.2.8.1.1.11), Curve::Brainpool),
    (oid!(1.3.36.3.3.2.8.1.1.13), Curve::Brainpool),
];

static EXTENSIONS: [(oids::Oid<'static>, Extension); 15] = [
    (oids::OID_X509_EXT_BASIC_CONSTRAINTS, Extension::BasicConstraints),
    (oids::OID_X509_EXT_KEY_USAGE, Extension::KeyUsage),
    (oids::OID_X509_EXT_EXTENDED_KEY_USAGE, Extension::ExtendedKeyUsage),
    (oids::OID_X509_EXT_SUBJECT_ALT_NAME, Extension::SubjectAltName),
    (oids::OID_X509_EXT_CERT_TYPE, Extension::NetscapeType),
    (oids::OID_X509_EXT_CERTIFICATE_POLICIES, Extension::Policies),
    (oids::OID_X509_EXT_SUBJECT_KEY_IDENTIFIER, Extension::SubjectKeyId),
    (oids::OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER, Extension::AuthorityKeyId),
    (oids::OID_X509_EXT_ISSUER_ALT_NAME, Extension::IssuerAltName),
    (oid!(2.5.29.9), Extension::DirectoryAttributes),
    (oids::OID_X509_EXT_CRL_DISTRIBUTION_POINTS, Extension::CrlPoints),
    (oids::OID_X509_EXT_FRESHEST_CRL, Extension::FreshestCrl),
    (oids::OID_PKIX_AUTHORITY_INFO_ACCESS, Extension::AuthorityAccess),
    (oids::OID_PKIX_SUBJECT_INFO_ACCESS, Extension::SubjectAccess),
    (oids::OID_X509_EXT_NAME_CONSTRAINTS, Extension::NameConstraints),
];
