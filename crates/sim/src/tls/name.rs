//! Names: whether a certificate is for a host, as Mbed TLS compares them.
//!
//! With any subjectAltName extension only its entries count, else the common names. A wildcard stands for the whole
//! leftmost label. Addresses are compared as bytes with iPAddress entries from 3.5 on; 2.28 knows only the text of a
//! dNSName. The host is compared as the URL has it.

use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

use super::Stack;

/// Whether the certificate is for `host`.
pub(super) fn matches(certificate: &X509Certificate<'_>, host: &str, stack: Stack) -> bool {
    let address: Option<IpAddr> = host.parse().ok().filter(|_| stack.matches_addresses());
    match alternative_names(certificate) {
        Some(names) => names.iter().any(|name| match name {
            GeneralName::DNSName(pattern) => matches_text(pattern, host),
            GeneralName::IPAddress(bytes) => address.is_some_and(|address| octets(address) == *bytes),
            _ => false,
        }),
        None => common_names(certificate).any(|name| matches_text(name, host)),
    }
}

/// The names that count, for a person.
pub(super) fn list(certificate: &X509Certificate<'_>) -> String {
    let names: Vec<_> = match alternative_names(certificate) {
        Some(names) => names.iter().filter_map(show).collect(),
        None => common_names(certificate).map(str::to_owned).collect(),
    };
    if names.is_empty() { "no name".to_owned() } else { names.join(", ") }
}

fn alternative_names<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [GeneralName<'a>]> {
    let extension = certificate.subject_alternative_name().ok().flatten()?;
    Some(&extension.value.general_names)
}

fn common_names<'a>(certificate: &'a X509Certificate<'_>) -> impl Iterator<Item = &'a str> {
    certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok())
}

fn matches_text(pattern: &str, host: &str) -> bool {
    let wildcard = || {
        let suffix =
            pattern.strip_prefix('*').filter(|suffix| suffix.starts_with('.') && suffix.len() > 1)?;
        let (label, _) = host.split_once('.')?;
        let rest = host.get(label.len()..)?;
        Some(!label.is_empty() && rest.eq_ignore_ascii_case(suffix))
    };
    pattern.eq_ignore_ascii_case(host) || wildcard().unwrap_or(false)
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
    use super::*;

    #[test]
    fn a_wildcard_is_one_whole_label() {
        for (pattern, host, expected) in [
            ("ota.lan", "ota.lan", true),
            ("OTA.lan", "ota.LAN", true),
            ("*.lan", "ota.lan", true),
            ("*.lan", "a.ota.lan", false),
            ("*.lan", "lan", false),
            ("*.lan", ".lan", false),
            ("*", "ota", false),
            ("*.", "ota.", false),
            ("o*.lan", "ota.lan", false),
            ("ota.lan", "ota.lan.", false),
        ] {
            assert_eq!(matches_text(pattern, host), expected, "{pattern} {host}");
        }
    }
}
