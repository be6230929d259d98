//! How many answers an address gets. Pure, and of bounded memory whoever asks.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use otary_fleet::Time;

/// Answers that an address gets at once: a client that starts asks a few times in a row, and behind one address there
/// may be a house full of them.
const AT_ONCE: u32 = 16;
/// How long until it gets one more.
const ONE_MORE: Duration = Duration::from_secs(1);
/// Addresses that are remembered; beyond, the one that asked longest ago is forgotten.
const MAX_SOURCES: usize = 4096;

/// Answers by address.
#[derive(Debug, Default)]
pub struct Gate(HashMap<IpAddr, Source>);

#[derive(Debug, Clone, Copy)]
struct Source {
    /// Answers that are left.
    left: u32,
    /// When that was counted.
    at: Time,
}

impl Gate {
    /// Whether an address is to have an answer, which is counted.
    pub fn lets_in(&mut self, address: IpAddr, now: Time) -> bool {
        let address = counted(address);
        if self.0.len() >= MAX_SOURCES && !self.0.contains_key(&address) {
            self.forget_one();
        }
        let source = self.0.entry(address).or_insert(Source { left: AT_ONCE, at: now });
        if source.at > now {
            // The clock was set back.
            source.at = now;
        }
        let more = now.since(source.at).as_millis() / ONE_MORE.as_millis();
        if more > 0 {
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            *source = Source { left: source.left.saturating_add(more).min(AT_ONCE), at: now };
        }
        let left = source.left.checked_sub(1);
        source.left = left.unwrap_or_default();
        left.is_some()
    }

    fn forget_one(&mut self) {
        let oldest = self.0.iter().min_by_key(|(_, source)| source.at).map(|(address, _)| *address);
        if let Some(address) = oldest {
            self.0.remove(&address);
        }
    }
}

/// What is counted together: an IPv4 address, or a network of IPv6, in which one host has as many as it likes.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_secs(1_800_000_000);

    fn let_in(gate: &mut Gate, address: &str, now: Time, questions: u32) -> usize {
        (0..questions).filter(|_| gate.lets_in(address.parse().unwrap(), now)).count()
    }

    #[test]
    fn an_address_has_a_few_at_once_and_then_one_a_second() {
        let mut gate = Gate::default();
        assert_eq!(let_in(&mut gate, "10.0.0.7", NOW, 100), 16);
        assert_eq!(
            let_in(&mut gate, "::ffff:10.0.0.7", NOW, 100),
            0,
            "the same, as a socket for both sees it"
        );
        assert_eq!(let_in(&mut gate, "10.0.0.8", NOW, 100), 16, "another");
        assert_eq!(let_in(&mut gate, "10.0.0.7", NOW + Duration::from_secs(3), 100), 3);
        assert_eq!(let_in(&mut gate, "10.0.0.7", NOW + Duration::from_hours(1), 100), 16);
        assert_eq!(let_in(&mut gate, "10.0.0.7", NOW - Duration::from_hours(1), 100), 0);
        assert_eq!(
            let_in(&mut gate, "10.0.0.7", NOW - Duration::from_mins(59), 100),
            16,
            "the clock was set back"
        );
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let mut gate = Gate::default();
        assert_eq!(let_in(&mut gate, "2001:db8::1", NOW, 100), 16);
        assert_eq!(let_in(&mut gate, "2001:db8::2", NOW, 100), 0);
    }

    #[test]
    fn a_flood_of_addresses_does_not_use_up_the_memory() {
        let mut gate = Gate::default();
        for host in 0..20_000_u32 {
            let address = IpAddr::V4((0x0a00_0000 + host).into());
            assert!(gate.lets_in(address, NOW + Duration::from_millis(u64::from(host))));
        }
        assert_eq!(gate.0.len(), MAX_SOURCES);
    }
}
