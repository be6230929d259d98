//! Which address the name is to have.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use anyhow::{Context, Result, anyhow};
use http::Request;
use http::header::{HOST, USER_AGENT};

use super::endpoint::Endpoint;
use super::https::Client;
use super::request::user_agent;
use crate::config::{Ddns, Published};

/// Addresses that are nobody's (RFC 5737, RFC 3849): the way to them is the way out.
const OUTWARD: [(IpAddr, IpAddr); 2] = [
    (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
    (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
];

/// The address to publish; none if the provider is to see it itself.
pub async fn find(settings: &Ddns, client: &Client) -> Result<Option<IpAddr>> {
    match (settings.address, &settings.check_url) {
        (Published::At(address), _) => Ok(Some(address)),
        (Published::Lan, _) => outward().context("this machine has no address in a network yet").map(Some),
        (Published::Public, Some(url)) => {
            let asked = seen_by(&Endpoint::parse(url, "ddns.check_url", "/")?, client).await;
            asked.with_context(|| format!("asking {url} for the public address")).map(Some)
        }
        (Published::Public, None) => Ok(None),
    }
}

/// The address of the interface that leads outward, IPv4 first. Nothing is sent: a datagram socket that is connected
/// only looks up its way.
fn outward() -> io::Result<IpAddr> {
    let way = |(from, to): (IpAddr, IpAddr)| {
        let socket = UdpSocket::bind(SocketAddr::new(from, 0))?;
        socket.connect(SocketAddr::new(to, 9))?;
        Ok(socket.local_addr()?.ip())
    };
    let [v4, v6] = OUTWARD;
    way(v4).or_else(|error: io::Error| way(v6).map_err(|_| error))
}

/// The address from which the server at `endpoint` sees this machine.
async fn seen_by(endpoint: &Endpoint, client: &Client) -> Result<IpAddr> {
    let request = Request::get(&endpoint.path)
        .header(HOST, endpoint.authority())
        .header(USER_AGENT, user_agent(None))
        .body(())?;
    let reply = client.send(endpoint, request).await?;
    if reply.status != 200 {
        return Err(anyhow!("it answers with status {}", reply.status));
    }
    address_in(&reply.body).context("its answer has no address in it")
}

/// The first address in a text: alone, or in a page such as `<body>Current IP Address: 203.0.113.7</body>`.
fn address_in(text: &str) -> Option<IpAddr> {
    let mut words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':'));
    let address = words.find_map(|word| word.trim_matches(['.']).parse::<IpAddr>().ok())?;
    (!address.is_unspecified() && !address.is_loopback()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_what_such_servers_answer() {
        for (text, address) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("203.0.113.7\n", Some("203.0.113.7")),
            ("<html><body>Current IP Address: 203.0.113.7</body></html>", Some("203.0.113.7")),
            ("{\"ip\":\"2001:db8::7\"}", Some("2001:db8::7")),
            ("Your address is 203.0.113.7.", Some("203.0.113.7")),
            ("", None),
            ("none today", None),
            ("127.0.0.1", None),
            ("0.0.0.0", None),
        ] {
            assert_eq!(address_in(text), address.map(|text| text.parse().unwrap()), "{text:?}");
        }
    }
}
