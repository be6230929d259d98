//! What is announced, and where. Pure.

use std::net::{IpAddr, SocketAddr};

use mdns_sd::{IfKind, ServiceInfo};
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

    /// The names, as people write them.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.labels.iter().map(|label| format!("{label}.local"))
    }

    /// A service for each name, and with it the records of the name: its addresses, and that there are no others.
    pub fn services(&self) -> Result<Vec<ServiceInfo>, mdns_sd::Error> {
        self.labels.iter().map(|label| self.service(label)).collect()
    }

    fn service(&self, label: &str) -> Result<ServiceInfo, mdns_sd::Error> {
        let host = format!("{label}.local.");
        let facts = [("path", PATH), ("version", env!("CARGO_PKG_VERSION"))];
        let address = self.address().map(|address| address.to_string()).unwrap_or_default();
        let service = ServiceInfo::new(SERVICE, label, &host, address, self.listening.port(), &facts[..])?;
        Ok(if self.address().is_none() { service.enable_addr_auto() } else { service })
    }

    /// The one address that is listened on, if it is one.
    fn address(&self) -> Option<IpAddr> {
        let address = self.listening.ip().to_canonical();
        (!address.is_unspecified()).then_some(address)
    }

    /// Which interfaces are to be left out, and which of them taken in again.
    pub fn interfaces(&self) -> (Vec<IfKind>, Vec<IfKind>) {
        match (self.address(), self.listening) {
            (Some(address), _) => (vec![IfKind::All], vec![IfKind::Addr(address)]),
            (None, SocketAddr::V4(_)) => (vec![IfKind::LoopbackV4, IfKind::IPv6], Vec::new()),
            (None, SocketAddr::V6(_)) => (vec![IfKind::LoopbackV4, IfKind::LoopbackV6], Vec::new()),
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
        assert_eq!(plan.names().collect::<Vec<_>>(), ["lamps.local", "pi.local"]);
        let services = plan.services().unwrap();
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
        let service = plan.services().unwrap().remove(0);
        assert!(!service.is_addr_auto());
        assert_eq!(
            service.get_addresses().iter().collect::<Vec<_>>(),
            [&"192.168.1.70".parse::<IpAddr>().unwrap()]
        );
        assert_eq!(format!("{:?}", plan.interfaces()), "([All], [Addr(192.168.1.70)])");
    }

    #[test]
    fn nothing_is_announced_on_loopback_or_without_a_name() {
        assert_eq!(plan(&["pi.local"], "127.0.0.1:3443"), None);
        assert_eq!(plan(&["pi.local"], "[::1]:3443"), None);
        assert_eq!(plan(&["ota.lan", "192.168.1.70"], "0.0.0.0:3443"), None);
        for (listening, without) in
            [("0.0.0.0:3443", "LoopbackV4, IPv6"), ("[::]:3443", "LoopbackV4, LoopbackV6")]
        {
            let interfaces = plan(&["pi.local"], listening).unwrap().interfaces();
            assert_eq!(format!("{interfaces:?}"), format!("([{without}], [])"));
        }
    }
}
