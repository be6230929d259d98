//! Bytes in a second, shared by any number of transfers: each books what it sent, and waits until that was due.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Paces transfers that share it.
#[derive(Debug)]
pub(crate) struct Pacer {
    bytes_per_second: u64,
    /// When what was sent so far is due to have been sent.
    due: Mutex<Instant>,
}

impl Pacer {
    /// The most that is sent before it is waited: what an ESP8266 takes in at a time, about.
    pub(crate) const PORTION: usize = 4 * 1024;

    /// Lets so many bytes pass in a second.
    pub(crate) fn new(bytes_per_second: u64) -> Self {
        Self { bytes_per_second: bytes_per_second.max(1), due: Mutex::new(Instant::now()) }
    }

    /// How many it lets pass in a second.
    pub(crate) const fn bytes_per_second(&self) -> u64 {
        self.bytes_per_second
    }

    /// Books bytes that were sent, and gives when the next may be.
    pub(crate) fn book(&self, bytes: u64) -> Instant {
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second);
        let takes = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        // What was not used is not saved up.
        *due = (*due).max(Instant::now()) + takes;
        *due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn transfers_share_the_bytes_of_a_second() {
        let (pacer, began) = (Pacer::new(8 * 1024), Instant::now());
        let send = || async {
            for _ in 0..4 {
                tokio::time::sleep_until(pacer.book(4096)).await;
            }
            began.elapsed().as_millis()
        };
        let (one, other) = tokio::join!(send(), send());
        assert_eq!(one.max(other), 4_000, "32 KiB at 8 KiB a second");
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!((pacer.book(8192) - Instant::now()).as_millis(), 1_000, "a pause saves nothing up");
    }
}
