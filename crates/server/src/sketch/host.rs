//! The name of the server in the sketch's URL: one that a board's HTTP client can find there.

use std::fmt;
use std::net::IpAddr;

use otary_trust::Name;

/// A name that every board's HTTP client can find in a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host(Name);

/// Why a name cannot stand in a sketch's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// An IPv6 address.
    #[error("HTTPUpdate ends the host at its first colon, so it has no IPv6 addresses")]
    Colons,
    /// A wildcard.
    #[error("it stands for many names, not for one")]
    Wildcard,
}

impl Host {
    /// The name, if a board can use it.
    pub fn new(name: Name) -> Result<Self, Unusable> {
        match &name {
            Name::Address(IpAddr::V6(_)) => Err(Unusable::Colons),
            Name::Host(host) if host.as_str().starts_with('*') => Err(Unusable::Wildcard),
            _ => Ok(Self(name)),
        }
    }

    /// Whether it is an address, which another machine may have one day.
    pub const fn is_address(&self) -> bool {
        matches!(self.0, Name::Address(_))
    }

    /// Whether it leads from every machine to itself.
    pub fn is_loopback(&self) -> bool {
        match &self.0 {
            Name::Address(address) => address.is_loopback(),
            Name::Host(host) => host.as_str() == "localhost",
        }
    }

    /// The name without `.local`, if it ends so: one that mDNS is for (RFC 6762, section 3).
    pub fn label(&self) -> Option<&str> {
        match &self.0 {
            Name::Host(host) => host.as_str().strip_suffix(".local").filter(|label| !label.contains('.')),
            Name::Address(_) => None,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
