//! The names by which devices may reach this machine: those that its owner gave, its own, and its addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::{Context, Result};
use otary_trust::{Certificate, Name};

use crate::advice::Advise;

/// A network interface's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The interface's name.
    pub name: String,
    /// Its address.
    pub address: IpAddr,
}

/// How this machine can be called.
#[derive(Debug, Clone)]
pub struct Names {
    /// As its owner said, the most important first.
    pub given: Vec<Name>,
    /// As it calls itself.
    pub host: Vec<Name>,
    /// Its addresses but for loopback, IPv4 first.
    pub interfaces: Vec<Interface>,
}

impl Names {
    /// Looks at this machine. `given` are names that its owner gave.
    pub fn find(given: &[String]) -> Result<Self> {
        let given: Result<Vec<Name>> = given.iter().map(|text| name(text)).collect();
        Ok(Self { given: given?, host: own_names(), interfaces: interfaces() })
    }

    /// Those by which devices reach it if they are shown a certificate from elsewhere: that one's names alone, those
    /// that the owner gave first.
    pub fn shown(self, certificate: Option<&Certificate>) -> Self {
        let Some(certificate) = certificate else { return self };
        let wanted = self.given.iter().filter(|name| certificate.names().contains(name));
        let mut given: Vec<Name> = wanted.cloned().collect();
        given.extend(certificate.names().iter().filter(|name| !self.given.contains(name)).cloned());
        Self { given, host: Vec::new(), interfaces: Vec::new() }
    }

    /// All of them, the most important first: what the server's certificate is for.
    pub fn all(&self) -> Vec<Name> {
        let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
        let localhost = "localhost".parse().ok();
        let addresses = self.interfaces.iter().map(|interface| interface.address).chain(loopback);
        let mut names = self.given.clone();
        for name in self.host.iter().cloned().chain(localhost).chain(addresses.map(Name::from)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The one to give to devices: the first that its owner gave, else the first address, which every device
    /// understands, else its own name.
    pub fn primary(&self) -> String {
        let host = |name: &&Name| !name.to_string().starts_with('*');
        let address = || self.interfaces.first().map(|interface| Name::from(interface.address));
        let own = || self.host.first().cloned();
        let name = self.given.iter().find(host).cloned().or_else(address).or_else(own);
        name.map_or_else(|| "localhost".to_owned(), |name| in_url(&name))
    }
}

/// A name as it stands in a URL: an IPv6 address in brackets.
pub fn in_url(name: &Name) -> String {
    match name {
        Name::Address(IpAddr::V6(address)) => format!("[{address}]"),
        name => name.to_string(),
    }
}

fn name(text: &str) -> Result<Name> {
    text.parse().with_context(|| format!("the name {text:?}")).help(
        "a name is what stands in a URL between https:// and the port: lamp-server.lan, or 192.168.1.70",
    )
}

/// The host name, and what mDNS calls it.
fn own_names() -> Vec<Name> {
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    let short = host.split('.').next().unwrap_or_default();
    [host.clone(), format!("{short}.local")].iter().filter_map(|name| name.parse().ok()).collect()
}

/// Every interface's address that a device could use. Link-local IPv6 addresses need the interface beside them, which
/// no URL has room for.
fn interfaces() -> Vec<Interface> {
    let found = if_addrs::get_if_addrs().unwrap_or_default();
    let mut interfaces: Vec<Interface> = found
        .into_iter()
        .filter(|interface| !interface.is_loopback() && !is_link_local(interface.ip()))
        .map(|interface| Interface { address: interface.ip(), name: interface.name })
        .collect();
    interfaces.sort_by_key(|interface| interface.address.is_ipv6());
    interfaces
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(given: &[&str]) -> Names {
        let interface = |address: &str| Interface { name: "eth0".into(), address: address.parse().unwrap() };
        Names {
            given: given.iter().map(|text| text.parse().unwrap()).collect(),
            host: vec!["pi".parse().unwrap(), "pi.local".parse().unwrap()],
            interfaces: vec![interface("192.168.1.70"), interface("fd00::7")],
        }
    }

    #[test]
    fn what_the_owner_says_comes_first_and_nothing_is_there_twice() {
        let all = names(&["ota.lan", "192.168.1.70"]).all();
        let all: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(
            all,
            ["ota.lan", "192.168.1.70", "pi", "pi.local", "localhost", "fd00::7", "127.0.0.1", "::1"]
        );
    }

    #[test]
    fn devices_are_given_a_name_that_they_can_use() {
        assert_eq!(names(&["*.lan", "ota.lan"]).primary(), "ota.lan");
        assert_eq!(names(&["*.lan"]).primary(), "192.168.1.70");
        let alone = Names { interfaces: Vec::new(), ..names(&[]) };
        assert_eq!(alone.primary(), "pi");
        assert_eq!(names(&["fd00::1"]).primary(), "[fd00::1]");
    }
}
