//! A limit on failed attempts to show a token, per source address. Its memory is bounded whoever knocks.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use otary_fleet::Time;

use crate::peer::counted;

/// Failures that an address may have within [`WINDOW`].
pub(super) const LIMIT: u32 = 10;
/// How long failures count, from the first one.
const WINDOW: Duration = Duration::from_mins(1);
/// Addresses that are remembered; beyond, the one whose window began first is forgotten.
const MAX_SOURCES: usize = 1024;

/// Failed attempts by source.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<IpAddr, Failures>>);

#[derive(Debug, Clone, Copy)]
struct Failures {
    began: Time,
    count: u32,
}

impl Throttle {
    /// How long an address has to wait before it is heard again, if it has to.
    pub(super) fn wait(&self, address: IpAddr, now: Time) -> Option<Duration> {
        let sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = sources.get(&counted(address))?;
        let left = WINDOW.checked_sub(now.since(failures.began))?;
        (failures.count >= LIMIT && !left.is_zero()).then_some(left)
    }

    /// Counts a failure.
    pub(super) fn failed(&self, address: IpAddr, now: Time) {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let source = counted(address);
        if sources.len() >= MAX_SOURCES && !sources.contains_key(&source) {
            forget_first(&mut sources);
        }
        let failures = sources.entry(source).or_insert(Failures { began: now, count: 0 });
        if now.since(failures.began) >= WINDOW {
            *failures = Failures { began: now, count: 0 };
        }
        failures.count = failures.count.saturating_add(1);
    }
}

fn forget_first(sources: &mut HashMap<IpAddr, Failures>) {
    let first = sources.iter().min_by_key(|(_, failures)| failures.began).map(|(source, _)| *source);
    if let Some(first) = first {
        sources.remove(&first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_secs(1_795_000_000);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn after_ten_failures_an_address_waits_for_the_rest_of_the_minute() {
        let throttle = Throttle::default();
        for _ in 0..LIMIT {
            assert_eq!(throttle.wait(address("10.0.0.1"), NOW), None);
            throttle.failed(address("10.0.0.1"), NOW);
        }
        let later = NOW + Duration::from_secs(20);
        assert_eq!(throttle.wait(address("::ffff:10.0.0.1"), later), Some(Duration::from_secs(40)));
        assert_eq!(throttle.wait(address("10.0.0.2"), later), None);
        assert_eq!(throttle.wait(address("10.0.0.1"), NOW + WINDOW), None);
    }

    #[test]
    fn hosts_of_one_v6_network_share_their_failures() {
        let throttle = Throttle::default();
        for host in 0..LIMIT {
            throttle.failed(address(&format!("2001:db8::{host}")), NOW);
        }
        assert!(throttle.wait(address("2001:db8::ffff"), NOW).is_some());
        assert_eq!(throttle.wait(address("2001:db8:0:1::1"), NOW), None);
    }

    #[test]
    fn a_flood_of_addresses_takes_no_more_memory() {
        let throttle = Throttle::default();
        for n in 0..5_000_u32 {
            throttle.failed(IpAddr::V4(n.into()), NOW + Duration::from_millis(n.into()));
        }
        assert_eq!(throttle.0.lock().unwrap().len(), MAX_SOURCES);
    }
}
