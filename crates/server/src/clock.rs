//! Time as the server sees it: the system's, or one that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use otary_fleet::Time;

/// Where the server reads the time from. Decisions and records go by it; timeouts of connections do not.
#[derive(Debug, Clone, Default)]
pub struct Clock(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    System,
    Moved(Arc<AtomicU64>),
}

impl Clock {
    /// The system's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `time` until it is moved. Clones show the same time.
    pub fn standing_at(time: Time) -> Self {
        Self(Source::Moved(Arc::new(AtomicU64::new(time.0))))
    }

    /// The time now. A system clock from before 1970 shows 1970.
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time::default() + since
            }
            Source::Moved(millis) => Time(millis.load(Ordering::Relaxed)),
        }
    }

    /// Moves a clock that stands; the system's moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Source::Moved(millis) = &self.0 {
            let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
            millis.fetch_add(by, Ordering::Relaxed);
        }
    }
}
