//! Who is at the other end, as far as limits and logs tell peers apart.

use std::net::IpAddr;

/// The address that a peer is counted by: an IPv4 address as it is, of an IPv6 address its /64, since one machine has
/// all the addresses in it.
pub(crate) fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_machine_is_one_peer() {
        let peer = |text: &str| counted(text.parse().unwrap());
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:1"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
        assert_ne!(peer("192.168.1.70"), peer("192.168.1.71"));
        assert_eq!(peer("::ffff:192.168.1.70"), peer("192.168.1.70"));
    }
}
