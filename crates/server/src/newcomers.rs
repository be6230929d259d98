//! How many new devices an address may bring: an allowance that refills with time, in a table that stays small.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use otary_fleet::Time;
use otary_store::Admit;

use crate::limits::{ADDRESSES_WITH_NEW_DEVICES, Limits};
use crate::peer;

/// The allowances of all addresses. Each is one point in time: when it will be whole again (the "theoretical arrival
/// time" of a generic cell rate algorithm, ITU-T I.371).
#[derive(Debug)]
pub(crate) struct Newcomers {
    at_once: u32,
    every: std::time::Duration,
    /// `None` stands for all addresses that found no place in the table.
    whole_at: Mutex<HashMap<Option<IpAddr>, Time>>,
}

impl Newcomers {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            at_once: limits.new_devices_at_once,
            every: limits.new_device_every,
            whole_at: Mutex::default(),
        }
    }

    /// Whether a device from `source` that is not on record may be put there.
    pub(crate) fn admit(&self, source: IpAddr, now: Time) -> Admit {
        let table = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(whole_at) = table.get(&place(&table, source)) else { return Admit::New };
        if whole_at.since(now) + self.every <= self.every * self.at_once {
            Admit::New
        } else {
            Admit::OnRecord
        }
    }

    /// Takes one from the allowance of `source`: a device from there was put on record.
    pub(crate) fn count(&self, source: IpAddr, now: Time) {
        let mut table = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= ADDRESSES_WITH_NEW_DEVICES {
            table.retain(|_, whole_at| *whole_at > now);
        }
        let place = place(&table, source);
        let whole_at = table.entry(place).or_insert(now);
        *whole_at = (*whole_at).max(now) + self.every;
    }
}

fn place(table: &HashMap<Option<IpAddr>, Time>, source: IpAddr) -> Option<IpAddr> {
    let source = Some(peer::counted(source));
    source.filter(|_| table.len() < ADDRESSES_WITH_NEW_DEVICES || table.contains_key(&source))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    const NOW: Time = Time::from_secs(1_795_000_000);

    fn newcomers(at_once: u32) -> Newcomers {
        Newcomers::new(&Limits { new_devices_at_once: at_once, ..Limits::default() })
    }

    fn bring(newcomers: &Newcomers, source: IpAddr, many: u32, now: Time) -> u32 {
        let one = |_| {
            newcomers.admit(source, now) == Admit::New && {
                newcomers.count(source, now);
                true
            }
        };
        (0..many).map(one).filter(|admitted| *admitted).count().try_into().unwrap()
    }

    #[test]
    fn an_address_brings_its_allowance_and_then_one_a_second() {
        let newcomers = newcomers(5);
        let [home, other] = ["192.168.1.2", "192.168.1.3"].map(|text| text.parse().unwrap());
        assert_eq!(bring(&newcomers, home, 100, NOW), 5);
        assert_eq!(bring(&newcomers, home, 100, NOW + Duration::from_millis(999)), 0);
        assert_eq!(bring(&newcomers, home, 100, NOW + Duration::from_secs(3)), 3);
        assert_eq!(bring(&newcomers, other, 100, NOW), 5, "another address has its own");
        assert_eq!(bring(&newcomers, home, 100, NOW + Duration::from_hours(1)), 5, "and no more than whole");
    }

    #[test]
    fn the_table_stays_small_and_those_beyond_share_one_allowance() {
        let newcomers = newcomers(5);
        let address = |n: u32| IpAddr::V4(Ipv4Addr::from(0x0A00_0000 + n));
        let admitted: u32 = (0..20_000).map(|n| bring(&newcomers, address(n), 2, NOW)).sum();
        assert_eq!(usize::try_from(admitted).unwrap(), 2 * ADDRESSES_WITH_NEW_DEVICES + 5 - 2 + 2);
        assert!(newcomers.whole_at.lock().unwrap().len() <= ADDRESSES_WITH_NEW_DEVICES + 1);
        let later = NOW + Duration::from_mins(1);
        assert_eq!(bring(&newcomers, address(30_000), 9, later), 5, "old places are given away");
    }
}
