//! What is announced, and where. Pure.

use std::net::{IpAddr, SocketAddr};

use mdns_sd::ServiceInfo;
use otary_trust::Name;

/// The port of multicast DNS (RFC 6762, section 3).
const MDNS_PORT: u16 = 5353;
/// What otary is called on a network, by the form of RFC 6763.
const SERVICE: &str = "_otary._tcp.local.";
/// Where devices ask.
const PATH: &str = "/update";

/// What is announced, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The names without `.local`.
    pub labels: Vec<String>,
    /// Where devices connect to: the names lead to this address, or to all of the machine's.
    pub listening: SocketAddr,
    /// Where queries come in.
    pub udp_port: u16,
}

impl Plan {
    /// The plan for a server with these `names` that is `listening` there; none if no device could come by such a name.
    pub fn new(names: &[Name], listening: SocketAddr) -> Option<Self> {
        let labels: Vec<String> = names.iter().filter_map(label).map(str::to_owned).collect();
        let useful = !labels.is_empty() && !listening.ip().to_canonical().is_loopback();
        useful.then_some(Self { labels, listening, udp_port: MDNS_PORT })
    }

    /// The service for one of the labels, and with it the records of the name: its addresses, and that there are no
    /// others.
    pub fn service(&self, label: &str) -> Result<ServiceInfo, mdns_sd::Error> {
        let host = format!("{label}.local.");
        let facts = [("path", PATH), ("version", env!("CARGO_PKG_VERSION"))];
        let address = self.address().map(|address| address.to_string()).unwrap_or_default();
        let service = ServiceInfo::new(SERVICE, label, &host, address, self.listening.port(), &facts[..])?;
        let mut service = if self.address().is_none() { service.enable_addr_auto() } else { service };
        // That is done before, see `probe`.
        service.set_requires_probe(false);
        Ok(service)
    }

    /// The one address that is listened on, if it is one.
    fn address(&self) -> Option<IpAddr> {
        let address = self.listening.ip().to_canonical();
        (!address.is_unspecified()).then_some(address)
    }

    /// Whether it is spoken on this address of the machine, and the names lead to it.
    ///
    /// Never to a link-local address of IPv6: that needs its interface beside it, which no URL has room for.
    pub fn is_on(&self, address: IpAddr) -> bool {
        if let Some(one) = self.address() {
            return address == one;
        }
        match address {
            IpAddr::V4(address) => !address.is_loopback(),
            IpAddr::V6(address) => {
                self.listening.is_ipv6() && !address.is_loopback() && !address.is_unicast_link_local()
            }
        }
    }
}

/// The part before `.local` of a name that multicast DNS is for (RFC 6762, section 3).
fn label(name: &Name) -> Option<&str> {
    let Name::Host(host) = name else { return None };
    let label = host.as_str().strip_suffix(".local")?;
    (!label.contains('.') && label != "*").then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(names: &[&str], listening: &str) -> Option<Plan> {
        let names: Vec<Name> = names.iter().map(|name| name.parse().unwrap()).collect();
        Plan::new(&names, listening.parse().unwrap())
    }

    #[test]
    fn every_name_in_local_is_announced_and_no_other() {
        let names =
            ["ota.lan", "*.local", "Lamps.local", "a.b.local", "pi", "pi.local", "192.168.1.70", "localhost"];
        let plan = plan(&names, "[::]:3443").unwrap();
        assert_eq!(plan.labels, ["lamps", "pi"]);
        let services: Vec<_> = plan.labels.iter().map(|label| plan.service(label).unwrap()).collect();
        let hosts: Vec<&str> = services.iter().map(ServiceInfo::get_hostname).collect();
        assert_eq!(hosts, ["lamps.local.", "pi.local."]);
        for service in &services {
            assert_eq!((service.get_type(), service.get_port()), ("_otary._tcp.local.", 3443));
            assert_eq!(service.get_property_val_str("path"), Some("/update"));
            assert_eq!(service.get_property_val_str("version"), Some(env!("CARGO_PKG_VERSION")));
            assert!(service.is_addr_auto(), "the machine's addresses, as they come and go");
        }
    }

    #[test]
    fn a_server_on_one_address_is_announced_at_it_alone() {
        let plan = plan(&["pi.local"], "192.168.1.70:3443").unwrap();
        let service = plan.service("pi").unwrap();
        assert!(!service.is_addr_auto());
        assert_eq!(
            service.get_addresses().iter().collect::<Vec<_>>(),
            [&"192.168.1.70".parse::<IpAddr>().unwrap()]
        );
        assert!(plan.is_on("192.168.1.70".parse().unwrap()) && !plan.is_on("192.168.1.71".parse().unwrap()));
    }

    #[test]
    fn nothing_is_announced_on_loopback_or_without_a_name() {
        assert_eq!(plan(&["pi.local"], "127.0.0.1:3443"), None);
        assert_eq!(plan(&["pi.local"], "[::1]:3443"), None);
        assert_eq!(plan(&["ota.lan", "192.168.1.70"], "0.0.0.0:3443"), None);
    }

    #[test]
    fn it_is_spoken_where_devices_can_come_in() {
        for (listening, address, spoken) in [
            ("[::]:3443", "192.168.1.70", true),
            ("[::]:3443", "fd00::7", true),
            ("[::]:3443", "fe80::7", false),
            ("[::]:3443", "127.0.0.1", false),
            ("[::]:3443", "::1", false),
            ("0.0.0.0:3443", "192.168.1.70", true),
            ("0.0.0.0:3443", "169.254.7.7", true),
            ("0.0.0.0:3443", "fd00::7", false),
            ("0.0.0.0:3443", "127.0.0.1", false),
        ] {
            let plan = plan(&["pi.local"], listening).unwrap();
            assert_eq!(plan.is_on(address.parse().unwrap()), spoken, "{listening} {address}");
        }
    }
}
