//! When nobody could be heard, because no server ran: nobody's silence in that time means anything.

use std::time::Duration;

use otary_fleet::{Brief, Time};
use otary_store::{Store, StoreError};

use crate::rollout::pauses;

/// Times in which no server ran: from, to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deaf(Vec<(Time, Time)>);

impl Deaf {
    /// As it is known where no server runs: nobody can be heard now either.
    pub(super) fn without_server(store: &dyn Store, now: Time) -> Result<Self, StoreError> {
        Ok(pauses::known(store, now)?.into_iter().collect())
    }

    /// Whether a device has not asked for longer than its own rhythm lets expect.
    pub(crate) fn misses(&self, brief: &Brief, now: Time) -> bool {
        brief.is_missed(Duration::ZERO, now) && brief.is_missed(self.since(brief.last_seen), now)
    }

    fn since(&self, since: Time) -> Duration {
        self.0.iter().map(|(from, to)| to.since((*from).max(since))).sum()
    }
}

impl FromIterator<(Time, Time)> for Deaf {
    fn from_iter<T: IntoIterator<Item = (Time, Time)>>(times: T) -> Self {
        Self(times.into_iter().collect())
    }
}
