//! Where a listener listens.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::quantity::Written;

/// An address to listen on: `:3443` (every address of this machine, IPv6 and IPv4), `192.168.1.70:3443`,
/// `[::1]:3443`, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "String")]
pub enum Listen {
    /// Not at all.
    Off,
    /// On every address of this machine.
    Everywhere(u16),
    /// On one.
    At(SocketAddr),
}

/// Why a text is nowhere to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "write an address with a port, as in \"192.168.1.70:3443\", or \":3443\" for every address, or \"off\""
)]
pub struct ListenError;

impl Listen {
    /// The address to listen on, if there is one. `everywhere` is what stands for every address of this machine.
    pub fn address(self, everywhere: IpAddr) -> Option<SocketAddr> {
        match self {
            Self::Off => None,
            Self::Everywhere(port) => Some((everywhere, port).into()),
            Self::At(address) => Some(address),
        }
    }
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        if text == "off" {
            return Ok(Self::Off);
        }
        match text.strip_prefix(':') {
            Some(port) => port.parse().map(Self::Everywhere).map_err(|_| ListenError),
            None => text.parse().map(Self::At).map_err(|_| ListenError),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Everywhere(port) => write!(f, ":{port}"),
            Self::At(address) => address.fmt(f),
        }
    }
}

impl TryFrom<Written> for Listen {
    type Error = ListenError;

    fn try_from(written: Written) -> Result<Self, ListenError> {
        written.to_string().parse()
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_ways_to_say_where() {
        for text in ["off", ":3443", "192.168.1.70:3443", "[::1]:3443"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        for text in ["", "3443", "on", "lamp.local:3443", ":99999", "192.168.1.70"] {
            assert_eq!(text.parse::<Listen>(), Err(ListenError), "{text}");
        }
    }
}
