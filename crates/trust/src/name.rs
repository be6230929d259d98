//! The names that a server certificate carries, checked once: what gets in here can be written into a certificate
//! and compared by every device's TLS stack.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Longest host name in text (RFC 1035, section 2.3.4, less the root's dot).
const MAX_HOST: usize = 253;
/// Longest label of a host name (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;

/// A name by which devices reach the server: what stands between `https://` and the port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A host name, or a wildcard for one label (`*.lan`).
    Host(HostName),
    /// An address.
    Address(IpAddr),
}

/// A host name in lower case: labels of letters, digits, `-` and `_`, at most 253 bytes, no dot at the end; the
/// first label may be `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

/// Why a text is no [`Name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing there.
    #[error("a name is empty")]
    Empty,
    /// Longer than a host name can be.
    #[error("a host name has {found} bytes, at most {MAX_HOST} are possible")]
    TooLong {
        /// Its length in bytes.
        found: usize,
    },
    /// A label is empty or too long.
    #[error("a part of a host name between two dots has {found} bytes, 1 to {MAX_LABEL} are possible")]
    Label {
        /// Its length in bytes.
        found: usize,
    },
    /// A character that no host name has.
    #[error("a host name has {found:?} at byte {offset}{}", in_ascii(*found))]
    Character {
        /// Where it stands.
        offset: usize,
        /// The character.
        found: char,
    },
    /// Digits and dots that are no IPv4 address; some stacks would take them for one.
    #[error("a host name ends in a number, but is no address")]
    Number,
}

impl HostName {
    /// The host name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = NameFault;

    fn from_str(text: &str) -> Result<Self, NameFault> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() {
            return Err(NameFault::Empty);
        }
        if text.len() > MAX_HOST {
            return Err(NameFault::TooLong { found: text.len() });
        }
        let labels = text.strip_prefix("*.").unwrap_or(text);
        if let Some((at, found)) = labels.char_indices().find(|&(_, c)| !is_host_character(c)) {
            return Err(NameFault::Character { offset: text.len() - labels.len() + at, found });
        }
        if let Some(label) = labels.split('.').find(|label| !(1..=MAX_LABEL).contains(&label.len())) {
            return Err(NameFault::Label { found: label.len() });
        }
        let last = labels.rsplit('.').next().unwrap_or(labels);
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NameFault::Number);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl FromStr for Name {
    type Err = NameFault;

    /// Reads a host name, or an address with or without the brackets that a URL puts around IPv6.
    fn from_str(text: &str) -> Result<Self, NameFault> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        bare.parse().map(Self::Address).or_else(|_| text.parse().map(Self::Host))
    }
}

impl From<IpAddr> for Name {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => host.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// How a letter of another alphabet gets into a certificate after all (RFC 5890, section 2.3.2.1).
fn in_ascii(found: char) -> &'static str {
    if found.is_alphabetic() && !found.is_ascii() { "; write such a name in its xn-- form" } else { "" }
}

const fn is_host_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, NameFault> {
        text.parse::<Name>().map(|name| name.to_string())
    }

    #[test]
    fn host_names_are_read_in_lower_case() {
        assert_eq!(read("ServerOTA.Local").as_deref(), Ok("serverota.local"));
        assert_eq!(read("lamp_hub.example.org.").as_deref(), Ok("lamp_hub.example.org"));
        assert_eq!(read("*.lan").as_deref(), Ok("*.lan"));
    }

    #[test]
    fn addresses_are_told_from_host_names() {
        for (text, printed) in
            [("192.168.1.5", "192.168.1.5"), ("[FD00::0001]", "fd00::1"), ("fd00::1", "fd00::1")]
        {
            let name: Name = text.parse().unwrap();
            assert!(matches!(name, Name::Address(_)), "{text}");
            assert_eq!(name.to_string(), printed);
        }
    }

    #[test]
    fn what_no_stack_could_compare_is_refused_with_its_place() {
        assert_eq!(read(""), Err(NameFault::Empty));
        assert_eq!(read("."), Err(NameFault::Empty));
        assert_eq!(read("größe.de"), Err(NameFault::Character { offset: 2, found: 'ö' }));
        let said = read("größe.de").unwrap_err().to_string();
        assert_eq!(said, "a host name has 'ö' at byte 2; write such a name in its xn-- form");
        assert_eq!(read("*.a*.lan"), Err(NameFault::Character { offset: 3, found: '*' }));
        assert_eq!(read("host:3443"), Err(NameFault::Character { offset: 4, found: ':' }));
        assert_eq!(read("fe80::1%eth0"), Err(NameFault::Character { offset: 4, found: ':' }));
        assert_eq!(read("a..b"), Err(NameFault::Label { found: 0 }));
        assert_eq!(read(&"a".repeat(64)), Err(NameFault::Label { found: 64 }));
        assert_eq!(read(&"a.".repeat(127)), Ok("a.".repeat(126) + "a"));
        assert_eq!(read(&"ab.".repeat(90)), Err(NameFault::TooLong { found: 269 }));
        assert_eq!(read("192.168.1.256"), Err(NameFault::Number));
    }
}
