//! Everything in a certificate that people ask about, as text: what `openssl x509 -text` would be read for.
//!
//! Texts are the certificate's own and may hold anything; whoever prints them sees to that.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, KeyUsage};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_SIG_ED448, OID_SIG_ED25519, Oid,
};
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use crate::certificate::{Certificate, parse};
use crate::defect::Defect;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Whom it is for: `C=DE, CN=lamps.lan`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Whether it names itself as its issuer.
    pub self_issued: bool,
    /// The serial number in hexadecimal digits, as it is encoded.
    pub serial: String,
    /// The kind of key: `P-256`, `RSA-2048`.
    pub key: String,
    /// How it is signed: `RSA with SHA-256`.
    pub signature: String,
    /// Alternative names with their kind: `DNS:lamps.lan`, `IP:192.168.1.70`.
    pub alternative_names: Vec<String>,
    /// Whether it is an authority's; none if it does not say.
    pub authority: Option<bool>,
    /// What the key may be used for; none if it does not say.
    pub key_usage: Option<Vec<&'static str>>,
    /// What the certificate is for; none if it does not say.
    pub purposes: Option<Vec<String>>,
    /// SHA-1 of the DER form, `AB:CD:…`: what the ESP8266's `setFingerprint` takes.
    pub sha1: String,
}

impl Certificate {
    /// What it says. An error if an extension is there twice or cannot be read.
    pub fn describe(&self) -> Result<Description, Defect> {
        let x509 = parse(self.der())?;
        let damaged = |_| Defect::Certificate;
        let names = x509.subject_alternative_name().map_err(damaged)?;
        let names = names.map(|found| found.value.general_names.iter().map(name).collect());
        let constraints = x509.basic_constraints().map_err(damaged)?;
        let usage = x509.key_usage().map_err(damaged)?;
        let purposes = x509.extended_key_usage().map_err(damaged)?;
        Ok(Description {
            subject: x509.subject().to_string(),
            issuer: x509.issuer().to_string(),
            self_issued: is_self_issued(&x509),
            serial: hexadecimal(x509.raw_serial(), ""),
            key: key(x509.public_key()),
            signature: signature(&x509),
            alternative_names: names.unwrap_or_default(),
            authority: constraints.map(|found| found.value.ca),
            key_usage: usage.map(|found| usages(*found.value)),
            purposes: purposes.map(|found| purpose_names(found.value)),
            sha1: hexadecimal(digest(&SHA1_FOR_LEGACY_USE_ONLY, self.der()).as_ref(), ":"),
        })
    }

    /// Whether it names itself as its issuer: then a device has to hold it itself, and nobody vouches for it.
    pub fn is_self_issued(&self) -> bool {
        parse(self.der()).is_ok_and(|x509| is_self_issued(&x509))
    }
}

fn is_self_issued(x509: &X509Certificate<'_>) -> bool {
    x509.subject().as_raw() == x509.issuer().as_raw()
}

fn hexadecimal(bytes: &[u8], separator: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(separator)
}

fn name(general: &GeneralName<'_>) -> String {
    match general {
        GeneralName::DNSName(text) => format!("DNS:{text}"),
        GeneralName::RFC822Name(text) => format!("email:{text}"),
        GeneralName::URI(text) => format!("URI:{text}"),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let address = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            address
                .map_or_else(|_| format!("IP:{}", hexadecimal(bytes, ":")), |address| format!("IP:{address}"))
        }
        other => other.to_string(),
    }
}

fn key(info: &SubjectPublicKeyInfo<'_>) -> String {
    let curves = [(OID_EC_P256, "P-256"), (OID_NIST_EC_P384, "P-384"), (OID_NIST_EC_P521, "P-521")];
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA-{}", key.key_size()),
        Ok(PublicKey::EC(_)) => {
            let oid = info.algorithm.parameters.as_ref().and_then(|found| found.as_oid().ok());
            let known = curves.iter().find(|(curve, _)| oid.as_ref() == Some(curve));
            known.map_or_else(
                || "an elliptic curve of another kind".to_owned(),
                |(_, name)| (*name).to_owned(),
            )
        }
        _ => other_algorithm(&info.algorithm),
    }
}

fn other_algorithm(algorithm: &AlgorithmIdentifier<'_>) -> String {
    match &algorithm.algorithm {
        oid if *oid == OID_SIG_ED25519 => "Ed25519".to_owned(),
        oid if *oid == OID_SIG_ED448 => "Ed448".to_owned(),
        oid => oid.to_id_string(),
    }
}

/// The signature's algorithm (RFC 3279, RFC 4055, RFC 5758).
fn signature(x509: &X509Certificate<'_>) -> String {
    const KNOWN: [(&str, &str); 11] = [
        ("1.2.840.113549.1.1.4", "RSA with MD5"),
        ("1.2.840.113549.1.1.5", "RSA with SHA-1"),
        ("1.2.840.113549.1.1.10", "RSA-PSS"),
        ("1.2.840.113549.1.1.11", "RSA with SHA-256"),
        ("1.2.840.113549.1.1.12", "RSA with SHA-384"),
        ("1.2.840.113549.1.1.13", "RSA with SHA-512"),
        ("1.2.840.113549.1.1.14", "RSA with SHA-224"),
        ("1.2.840.10045.4.1", "ECDSA with SHA-1"),
        ("1.2.840.10045.4.3.2", "ECDSA with SHA-256"),
        ("1.2.840.10045.4.3.3", "ECDSA with SHA-384"),
        ("1.2.840.10045.4.3.4", "ECDSA with SHA-512"),
    ];
    let oid = x509.signature_algorithm.algorithm.to_id_string();
    let known = KNOWN.iter().find(|(known, _)| *known == oid);
    known.map_or_else(|| other_algorithm(&x509.signature_algorithm), |(_, name)| (*name).to_owned())
}

fn usages(usage: KeyUsage) -> Vec<&'static str> {
    const NAMES: [&str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];
    NAMES
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| usage.flags >> bit & 1 == 1)
        .map(|(_, name)| name)
        .collect()
}

fn purpose_names(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let known = [
        (usage.any, "any"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let known = known.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name.to_owned());
    known.chain(usage.other.iter().map(Oid::to_id_string)).collect()
}
