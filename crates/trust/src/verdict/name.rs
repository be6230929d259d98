//! Names: whether a certificate is for a host, and whether two certificates speak of the same authority.
//!
//! With any subjectAltName extension only its entries count, else the common names. A wildcard stands for the whole
//! leftmost label. The host is compared as the URL has it; an address is its text, and for Mbed TLS from 3.5 on also an
//! iPAddress.

use std::net::IpAddr;

use x509_parser::asn1_rs::Tag;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::ParsedExtension;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::fault::Fault;
use super::rules::Rules;

/// Whether the certificate is for `host`.
pub(super) fn check(certificate: &X509Certificate<'_>, host: &str, rules: &Rules) -> Result<(), Fault> {
    let alternatives = alternative_names(certificate);
    let hidden = rules.hides_common_name && alternatives.is_some();
    let by_common_name = !hidden && common_names(certificate).any(|name| matches_text(name, host, rules));
    let mut others = alternatives.into_iter().flatten();
    if by_common_name || others.any(|name| matches(name, host, rules)) {
        return Ok(());
    }
    Err(Fault::WrongName { wanted: host.to_owned(), found: list(certificate) })
}

/// Whether two names are the same: to the byte, or as Mbed TLS compares them.
pub(super) fn same(one: &X509Name<'_>, other: &X509Name<'_>, folded: bool) -> bool {
    if !folded || one.as_raw() == other.as_raw() {
        return one.as_raw() == other.as_raw();
    }
    let (mut left, mut right) = (one.iter_rdn(), other.iter_rdn());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) => {
                let (one, other): (Vec<_>, Vec<_>) = (one.iter().collect(), other.iter().collect());
                if one.len() != other.len() || !one.iter().zip(&other).all(|(a, b)| same_part(a, b)) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

fn same_part(one: &AttributeTypeAndValue<'_>, other: &AttributeTypeAndValue<'_>) -> bool {
    let (left, right) = (one.attr_value(), other.attr_value());
    let is_text = |tag| matches!(tag, Tag::Utf8String | Tag::PrintableString);
    let folded = is_text(left.tag()) && is_text(right.tag()) && left.data.eq_ignore_ascii_case(right.data);
    one.attr_type() == other.attr_type() && (folded || left.tag() == right.tag() && left.data == right.data)
}

fn matches(name: &GeneralName<'_>, host: &str, rules: &Rules) -> bool {
    match name {
        GeneralName::DNSName(pattern) => matches_text(pattern, host, rules),
        GeneralName::IPAddress(bytes) if rules.ip_names => {
            host.parse().is_ok_and(|address| octets(address) == *bytes)
        }
        GeneralName::URI(uri) => rules.uri_names && *uri == host,
        _ => false,
    }
}

fn matches_text(pattern: &str, host: &str, rules: &Rules) -> bool {
    let wildcard = || {
        let suffix = pattern.strip_prefix("*.")?;
        let (label, rest) = host.split_once('.')?;
        let whole = rules.empty_labels || !label.is_empty() && !suffix.is_empty();
        Some(whole && rest.eq_ignore_ascii_case(suffix))
    };
    pattern.eq_ignore_ascii_case(host) || rules.wildcards && wildcard().unwrap_or(false)
}

/// The names that count, for a person.
fn list(certificate: &X509Certificate<'_>) -> String {
    let names: Vec<_> = match alternative_names(certificate) {
        Some(names) => names.iter().filter_map(show).collect(),
        None => common_names(certificate).map(str::to_owned).collect(),
    };
    if names.is_empty() { "no name".to_owned() } else { names.join(", ") }
}

fn alternative_names<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [GeneralName<'a>]> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(names) => Some(names.general_names.as_slice()),
        _ => None,
    })
}

fn common_names<'a>(certificate: &'a X509Certificate<'_>) -> impl Iterator<Item = &'a str> {
    certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok())
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn show(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let address = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let address = address.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            address.ok().map(|address| format!("IP {address}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::Library;
    use super::*;

    #[test]
    fn a_wildcard_is_one_whole_label() {
        let (mbed, bear) = (Rules::of(Library::MbedTls3, false), Rules::of(Library::BearSsl, true));
        for (pattern, host, expected) in [
            ("ota.lan", "ota.lan", true),
            ("OTA.lan", "ota.LAN", true),
            ("*.lan", "ota.lan", true),
            ("*.lan", "a.ota.lan", false),
            ("*.lan", "lan", false),
            ("*", "ota", false),
            ("o*.lan", "ota.lan", false),
            ("a.*.lan", "a.b.lan", false),
            ("ota.lan", "ota.lan.", false),
        ] {
            assert_eq!(matches_text(pattern, host, &mbed), expected, "{pattern} {host}");
            assert_eq!(matches_text(pattern, host, &bear), expected, "{pattern} {host}");
        }
        for (pattern, host) in [("*.lan", ".lan"), ("*.", "ota.")] {
            assert!(!matches_text(pattern, host, &mbed) && matches_text(pattern, host, &bear), "{pattern}");
        }
    }
}
