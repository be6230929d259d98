//! Which address of this machine a dynamic-DNS name is kept on.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An address to publish: `lan`, `public`, or one that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Published {
    /// That of the network interface which leads outward: devices of the same network reach it.
    Lan,
    /// The one from which the provider, or `ddns.check_url`, sees this machine.
    Public,
    /// This one.
    At(IpAddr),
}

/// Why a text is no address to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("write \"lan\", \"public\", or an address without a port, as in \"192.168.1.70\"")]
pub struct PublishedError;

impl FromStr for Published {
    type Err = PublishedError;

    fn from_str(text: &str) -> Result<Self, PublishedError> {
        match text {
            "lan" => Ok(Self::Lan),
            "public" => Ok(Self::Public),
            address => address.parse().map(Self::At).map_err(|_| PublishedError),
        }
    }
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lan => f.write_str("lan"),
            Self::Public => f.write_str("public"),
            Self::At(address) => address.fmt(f),
        }
    }
}

impl TryFrom<String> for Published {
    type Error = PublishedError;

    fn try_from(text: String) -> Result<Self, PublishedError> {
        text.parse()
    }
}

impl From<Published> for String {
    fn from(published: Published) -> Self {
        published.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_ways_to_say_which() {
        for text in ["lan", "public", "192.168.1.70", "fd00::7"] {
            assert_eq!(text.parse::<Published>().unwrap().to_string(), text);
        }
        for text in ["", "LAN", "192.168.1.70:80", "[::1]", "pi.local", "auto"] {
            assert_eq!(text.parse::<Published>(), Err(PublishedError), "{text}");
        }
    }
}
