//! The audit log in memory.

use std::cmp::Reverse;

use otary_fleet::{Event, Mac, Time};

use crate::audit::{AuditEntry, AuditQuery, Head, NotedHead, Record};
use crate::verification::{Row, Verification, Walk};
use crate::{EventQuery, Retention, StoreError};

/// Every entry, in the order in which they came.
#[derive(Debug)]
pub(super) struct Log {
    entries: Vec<Logged>,
    checkpoint: Head,
    head: Head,
}

#[derive(Debug)]
struct Logged {
    /// None: it is forgotten.
    event: Option<Event>,
    entry: AuditEntry,
}

impl Default for Log {
    fn default() -> Self {
        Self { entries: Vec::new(), checkpoint: Head::START, head: Head::START }
    }
}

impl Logged {
    fn forget(&mut self) {
        (self.event, self.entry.record) = (None, None);
    }
}

impl Log {
    pub(super) fn extend(&mut self, events: impl IntoIterator<Item = Event>) -> Result<(), StoreError> {
        for event in events {
            let record = Record::of(&event)?;
            let leaf = record.leaf();
            self.head = self.head.then(self.head.number + 1, &leaf);
            let Head { number, chain } = self.head;
            let entry = AuditEntry { number, at: event.at, record: Some(record), leaf, chain };
            self.entries.push(Logged { event: Some(event), entry });
        }
        Ok(())
    }

    pub(super) const fn head(&self) -> Head {
        self.head
    }

    pub(super) fn forget(&mut self, mac: Mac) {
        let of_device =
            |logged: &&mut Logged| logged.event.as_ref().is_some_and(|event| event.device == Some(mac));
        self.entries.iter_mut().filter(of_device).for_each(Logged::forget);
    }

    pub(super) fn times(&self) -> impl Iterator<Item = Time> {
        self.entries.iter().map(|logged| logged.entry.at)
    }

    /// Events, newest first.
    pub(super) fn events(&self, query: &EventQuery) -> Vec<Event> {
        let events = self.entries.iter().rev().filter_map(|logged| logged.event.as_ref());
        let mut events: Vec<&Event> = events.filter(|event| query.matches(event)).collect();
        events.sort_by_key(|event| Reverse(event.at));
        events.into_iter().take(query.bounded_limit()).cloned().collect()
    }

    /// Entries, oldest first.
    pub(super) fn entries(&self, query: &AuditQuery) -> Vec<AuditEntry> {
        let device = |logged: &Logged| logged.event.as_ref().and_then(|event| event.device);
        let meant = |logged: &&Logged| {
            logged.entry.number > query.after
                && query.since.is_none_or(|since| logged.entry.at >= since)
                && query.device.is_none_or(|mac| device(logged) == Some(mac))
                && query.before.is_none_or(|before| logged.entry.number < before)
        };
        let (entry, limit) = (|logged: &Logged| logged.entry.clone(), query.bounded_limit());
        let entries = self.entries.iter().filter(meant);
        match query.before {
            Some(_) => entries.rev().map(entry).take(limit).collect(),
            None => entries.map(entry).take(limit).collect(),
        }
    }

    pub(super) fn verify(&self, noted: Option<NotedHead>) -> Verification {
        let mut walk = Walk::from(self.checkpoint, noted);
        let row = |logged: &Logged| {
            let (device, product) =
                logged.event.as_ref().map(|event| (event.device, event.product.clone())).unwrap_or_default();
            Row { entry: logged.entry.clone(), device, product }
        };
        // As far as it holds.
        let _ = self.entries.iter().map(row).all(|row| walk.step(&row));
        walk.end(self.head)
    }

    /// Shortens the log from its beginning; what is older than the rest elsewhere loses its text.
    pub(super) fn prune(&mut self, retention: &Retention, now: Time) -> u64 {
        let before = now - retention.events;
        let old = self.entries.iter().take_while(|logged| logged.entry.at < before).count();
        let max = usize::try_from(retention.max_events).unwrap_or(usize::MAX);
        let cut = old.max(self.entries.len().saturating_sub(max));
        let mut gone = 0;
        for logged in self.entries.drain(..cut) {
            self.checkpoint = Head { number: logged.entry.number, chain: logged.entry.chain };
            gone += u64::from(logged.event.is_some());
        }
        let stale = |logged: &&mut Logged| logged.entry.at < before && logged.event.is_some();
        for logged in self.entries.iter_mut().filter(stale) {
            logged.forget();
            gone += 1;
        }
        gone
    }
}
