//! Witnesses: whether a device is silent, or its site is.
//!
//! A router that is off silences every device behind it, and that is nobody's bad release. So a silence counts only if others
//! at the same site (one network) were heard while the device was already missed, and long enough ago that it would have been
//! heard since. Others are the controls, and devices that run the release. Where more of them are missed than heard, or nobody at
//! the site can tell, the device is excused for a day and two hours, which is longer than routers are off. One that is alone at
//! its site is compared with all others, since outages of such sites are in the hazard of the controls.
//!
//! Of those who could tell, the share that was missed in the same hours is a background, too: where every third device fell
//! silent, one more says little.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::roster::{Roster, Row};
use crate::{Network, Time};

/// No site is off for longer; after it, a silence counts without witnesses at the site.
const LONGEST_OUTAGE: Duration = Duration::from_hours(26);

/// Who can tell about silences at a moment.
pub(super) struct Witnesses<'a> {
    roster: &'a Roster,
    now: Time,
    sites: HashMap<Network, Vec<&'a Row>>,
    everywhere: BTreeMap<(u64, u64), Told>,
}

/// What witnesses say of one stretch of time.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    heard: u32,
    missed: u32,
}

impl Told {
    fn add(&mut self, heard: Option<bool>) {
        match heard {
            Some(true) => self.heard += 1,
            Some(false) => self.missed += 1,
            None => {}
        }
    }

    const fn is_nothing(self) -> bool {
        self.heard == 0 && self.missed == 0
    }

    /// The share that was missed, in parts per million.
    fn share(self) -> u32 {
        let all = u64::from(self.heard) + u64::from(self.missed);
        u32::try_from(u64::from(self.missed) * 1_000_000 / all.max(1)).unwrap_or(u32::MAX)
    }

    /// Whether those that were heard are more: then the silence of one more is its own.
    const fn is_awake(self) -> bool {
        self.heard > self.missed
    }
}

impl<'a> Witnesses<'a> {
    pub fn of(roster: &'a Roster, now: Time) -> Self {
        let mut sites: HashMap<Network, Vec<&Row>> = HashMap::new();
        for row in roster.rows.values().filter(|row| row.known) {
            sites.entry(row.site).or_default().push(row);
        }
        Self { roster, now, sites, everywhere: BTreeMap::new() }
    }

    /// Whether the silence of `row` since `since` counts, and beside which share of others that were missed as well, in parts
    /// per million. None: it is excused for now.
    pub fn background(&mut self, row: &Row, since: Time, patience: Duration) -> Option<u32> {
        // In the middle of its silence: it was missed before that, and would have come back after.
        let (from, to) = (since + patience * 2 / 5, self.now - patience * 2 / 5);
        let others = self.sites.get(&row.site).map_or(&[][..], Vec::as_slice);
        let mut here = Told::default();
        for other in others.iter().filter(|other| !std::ptr::eq(**other, row)) {
            here.add(self.heard(other, from, to, since));
        }
        let waited = self.now.since(since) > patience.max(LONGEST_OUTAGE) + self.roster.deaf_since(since);
        let is_alone = others.len() < 2;
        match here.is_nothing() {
            // A site that is gone for good says next to nothing, but it does not keep a campaign waiting, either.
            false => (here.is_awake() || waited).then(|| here.share()),
            true if is_alone || waited => self.everywhere(from, to, since),
            true => None,
        }
    }

    /// The same by the word of all sites together. Asked for many devices at once, so it is worked out by quarters of hours.
    fn everywhere(&mut self, from: Time, to: Time, since: Time) -> Option<u32> {
        const QUARTER: u64 = 15 * 60;
        let key = (from.secs() / QUARTER, to.secs() / QUARTER);
        let known = self.everywhere.get(&key).copied();
        let told = known.unwrap_or_else(|| {
            let mut told = Told::default();
            let rows = self.roster.rows.values().filter(|row| row.known);
            rows.for_each(|other| told.add(self.heard(other, from, to, since)));
            told
        });
        self.everywhere.insert(key, told);
        // Nobody else asks any more at all: then nobody can excuse it, either.
        (told.is_nothing() || told.is_awake()).then(|| told.share())
    }

    /// Whether a device was heard between two moments; none if it cannot tell. One that was offered the release can only
    /// testify that the site was there: its own silence may be the release's doing.
    fn heard(&self, other: &Row, from: Time, to: Time, since: Time) -> Option<bool> {
        let within = |at: Time| from <= at && at <= to;
        let last = other.last_seen;
        if within(last) || other.lapse.is_some_and(|(begun, over)| within(begun) || within(over)) {
            return Some(true);
        }
        if last > to {
            let lapsed = other.lapse.is_some_and(|(begun, over)| begun < from && over > to);
            let expected = to.since(from) >= Duration::from_secs(other.typical.into());
            return if lapsed { Some(false) } else { expected.then_some(true) };
        }
        let is_control = other.course.as_ref().is_none_or(|course| course.offered > to);
        let was_there = last + other.patience() >= since;
        (is_control && was_there && self.roster.is_missed(other, self.now)).then_some(false)
    }
}
