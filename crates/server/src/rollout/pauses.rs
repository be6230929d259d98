//! When no server ran: nobody could be heard then, so nobody's silence means anything.
//!
//! A server notes once a minute that it is there. One that starts finds when the last one did, and keeps the time between
//! as a pause; the newest few are kept.

use std::time::Duration;

use otary_fleet::{Roster, Time};
use otary_store::{Store, StoreError};

/// The setting that says when a server was last there: milliseconds since 1970, in decimal.
const LAST_HERE: &str = "server.last-here";
/// The setting that has the pauses: JSON, pairs of such times.
const PAUSES: &str = "server.pauses";
/// How often a server notes that it is there. A shorter pause is none.
const EVERY: Duration = Duration::from_mins(1);

/// When no server ran, as far as it is on record: that none runs now is a pause, too.
pub(crate) fn known(store: &dyn Store, now: Time) -> Result<Vec<(Time, Time)>, StoreError> {
    let mut pauses = kept(store)?;
    let last_here = store.setting(LAST_HERE)?.and_then(|text| text.parse().ok()).map(Time);
    pauses.extend(last_here.map(|last_here| (last_here, now)));
    Ok(pauses)
}

/// What cannot be read was written by nobody that otary knows of; it would only excuse silences.
fn kept(store: &dyn Store) -> Result<Vec<(Time, Time)>, StoreError> {
    let known = store.setting(PAUSES)?.and_then(|text| serde_json::from_str(&text).ok());
    Ok(known.unwrap_or_default())
}

/// When no server ran.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    pauses: Vec<(Time, Time)>,
    noted: Time,
}

impl Pauses {
    /// A server starts at `now`.
    pub fn begin(store: &dyn Store, now: Time) -> Result<Self, StoreError> {
        let before = store.setting(LAST_HERE)?.and_then(|text| text.parse().ok()).map(Time);
        let last_here = before.map_or_else(|| store.newest_time(), Ok)?;
        let mut pauses = kept(store)?;
        if last_here > Time::default() && now.since(last_here) > EVERY * 2 {
            pauses.push((last_here, now));
            let surplus = pauses.len().saturating_sub(Roster::MAX_DEAF);
            pauses.drain(..surplus);
            let text = serde_json::to_string(&pauses).unwrap_or_default();
            store.put_setting(PAUSES, &text)?;
        }
        let mut begun = Self { pauses, noted: Time::default() };
        begun.still_here(store, now)?;
        Ok(begun)
    }

    /// Notes that a server is there, if it is time to.
    pub fn still_here(&mut self, store: &dyn Store, now: Time) -> Result<(), StoreError> {
        if now.since(self.noted) >= EVERY {
            store.put_setting(LAST_HERE, &now.0.to_string())?;
            self.noted = now;
        }
        Ok(())
    }

    /// All of them, the latest last: from, to.
    pub fn all(&self) -> impl Iterator<Item = (Time, Time)> {
        self.pauses.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use otary_store::Memory;

    use super::*;

    const START: Time = Time::from_secs(1_795_000_000);

    fn minutes(minutes: u64) -> Time {
        START + Duration::from_mins(minutes)
    }

    #[test]
    fn the_time_without_a_server_is_a_pause_for_every_later_one() {
        let store = Memory::new(10);
        let mut first = Pauses::begin(&store, START).unwrap();
        assert_eq!(first.all().count(), 0, "nothing was before it");
        (0..=90).for_each(|minute| first.still_here(&store, minutes(minute)).unwrap());
        let second = Pauses::begin(&store, minutes(91)).unwrap();
        assert_eq!(second.all().count(), 0, "it was started again at once");
        let third = Pauses::begin(&store, minutes(200)).unwrap();
        assert_eq!(third.all().collect::<Vec<_>>(), [(minutes(91), minutes(200))]);
        let fourth = Pauses::begin(&store, minutes(300)).unwrap();
        assert_eq!(fourth.all().last(), Some((minutes(200), minutes(300))));
        assert_eq!(fourth.all().count(), 2);
    }

    #[test]
    fn the_newest_few_are_kept() {
        let store = Memory::new(10);
        (0..20).for_each(|day| drop(Pauses::begin(&store, minutes(day * 24 * 60)).unwrap()));
        let last = Pauses::begin(&store, minutes(20 * 24 * 60)).unwrap();
        assert_eq!(last.all().count(), Roster::MAX_DEAF);
        assert_eq!(last.all().last(), Some((minutes(19 * 24 * 60), minutes(20 * 24 * 60))));
    }
}
