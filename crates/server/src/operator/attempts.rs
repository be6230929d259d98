//! Attempts to sign in: how many are free, and how long is waited after that.
//!
//! What is counted, and by what:
//!
//! - By **source and account** and by **source** (an IPv6 network is one source). Never by account alone: whoever tries passwords
//!   elsewhere keeps nobody from signing in.
//! - A **browser that signed in before** has an allowance of its own, and is held up by none of the others: also not by somebody who
//!   tries from the same address.
//!
//! An attempt counts as failed from its beginning, so that many at once are no way around. Memory is bounded whoever knocks.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use otary_fleet::{Sha256, Time};

use crate::peer::counted;

/// What is free of charge, for an account from a source, a source, and a known browser.
const OF_PAIR: u32 = 5;
const OF_SOURCE: u32 = 20;
const OF_BROWSER: u32 = 10;
/// The first wait, which doubles with each attempt, and the longest.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// After so long without an attempt everything is forgotten.
const FORGOTTEN: Duration = Duration::from_hours(1);
/// What is remembered of each; beyond, what was tried longest ago is forgotten.
const MOST: usize = 1024;

/// Attempts to sign in.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    pairs: Waits<(IpAddr, Sha256)>,
    sources: Waits<IpAddr>,
    browsers: Waits<Sha256>,
}

/// Who tries.
#[derive(Debug, Clone, Copy)]
pub(super) enum Visitor {
    /// A browser that signed in to this account before, by the digest of what it was told then.
    Known(Sha256),
    /// Somebody at an address, for an account by the digest of its name.
    Stranger(IpAddr, Sha256),
}

impl Attempts {
    /// Begins an attempt; an error says how long to wait before it.
    pub(super) fn begin(&self, visitor: Visitor, now: Time) -> Result<(), Duration> {
        match visitor {
            Visitor::Known(browser) => self.browsers.begin(browser, OF_BROWSER, now),
            Visitor::Stranger(address, account) => {
                let source = counted(address);
                self.sources.check(&source, OF_SOURCE, now)?;
                self.pairs.begin((source, account), OF_PAIR, now)?;
                self.sources.begin(source, OF_SOURCE, now)
            }
        }
    }

    /// The attempt was right. What others tried from there still counts.
    pub(super) fn succeeded(&self, visitor: Visitor) {
        match visitor {
            Visitor::Known(browser) => self.browsers.forget(&browser),
            Visitor::Stranger(address, account) => {
                let source = counted(address);
                self.pairs.forget(&(source, account));
                self.sources.take_back(&source);
            }
        }
    }
}

#[derive(Debug)]
struct Waits<K>(Mutex<HashMap<K, Tried>>);

#[derive(Debug, Clone, Copy)]
struct Tried {
    times: u32,
    last: Time,
}

impl<K> Default for Waits<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone> Waits<K> {
    fn check(&self, key: &K, free: u32, now: Time) -> Result<(), Duration> {
        let tried = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied();
        tried.and_then(|tried| tried.wait(free, now)).map_or(Ok(()), Err)
    }

    fn begin(&self, key: K, free: u32, now: Time) -> Result<(), Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = all.get(&key).and_then(|tried| tried.wait(free, now)) {
            return Err(wait);
        }
        if all.len() >= MOST && !all.contains_key(&key) {
            let oldest = all.iter().min_by_key(|(_, tried)| tried.last).map(|(key, _)| key.clone());
            oldest.and_then(|key| all.remove(&key));
        }
        let tried = all.entry(key).or_insert(Tried { times: 0, last: now });
        if now.since(tried.last) >= FORGOTTEN {
            tried.times = 0;
        }
        *tried = Tried { times: tried.times.saturating_add(1), last: now };
        Ok(())
    }

    fn forget(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn take_back(&self, key: &K) {
        if let Some(tried) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key) {
            tried.times = tried.times.saturating_sub(1);
        }
    }
}

impl Tried {
    /// How long is still to be waited, if it is.
    fn wait(self, free: u32, now: Time) -> Option<Duration> {
        let over = self.times.checked_sub(free)?;
        let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(over));
        let left = doubled.min(LONGEST_WAIT).checked_sub(now.since(self.last))?;
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_secs(1_795_000_000);

    fn stranger(address: &str, account: &str) -> Visitor {
        Visitor::Stranger(address.parse().unwrap(), Sha256::of(account.as_bytes()))
    }

    #[test]
    fn after_some_free_attempts_each_wait_is_twice_the_last() {
        let waits = Waits::default();
        let attempt = |now| waits.begin("lena", OF_PAIR, now);
        (0..OF_PAIR).for_each(|_| attempt(NOW).unwrap());
        assert_eq!(attempt(NOW), Err(FIRST_WAIT));
        let mut now = NOW + FIRST_WAIT;
        attempt(now).unwrap();
        assert_eq!(attempt(now), Err(FIRST_WAIT * 2));
        for _ in 0..20 {
            now = now + attempt(now).unwrap_err();
            attempt(now).unwrap();
        }
        assert_eq!(attempt(now), Err(LONGEST_WAIT));
        assert_eq!([attempt(now + FORGOTTEN), attempt(now + FORGOTTEN)], [Ok(()), Ok(())]);
    }

    #[test]
    fn what_is_tried_elsewhere_keeps_nobody_from_an_account() {
        let attempts = Attempts::default();
        for n in 0..500_u32 {
            let _ =
                attempts.begin(stranger(&IpAddr::V4((0x0A00_0000 + n % 50).into()).to_string(), "lena"), NOW);
        }
        assert_eq!(attempts.begin(stranger("192.168.1.9", "lena"), NOW), Ok(()));
    }

    #[test]
    fn one_source_does_not_try_many_names_and_a_known_browser_there_is_not_held_up() {
        let attempts = Attempts::default();
        for n in 0..OF_SOURCE {
            attempts.begin(stranger("10.0.0.1", &n.to_string()), NOW).unwrap();
        }
        assert!(attempts.begin(stranger("10.0.0.1", "lena"), NOW).is_err());
        let browser = Visitor::Known(Sha256::of(b"browser"));
        for _ in 0..OF_BROWSER {
            assert_eq!(attempts.begin(browser, NOW), Ok(()));
        }
        assert!(attempts.begin(browser, NOW).is_err());
    }

    #[test]
    fn who_is_right_once_buys_no_guesses_at_others() {
        let attempts = Attempts::default();
        let own = stranger("10.0.0.1", "mallory");
        for n in 0..OF_SOURCE {
            attempts.begin(own, NOW).unwrap();
            attempts.succeeded(own);
            attempts.begin(stranger("10.0.0.1", &n.to_string()), NOW).unwrap();
        }
        assert!(attempts.begin(own, NOW).is_err());
    }

    #[test]
    fn a_flood_takes_no_more_memory() {
        let attempts = Attempts::default();
        for n in 0..5_000_u32 {
            let address = IpAddr::V4(n.into()).to_string();
            let _ = attempts.begin(stranger(&address, "lena"), NOW + Duration::from_millis(n.into()));
        }
        assert_eq!(attempts.sources.0.lock().unwrap().len(), MOST);
        assert_eq!(attempts.pairs.0.lock().unwrap().len(), MOST);
    }
}
