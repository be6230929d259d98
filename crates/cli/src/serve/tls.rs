//! TLS towards devices, by the settings.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use otary_server::TlsRules;
use otary_trust::Name;

use crate::advice::advised;
use crate::config::{Size, Tls, TlsOfName};

/// What holds for devices that ask for no name with rules of its own.
pub fn rules(tls: &Tls) -> TlsRules {
    TlsRules { max_record: tls.max_fragment_size.map(bytes), client_certificates: tls.client_certificates }
}

/// The rules of the names that have their own; what a name does not say is as for all others.
pub fn rules_of_names(tls: &Tls) -> Result<BTreeMap<String, TlsRules>> {
    tls.names.iter().map(|(name, own)| Ok((host(name)?, own_rules(tls, own)))).collect()
}

fn own_rules(tls: &Tls, own: &TlsOfName) -> TlsRules {
    TlsRules {
        max_record: own.max_fragment_size.or(tls.max_fragment_size).map(bytes),
        client_certificates: own.client_certificates.unwrap_or(tls.client_certificates),
    }
}

fn bytes(size: Size) -> usize {
    usize::try_from(size.0).unwrap_or(usize::MAX)
}

/// A name that devices can ask for. An address cannot be: a client that is given one asks for no name (RFC 6066,
/// section 3).
fn host(name: &str) -> Result<String> {
    match name.parse() {
        Ok(Name::Host(host)) if !host.as_str().starts_with('*') => Ok(host.as_str().to_ascii_lowercase()),
        _ => Err(advised(
            anyhow!("tls.names has {name:?}, which is no host name that a device could ask for"),
            "write the name that stands in its URL, in quotes: [tls.names.\"small.lan\"]; for addresses set it for all",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_name(name: &str, own: TlsOfName) -> Tls {
        Tls {
            max_fragment_size: Some(Size(4096)),
            client_certificates: false,
            names: [(name.to_owned(), own)].into(),
            ..Tls::default()
        }
    }

    #[test]
    fn a_name_has_what_it_says_and_the_rest_as_all_others() {
        let certificates = TlsOfName { client_certificates: Some(true), max_fragment_size: None };
        let rules = rules_of_names(&with_name("Small.LAN", certificates)).unwrap();
        let expected = TlsRules { max_record: Some(4096), client_certificates: true };
        assert_eq!(rules, [("small.lan".to_owned(), expected)].into());
    }

    #[test]
    fn what_no_device_can_ask_for_is_refused() {
        for name in ["192.168.1.70", "*.lan", "", "a b"] {
            assert!(rules_of_names(&with_name(name, TlsOfName::default())).is_err(), "{name}");
        }
    }
}
