//! What serving counts. Numbers begin with zero when the process does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use otary_fleet::{Decision, Dialect, Ending, Event, EventKind, Outcome, Verdict};

/// The verdicts of one dialect.
type ByVerdict = [AtomicU64; Verdict::ALL.len()];

/// Numbers that only grow, but for the transfers under way.
#[derive(Debug, Default)]
pub struct Counters {
    check_ins: [ByVerdict; Dialect::ALL.len()],
    offers: [AtomicU64; 2],
    downloads: [AtomicU64; 3],
    download_bytes: AtomicU64,
    under_way: AtomicU64,
    /// Installed, failed.
    outcomes: [AtomicU64; 2],
    handshakes: Mutex<BTreeMap<&'static str, u64>>,
    notices: [AtomicU64; 3],
}

/// What a timeline shows, since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) check_ins: u64,
    pub(crate) offers: u64,
    pub(crate) whole: u64,
    pub(crate) cut_off: u64,
    pub(crate) installs: u64,
    pub(crate) failures: u64,
    pub(crate) handshakes: u64,
}

/// How a transfer ended, or what of it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transferred {
    /// Every byte of the file was handed over, if in parts with this one.
    Whole,
    /// It ended before.
    CutOff,
    /// It was a part of a file, and not the last.
    Part,
}

/// What became of an attempt to deliver a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempted {
    /// It was taken.
    Delivered,
    /// It is tried again.
    Failed,
    /// It is not tried again.
    GivenUp,
}

impl Counters {
    /// A check-in was answered.
    pub(crate) fn check_in(&self, dialect: Dialect, decision: &Decision) {
        let verdict = decision.verdict();
        let count = self.check_ins.get(dialect as usize).and_then(|counts| counts.get(verdict as usize));
        count.map(|count| count.fetch_add(1, Ordering::Relaxed));
        if verdict == Verdict::Offer {
            let count = self.offers.get(usize::from(decision.campaign.is_some()));
            count.map(|count| count.fetch_add(1, Ordering::Relaxed));
        }
    }

    /// A transfer begins.
    pub(crate) fn transfer_begins(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    /// A transfer has ended, after so many bytes.
    pub(crate) fn transfer_ends(&self, how: Transferred, bytes: u64) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        self.download_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.downloads.get(how as usize).map(|count| count.fetch_add(1, Ordering::Relaxed));
    }

    /// What a check-in, a transfer or a report came to.
    pub(crate) fn note(&self, events: &[Event]) {
        let [installed, failed] = &self.outcomes;
        for event in events {
            match outcome(event) {
                Some(true) => installed.fetch_add(1, Ordering::Relaxed),
                Some(false) => failed.fetch_add(1, Ordering::Relaxed),
                None => continue,
            };
        }
    }

    /// A handshake failed: by the alert of this name, or by a word for what happened instead.
    pub(crate) fn handshake(&self, alert: &'static str) {
        let mut handshakes = self.handshakes.lock().unwrap_or_else(PoisonError::into_inner);
        *handshakes.entry(alert).or_default() += 1;
    }

    /// A notice was tried to be delivered.
    pub(crate) fn notice(&self, what: Attempted) {
        self.notices.get(what as usize).map(|count| count.fetch_add(1, Ordering::Relaxed));
    }

    /// Check-ins by dialect and verdict, the ones that there were.
    pub(super) fn check_ins(&self) -> impl Iterator<Item = (Dialect, Verdict, u64)> {
        let of =
            |(dialect, counts)| Verdict::ALL.into_iter().zip(counts).map(move |(v, n)| (dialect, v, read(n)));
        Dialect::ALL.into_iter().zip(&self.check_ins).flat_map(of).filter(|(.., count)| *count > 0)
    }

    /// Offers by what brought them.
    pub(super) fn offers(&self) -> [(&'static str, u64); 2] {
        let [channel, campaign] = &self.offers;
        [("channel", read(channel)), ("campaign", read(campaign))]
    }

    /// Transfers by how they ended.
    pub(super) fn downloads(&self) -> [(&'static str, u64); 3] {
        let [whole, cut_off, part] = &self.downloads;
        [("whole", read(whole)), ("cut_off", read(cut_off)), ("part", read(part))]
    }

    /// Updates by what became of them.
    pub(super) fn outcomes(&self) -> [(&'static str, u64); 2] {
        let [installed, failed] = &self.outcomes;
        [("installed", read(installed)), ("failed", read(failed))]
    }

    /// All of it that a timeline shows.
    pub(crate) fn totals(&self) -> Totals {
        let [(_, whole), (_, cut_off), _] = self.downloads();
        let [(_, installs), (_, failures)] = self.outcomes();
        Totals {
            check_ins: self.check_ins.iter().flatten().map(read).sum(),
            offers: self.offers.iter().map(read).sum(),
            whole,
            cut_off,
            installs,
            failures,
            handshakes: self.handshakes().values().sum(),
        }
    }

    /// Bytes handed over.
    pub(super) fn download_bytes(&self) -> u64 {
        read(&self.download_bytes)
    }

    /// Transfers under way.
    pub(super) fn under_way(&self) -> u64 {
        read(&self.under_way)
    }

    /// Handshakes that failed, by alert.
    pub(super) fn handshakes(&self) -> BTreeMap<&'static str, u64> {
        self.handshakes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Attempts to deliver notices, by what became of them.
    pub(super) fn notices(&self) -> [(&'static str, u64); 3] {
        let [delivered, failed, given_up] = &self.notices;
        [("delivered", read(delivered)), ("failed", read(failed)), ("given_up", read(given_up))]
    }
}

/// Whether an update took or failed, if an event says so.
fn outcome(event: &Event) -> Option<bool> {
    match &event.kind {
        EventKind::Installed { .. } => Some(true),
        EventKind::Outcome { outcome: Outcome::Refused | Outcome::RolledBack | Outcome::Looping, .. } => {
            Some(false)
        }
        EventKind::Reported { report, .. } if report.ending != Ending::Installed => Some(false),
        _ => None,
    }
}

fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_and_verdict_has_its_place() {
        for (place, dialect) in Dialect::ALL.into_iter().enumerate() {
            assert_eq!(dialect as usize, place, "{dialect:?}");
        }
        for (place, verdict) in Verdict::ALL.into_iter().enumerate() {
            assert_eq!(verdict as usize, place, "{verdict:?}");
        }
    }
}
