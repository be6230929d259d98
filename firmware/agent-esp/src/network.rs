//! What the driver needs of a network stack: connections, names, datagrams, each by its trait of edge-nal.

use core::net::{IpAddr, SocketAddr};

use edge_nal::{AddrType, Dns};
use embassy_time::{Duration, with_timeout};

use crate::settings::Host;

/// A name that is not found by then is looked for again at the next try.
const LIMIT: Duration = Duration::from_secs(10);

/// A network that has its address.
pub struct Network<T, D, U> {
    /// Connections.
    pub tcp: T,
    /// Names.
    pub dns: D,
    /// Datagrams, for the time.
    pub udp: U,
}

impl<T, D: Dns, U> Network<T, D, U> {
    /// Where this host is, by its first IPv4 address.
    pub async fn find(&self, host: &Host) -> Option<SocketAddr> {
        let address = match host.name.parse::<IpAddr>() {
            Ok(address) => address,
            Err(_) => {
                with_timeout(LIMIT, self.dns.get_host_by_name(host.name, AddrType::IPv4)).await.ok()?.ok()?
            }
        };
        Some(SocketAddr::new(address, host.port))
    }
}
