//! The roster of a campaign: of each device of its product, as much as the stop rule needs, in memory. It is built from the
//! records by one pass and fed by every check-in after that; built anew, it says the same.
//!
//! Devices that were not offered the release are the **controls**: what they do shows what devices do anyway.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Campaign;
use crate::{Course, Device, Mac, Reason, Time};

/// How far back the controls are looked at, at least.
const HISTORY: Duration = Duration::from_hours(14 * 24);

/// The devices of a campaign's product.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    pub(super) rows: BTreeMap<Mac, Row>,
    /// When nobody could be heard, because the server was off: from, to; the latest last.
    deaf: Vec<(Time, Time)>,
}

/// What a roster keeps of one device, for whoever notes it at another moment than it was seen.
#[derive(Debug, Clone)]
pub struct RosterEntry {
    mac: Mac,
    row: Row,
}

/// One device of the product: 64 bytes, since there may be a million.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The network that it asks from, by its number.
    pub site: u64,
    pub first_seen: Time,
    pub last_seen: Time,
    /// The start and end of its last lapse; the beginning of time, if there was none.
    pub lapse: (Time, Time),
    /// Seconds.
    pub typical: u32,
    /// Seconds.
    pub patience: u32,
    /// Whether its rhythm is known.
    pub known: bool,
    /// Whether somebody else may speak under its address.
    pub contested: bool,
    /// Whether the release is meant for it: it belongs to the campaign, and nothing else speaks against it.
    pub member: bool,
    /// Its trial in this campaign.
    pub course: Option<Box<Course>>,
}

impl Roster {
    /// Pauses of the server that are kept.
    pub const MAX_DEAF: usize = 8;

    /// Notes how a device of the product stands. `member`: whether the campaign means it ([`Campaign::means`]).
    pub fn note(&mut self, campaign: &Campaign, device: &Device, member: bool) {
        if let Some(entry) = RosterEntry::of(campaign, device, member) {
            self.enter(entry);
        }
    }

    /// Notes what was seen of a device.
    pub fn enter(&mut self, entry: RosterEntry) {
        self.rows.insert(entry.mac, entry.row);
    }

    /// Forgets a device.
    pub fn forget(&mut self, mac: Mac) {
        self.rows.remove(&mac);
    }

    /// Notes that nobody could be heard between two moments, because the server was off. Nobody's silence in that time
    /// means anything.
    pub fn was_deaf(&mut self, from: Time, to: Time) {
        self.deaf.push((from, to));
        if self.deaf.len() > Self::MAX_DEAF {
            self.deaf.remove(0);
        }
    }

    /// The devices that were offered the release, by address.
    pub fn offered(&self) -> impl Iterator<Item = Mac> {
        self.rows.iter().filter(|(_, row)| row.course.is_some()).map(|(mac, _)| *mac)
    }

    /// Devices on it.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nobody is on it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// For how long of the time from `since` on the server was off.
    pub(super) fn deaf_since(&self, since: Time) -> Duration {
        if self.deaf.is_empty() {
            return Duration::ZERO;
        }
        let parts = self.deaf.iter().map(|(from, to)| to.since((*from).max(since)));
        parts.sum()
    }

    /// Whether a device has not asked for longer than its rhythm lets expect.
    pub(super) fn is_missed(&self, row: &Row, now: Time) -> bool {
        now > row.last_seen + row.patience() + self.deaf_since(row.last_seen)
    }
}

impl RosterEntry {
    /// What is to be kept of a device of the product. `member`: whether the campaign means it. None of one that never asked.
    pub fn of(campaign: &Campaign, device: &Device, member: bool) -> Option<Self> {
        let site = device.networks.first().map(|seen| seen.network)?;
        let trial = device.trials.iter().find(|trial| trial.campaign == campaign.id);
        let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        let row = Row {
            site: trial.map_or(site, |trial| trial.network).number(),
            first_seen: device.first_seen,
            last_seen: device.last_seen,
            lapse: device.rhythm.lapse().map_or_else(Default::default, |lapse| (lapse.from, lapse.to)),
            typical: seconds(device.rhythm.typical()),
            patience: seconds(device.rhythm.patience()),
            known: device.rhythm.is_known(),
            contested: !campaign.rules.on_proof && is_contested(device, campaign),
            member: member && !is_settled(device, campaign),
            course: trial.map(|trial| Box::new(trial.course)),
        };
        Some(Self { mac: device.mac, row })
    }

    /// Which device.
    pub const fn mac(&self) -> Mac {
        self.mac
    }
}

impl Row {
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.patience.into())
    }

    /// From when on what it did counts as what devices do anyway.
    pub fn looked_at_since(&self, campaign: &Campaign) -> Time {
        let history = HISTORY.max(self.patience() * 3);
        self.first_seen.max(campaign.created - history)
    }
}

/// Builds or networks took turns under its address while its trial was on, or shortly before. Not one that takes the release again
/// and again and goes back each time: its two builds are those of the trial.
fn is_contested(device: &Device, campaign: &Campaign) -> bool {
    let trial = device.trials.iter().find(|trial| trial.campaign == campaign.id);
    if trial.is_some_and(|trial| trial.course.goes_back_again()) {
        return false;
    }
    let since = trial.map_or(device.last_seen, |trial| trial.course.offered) - Duration::from_hours(24);
    device.contested.is_some_and(|at| at >= since)
}

/// Whether it was answered under this campaign, and by another rule than the campaign's: it runs the release or something
/// newer, or cannot take it. Nobody waits for it.
fn is_settled(device: &Device, campaign: &Campaign) -> bool {
    let standing = device.standing.iter().chain(&device.standing_files);
    let answered = |standing: &&crate::Standing| {
        standing.last > campaign.created && standing.decision.release.as_ref() == Some(&campaign.release)
    };
    let since = |standing: &&crate::Standing| standing.last > campaign.created;
    let mut said = standing.clone().filter(since);
    let takes_nothing = said.any(|standing| {
        matches!(
            standing.decision.reason,
            Reason::PlainHttp { .. }
                | Reason::NotProven { .. }
                | Reason::ChipUnknown { .. }
                | Reason::ChipContradicts { .. }
        )
    });
    takes_nothing
        || standing.filter(answered).any(|standing| {
            matches!(
                standing.decision.reason,
                Reason::UpToDate { .. }
                    | Reason::NewerRelease { .. }
                    | Reason::NotOlder { .. }
                    | Reason::TakenOnce { .. }
                    | Reason::Unsigned { .. }
                    | Reason::NoSlot
                    | Reason::TooLarge { .. }
                    | Reason::Reflashed { .. }
                    | Reason::ReportedFailure { .. }
                    | Reason::Unproven { .. }
                    | Reason::Contested { .. }
            )
        })
}
