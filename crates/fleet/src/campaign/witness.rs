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
//!
//! A look at a million devices has to stay cheap: sites are gathered only where a device is silent, and of a crowd a sample is
//! asked, once for each quarter of an hour.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::roster::{Roster, Row};
use crate::Time;

/// No site is off for longer; after it, a silence counts without witnesses at the site.
const LONGEST_OUTAGE: Duration = Duration::from_hours(26);
/// At a site of more devices, those that are silent from the same quarter of an hour on have the same witnesses.
const CROWD: usize = 256;
/// Of more witnesses than this a sample is asked.
const SAMPLE: usize = 8_192;

/// Who can tell about silences at a moment.
pub(super) struct Witnesses<'a> {
    roster: &'a Roster,
    now: Time,
    sites: HashMap<u64, Crowd<'a>>,
    everybody: Crowd<'a>,
}

/// Witnesses that are asked together, and what they said.
#[derive(Default)]
struct Crowd<'a> {
    rows: Vec<&'a Row>,
    told: BTreeMap<(u64, u64), Told>,
}

/// A silence that is asked about.
#[derive(Clone, Copy)]
struct Silence {
    /// The middle of it: whoever is silent was missed before that, and would have come back after.
    middle: (Time, Time),
    since: Time,
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
    /// The witnesses at these sites, and those of all sites together.
    pub fn of(roster: &'a Roster, sites: impl Iterator<Item = u64>, now: Time) -> Self {
        let mut sites: HashMap<u64, Crowd<'_>> = sites.map(|site| (site, Crowd::default())).collect();
        let known = || roster.rows.values().filter(|row| row.known);
        let step = known().count().div_ceil(SAMPLE).max(1);
        for row in known() {
            if let Some(crowd) = sites.get_mut(&row.site) {
                crowd.rows.push(row);
            }
        }
        let everybody = Crowd { rows: known().step_by(step).collect(), told: BTreeMap::new() };
        Self { roster, now, sites, everybody }
    }

    /// Whether the silence of `row` since `since` counts, and beside which share of others that were missed as well, in parts
    /// per million. None: it is excused for now.
    pub fn background(&mut self, row: &Row, since: Time, patience: Duration) -> Option<u32> {
        let silence = Silence { middle: (since + patience * 2 / 5, self.now - patience * 2 / 5), since };
        let asked = Asked { roster: self.roster, now: self.now };
        let site = self.sites.get_mut(&row.site);
        let is_alone = site.as_ref().is_none_or(|site| site.rows.len() < 2);
        let here = site.map_or_else(Told::default, |site| asked.here(site, row, silence));
        let waited = self.now.since(since) > patience.max(LONGEST_OUTAGE) + self.roster.deaf_since(since);
        match here.is_nothing() {
            // A site that is gone for good says next to nothing, but it does not keep a campaign waiting, either.
            false => (here.is_awake() || waited).then(|| here.share()),
            true if is_alone || waited => {
                let told = asked.together(&mut self.everybody, silence);
                // Nobody else asks any more at all: then nobody can excuse it, either.
                (told.is_nothing() || told.is_awake()).then(|| told.share())
            }
            true => None,
        }
    }
}

/// At which moment witnesses are asked.
#[derive(Clone, Copy)]
struct Asked<'a> {
    roster: &'a Roster,
    now: Time,
}

impl Asked<'_> {
    /// What the others at its site say of a device.
    fn here(self, site: &mut Crowd<'_>, row: &Row, silence: Silence) -> Told {
        if site.rows.len() > CROWD {
            return self.together(site, silence);
        }
        let others = site.rows.iter().filter(|other| !std::ptr::eq(**other, row));
        self.all(others, silence)
    }

    /// What many say, asked for many devices at once: once for each quarter of an hour.
    fn together(self, crowd: &mut Crowd<'_>, silence: Silence) -> Told {
        const QUARTER: u64 = 15 * 60;
        let (from, to) = silence.middle;
        let key = (from.secs() / QUARTER, to.secs() / QUARTER);
        let step = crowd.rows.len().div_ceil(SAMPLE).max(1);
        let all = || self.all(crowd.rows.iter().step_by(step), silence);
        *crowd.told.entry(key).or_insert_with(all)
    }

    fn all<'b>(self, witnesses: impl Iterator<Item = &'b &'b Row>, silence: Silence) -> Told {
        let mut told = Told::default();
        witnesses.for_each(|other| told.add(self.heard(other, silence)));
        told
    }

    /// Whether a device was heard in the middle of a silence; none if it cannot tell. One that was offered the release can only
    /// testify that the site was there: its own silence may be the release's doing.
    fn heard(self, other: &Row, Silence { middle: (from, to), since }: Silence) -> Option<bool> {
        let within = |at: Time| from <= at && at <= to;
        let (last, (begun, over)) = (other.last_seen, other.lapse);
        if within(last) || within(begun) || within(over) {
            return Some(true);
        }
        if last > to {
            let lapsed = begun < from && over > to;
            let expected = to.since(from) >= Duration::from_secs(other.typical.into());
            return if lapsed { Some(false) } else { expected.then_some(true) };
        }
        let is_control = other.course.as_ref().is_none_or(|course| course.offered > to);
        let was_there = last + other.patience() >= since;
        (is_control && was_there && self.roster.is_missed(other, self.now)).then_some(false)
    }
}
