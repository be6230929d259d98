//! A host name of the network, asked for by mDNS (RFC 6762).

use std::net::IpAddr;
use std::time::{Duration, Instant};

use mdns_sd::{HostnameResolutionEvent, ServiceDaemon};

/// How long the network is listened to.
const PATIENCE: Duration = Duration::from_secs(3);

/// The addresses that answer to a name that ends in `.local`, IPv4 before IPv6; at least one.
pub fn look_up(host: &str) -> Result<Vec<IpAddr>, String> {
    let unasked = |error: mdns_sd::Error| format!("it cannot be asked: {error}");
    let daemon = ServiceDaemon::new().map_err(unasked)?;
    let name = format!("{}.", host.trim_end_matches('.').to_ascii_lowercase());
    let found = daemon.resolve_hostname(&name, None).map(|events| {
        let end = Instant::now() + PATIENCE;
        loop {
            match events.recv_deadline(end) {
                Ok(HostnameResolutionEvent::AddressesFound(_, found)) => {
                    break Some(found.iter().map(mdns_sd::ScopedIp::to_ip_addr).collect::<Vec<_>>());
                }
                Ok(_) => {}
                Err(_) => break None,
            }
        }
    });
    // The daemon's thread ends with the process if it does not hear this.
    let _ = daemon.shutdown();
    let mut addresses = found.map_err(unasked)?.unwrap_or_default();
    addresses.sort_by_key(|address| (address.is_ipv6(), *address));
    addresses.dedup();
    if addresses.is_empty() {
        return Err(format!("nobody answers to {host} within {} s", PATIENCE.as_secs()));
    }
    Ok(addresses)
}
