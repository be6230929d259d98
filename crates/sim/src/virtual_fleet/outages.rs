//! Who cannot be heard, whatever it does: sites without power, and everybody while the server is off.

use std::ops::RangeInclusive;
use std::time::Duration;

use otary_fleet::Time;

/// The outages so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Outages {
    /// Sites, counted from 0, and until when they are off.
    sites: Vec<(RangeInclusive<u32>, Time)>,
    server: Option<(Time, Time)>,
}

impl Outages {
    /// Sites go off, now.
    pub(super) fn switch_off(&mut self, sites: RangeInclusive<u32>, time: Duration, now: Time) {
        self.sites.push((sites, now + time));
    }

    /// The server goes off, now; if it is off already, for as long as either said.
    pub(super) fn stop_server(&mut self, time: Duration, now: Time) {
        let (from, until) = self.server.unwrap_or((now, now));
        self.server = Some((from, until.max(now + time)));
    }

    /// Whether the server is off.
    pub(super) fn is_deaf(&self, at: Time) -> bool {
        self.server.is_some_and(|(_, until)| at < until)
    }

    /// Whether a board's poll comes to nothing.
    pub(super) fn swallow(&self, site: u32, at: Time) -> bool {
        self.is_deaf(at) || self.sites.iter().any(|(sites, until)| at < *until && sites.contains(&site))
    }

    /// When the next outage ends.
    pub(super) fn next_end(&self) -> Option<Time> {
        self.sites.iter().map(|(_, until)| *until).chain(self.server.map(|(_, until)| until)).min()
    }

    /// The sites that are back at `now`, and from when to when the server was off, if that is over.
    pub(super) fn end(&mut self, now: Time) -> (Vec<RangeInclusive<u32>>, Option<(Time, Time)>) {
        let (over, on): (Vec<_>, Vec<_>) = self.sites.drain(..).partition(|(_, until)| *until <= now);
        self.sites = on;
        let server = self.server.take_if(|(_, until)| *until <= now);
        (over.into_iter().map(|(sites, _)| sites).collect(), server)
    }
}
