//! Certificates as Mbed TLS reads them: what it cannot read ends the handshake, whatever else is right.

use x509_parser::asn1_rs::{Any, FromDer as _};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry as oids;
use x509_parser::prelude::ParsedExtension;
use x509_parser::public_key::PublicKey;

/// Reads a certificate, or says what the stack stumbles over.
pub(super) fn read(der: &[u8]) -> Result<X509Certificate<'_>, &'static str> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| "not a certificate")?;
    if !rest.is_empty() {
        return Err("bytes behind the certificate");
    }
    if !is_framed(der) {
        return Err("a tag that is not that of a certificate");
    }
    if certificate.signature_value.unused_bits > 0 {
        return Err("a signature that is not of whole bytes");
    }
    if certificate.extensions_map().is_err() {
        return Err("an extension that stands twice");
    }
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::ParseError { .. } => return Err("an extension that does not decode"),
            ParsedExtension::NameConstraints(_) if extension.critical => {
                return Err("critical name constraints");
            }
            known if extension.critical && !knows(known) => return Err("an unknown critical extension"),
            _ => {}
        }
    }
    if !matches!(certificate.public_key().parsed(), Ok(PublicKey::RSA(_) | PublicKey::EC(_))) {
        return Err("a key that is neither RSA nor of an elliptic curve it knows");
    }
    let algorithm = &certificate.signature_algorithm.algorithm;
    if SIGNATURES.iter().any(|known| known == algorithm) {
        Ok(certificate)
    } else {
        Err("a signature of an algorithm it does not know")
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

/// Whether a certificate names itself as its issuer.
pub(super) fn is_self_issued(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
}

/// Extensions that may be critical.
fn knows(extension: &ParsedExtension<'_>) -> bool {
    matches!(
        extension,
        ParsedExtension::BasicConstraints(_)
            | ParsedExtension::KeyUsage(_)
            | ParsedExtension::ExtendedKeyUsage(_)
            | ParsedExtension::SubjectAlternativeName(_)
            | ParsedExtension::NSCertType(_)
    )
}

const SIGNATURES: [oids::Oid<'static>; 9] = [
    oids::OID_PKCS1_SHA1WITHRSA,
    oids::OID_PKCS1_SHA256WITHRSA,
    oids::OID_PKCS1_SHA384WITHRSA,
    oids::OID_PKCS1_SHA512WITHRSA,
    oids::OID_PKCS1_RSASSAPSS,
    oids::OID_SIG_ECDSA_WITH_SHA224,
    oids::OID_SIG_ECDSA_WITH_SHA256,
    oids::OID_SIG_ECDSA_WITH_SHA384,
    oids::OID_SIG_ECDSA_WITH_SHA512,
];
