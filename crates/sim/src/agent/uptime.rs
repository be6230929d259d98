//! Time since the board's start: what has passed, and the waits that it did not have to sit through.

use std::time::{Duration, Instant};

use otary_agent::Millis;

/// A clock that only goes forward.
#[derive(Debug, Clone, Copy)]
pub(super) struct Uptime {
    start: Instant,
    skipped: Duration,
}

impl Uptime {
    pub(super) fn start() -> Self {
        Self { start: Instant::now(), skipped: Duration::ZERO }
    }

    pub(super) fn now(&self) -> Millis {
        let passed = self.start.elapsed().saturating_add(self.skipped);
        Millis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
    }

    /// It is this late at least.
    pub(super) fn skip_to(&mut self, time: Millis) {
        self.skipped = self.skipped.saturating_add(Duration::from_millis(time.since(self.now()).0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_counts_in_full_and_time_never_goes_back() {
        let mut uptime = Uptime::start();
        uptime.skip_to(Millis::from_secs(3600));
        assert!((3600..3610).contains(&uptime.now().as_secs()));
        uptime.skip_to(Millis::from_secs(5));
        assert!((3600..3610).contains(&uptime.now().as_secs()));
    }
}
