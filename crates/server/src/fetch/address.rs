//! Which addresses are on the public Internet, and what the others are.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who is behind an address.
///
/// The kinds are those of the IANA registries of special-purpose addresses (RFC 6890 and its updates). Whatever is not
/// globally reachable there counts as not public; an IPv6 address that carries an IPv4 address is what that one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Somebody on the Internet.
    Public,
    /// This machine: 127.0.0.0/8, `::1`.
    Loopback,
    /// Nobody in particular: 0.0.0.0/8, `::`.
    Unspecified,
    /// This network: RFC 1918, `fc00::/7`, `fec0::/10`.
    Private,
    /// This link: 169.254.0.0/16, `fe80::/10`. Clouds answer here with their machines' credentials.
    LinkLocal,
    /// Behind a carrier's translation: 100.64.0.0/10.
    Shared,
    /// Many at once: multicast, broadcast.
    Multicast,
    /// Kept for protocols, documentation, benchmarks and the future.
    Reserved,
}

impl Reach {
    /// What is behind `address`.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::of_v4(v4),
            IpAddr::V6(v6) => Self::of_v6(v6),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [0, ..] => Self::Unspecified,
            [127, ..] => Self::Loopback,
            [10, ..] | [192, 168, ..] | [172, 16..=31, ..] => Self::Private,
            [169, 254, ..] => Self::LinkLocal,
            [100, 64..=127, ..] => Self::Shared,
            [224..=239, ..] | [255, 255, 255, 255] => Self::Multicast,
            // Protocol assignments, documentation (RFC 5737), 6to4 relays (RFC 7526), benchmarks (RFC 2544), the future.
            [192, 0, 0 | 2, _]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [192, 88, 99, _]
            | [198, 18 | 19, ..]
            | [240..=255, ..] => Self::Reserved,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if let Some(carried) = carried(address) {
            return Self::of_v4(carried);
        }
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0] => Self::Unspecified,
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Self::Private,
            [0xff00..=0xffff, ..] => Self::Multicast,
            // Protocol assignments with Teredo, ORCHID and benchmarks (2001::/23), documentation (RFC 3849, RFC 9637).
            [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Self::Reserved,
            // The global unicast addresses that are given out (RFC 4291, section 2.4).
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Reserved,
        }
    }
}

/// The IPv4 address inside an IPv6 one: mapped (RFC 4291), compatible (deprecated there), translated (RFC 6052, with the
/// prefix of RFC 8215) or tunnelled (6to4, RFC 3056).
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high, low].map(u16::to_be_bytes);
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        | [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

impl fmt::Display for Reach {
    /// What it is, as it stands behind an address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => ", which is public",
            Self::Loopback => ", which is this machine's own",
            Self::Unspecified => ", which is nobody's",
            Self::Private => ", which is in a private network",
            Self::LinkLocal => ", which is on this link alone, where clouds tell machines their credentials",
            Self::Shared => ", which is behind a carrier's translation",
            Self::Multicast => ", which is many machines' at once",
            Self::Reserved => ", which is reserved",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_this_machine_or_its_network_can_reach_is_not_public() {
        for (kind, addresses) in [
            (Reach::Loopback, "127.0.0.1 127.9.9.9 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::"),
            (Reach::Unspecified, "0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0"),
            (
                Reach::Private,
                "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.70 fc00::1 fd00:ec2::254 fec0::1 ::a00:1",
            ),
            (
                Reach::LinkLocal,
                "169.254.169.254 169.254.170.2 fe80::1 febf::1 ::ffff:169.254.169.254 64:ff9b:1::a9fe:a9fe",
            ),
            (Reach::Shared, "100.64.0.1 100.100.100.200 100.127.255.255"),
            (Reach::Multicast, "224.0.0.1 239.255.255.250 255.255.255.255 ff02::fb"),
            (
                Reach::Reserved,
                "192.0.0.192 192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 198.19.255.255 192.88.99.1 240.0.0.1",
            ),
            (Reach::Reserved, "2001::1 2001:db8::1 3fff::1 100::1 4000::1 5f00::1"),
            (
                Reach::Public,
                "1.1.1.1 9.9.9.9 172.15.0.1 172.32.0.1 100.63.255.255 100.128.0.1 192.0.1.1 223.255.255.255",
            ),
            (Reach::Public, "2606:4700:4700::1111 2001:4860:4860::8888 ::ffff:1.1.1.1 2002:101:101::"),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(Reach::of(address.parse().unwrap()), kind, "{address}");
            }
        }
    }
}
