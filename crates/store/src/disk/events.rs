//! Events: those that wait to be written, and the table.
//!
//! Every event has a number that counts up in the order in which they came: its entry's in the audit log. It is the row's
//! key, so that a reader who sees an event both waiting and written takes it for one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use otary_fleet::{Event, Mac, Sha256, Time};
use rusqlite::{Connection, params_from_iter, types::Value};

use super::{audit, column};
use crate::audit::Record;
use crate::sync::lock;
use crate::{EventQuery, StoreError};

/// How many events may wait. While the disk takes none, the oldest beyond that are dropped.
pub(super) const MAX_WAITING: usize = 50_000;

/// The events that wait to be written.
#[derive(Debug)]
pub(super) struct Events {
    queue: Mutex<Queue>,
}

#[derive(Debug)]
struct Queue {
    waiting: VecDeque<Waiting>,
    next: i64,
    dropped: u64,
}

/// An entry of the audit log that waits, and its number.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) number: i64,
    pub(super) entry: Entry,
}

/// What waits.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// An event.
    Event(Arc<Event>),
    /// What is left of one whose device was forgotten meanwhile.
    Forgotten {
        /// When it happened.
        at: Time,
        /// Its leaf.
        leaf: Sha256,
    },
}

impl Entry {
    pub(super) fn event(&self) -> Option<&Arc<Event>> {
        match self {
            Self::Event(event) => Some(event),
            Self::Forgotten { .. } => None,
        }
    }

    /// When it happened.
    pub(super) fn at(&self) -> Time {
        match self {
            Self::Event(event) => event.at,
            Self::Forgotten { at, .. } => *at,
        }
    }

    /// The same without what it says.
    fn forget(&mut self) {
        if let Self::Event(event) = self {
            *self = Self::Forgotten { at: event.at, leaf: Record::leaf_of_forgotten(event) };
        }
    }
}

impl Events {
    pub(super) fn open(connection: &Connection) -> Result<Self, StoreError> {
        let last = column::number(audit::mark(connection, audit::Mark::Head)?.number);
        Ok(Self { queue: Mutex::new(Queue { waiting: VecDeque::new(), next: last + 1, dropped: 0 }) })
    }

    /// Keeps events until they are written. Returns how many.
    pub(super) fn append(&self, events: Vec<Event>) -> usize {
        if events.is_empty() {
            return 0;
        }
        let count = events.len();
        let mut queue = lock(&self.queue);
        for event in events {
            let number = queue.next;
            queue.next += 1;
            queue.waiting.push_back(Waiting { number, entry: Entry::Event(Arc::new(event)) });
        }
        let surplus = queue.waiting.len().saturating_sub(MAX_WAITING);
        queue.waiting.drain(..surplus);
        queue.dropped += u64::try_from(surplus).unwrap_or(u64::MAX);
        count
    }

    /// How many were dropped since this was last asked.
    pub(super) fn take_dropped(&self) -> u64 {
        std::mem::take(&mut lock(&self.queue).dropped)
    }

    /// What waits, in order.
    pub(super) fn waiting(&self) -> Vec<Waiting> {
        lock(&self.queue).waiting.iter().cloned().collect()
    }

    /// All up to this number are in the table.
    pub(super) fn written(&self, last: i64) {
        let mut queue = lock(&self.queue);
        let written = queue.waiting.partition_point(|waiting| waiting.number <= last);
        queue.waiting.drain(..written);
    }

    /// Forgets what waits of a device; the leaves stay.
    pub(super) fn forget(&self, mac: Mac) {
        let mut queue = lock(&self.queue);
        let of_device = |entry: &Entry| entry.event().is_some_and(|event| event.device == Some(mac));
        let entries = queue.waiting.iter_mut().map(|waiting| &mut waiting.entry);
        entries.filter(|entry| of_device(entry)).for_each(Entry::forget);
    }

    /// The newest time among those that wait.
    pub(super) fn newest_waiting(&self) -> Time {
        lock(&self.queue).waiting.iter().map(|waiting| waiting.entry.at()).max().unwrap_or_default()
    }

    /// Events, newest first, written or not. What waits is looked at first: what a batch writes in between is then
    /// seen twice, not missed, and its number tells.
    pub(super) fn find(
        &self,
        connection: &Mutex<Connection>,
        query: &EventQuery,
    ) -> Result<Vec<Event>, StoreError> {
        let waiting = self.waiting().into_iter();
        let waiting =
            waiting.filter_map(|waiting| Some((waiting.number, Arc::clone(waiting.entry.event()?))));
        let mut found: BTreeMap<(Time, i64), Arc<Event>> = waiting
            .filter(|(_, event)| query.matches(event))
            .map(|(number, event)| ((event.at, number), event))
            .collect();
        for (number, event) in select(&lock(connection), query)? {
            found.entry((event.at, number)).or_insert(event);
        }
        Ok(found.into_values().rev().take(query.bounded_limit()).map(Arc::unwrap_or_clone).collect())
    }
}

/// The newest time in the table.
pub(super) fn newest(connection: &Connection) -> Result<Time, StoreError> {
    let mut statement = connection.prepare_cached("SELECT coalesce(max(at), 0) FROM event")?;
    Ok(column::to_time(statement.query_row((), |row| row.get(0))?))
}

/// Of the table, the newest events that are asked for. The conditions are spelled out, for the index that fits.
fn select(connection: &Connection, query: &EventQuery) -> Result<Vec<(i64, Arc<Event>)>, StoreError> {
    let conditions = [
        ("device = ?", query.device.map(|mac| Value::from(column::mac(mac)))),
        ("product = ?", query.product.as_ref().map(|name| Value::from(name.to_string()))),
        ("at <= ?", query.until.map(|until| Value::from(column::time(until)))),
    ];
    let (mut texts, mut values) = (vec!["record IS NOT NULL"], Vec::new());
    for (text, value) in conditions {
        texts.extend(value.is_some().then_some(text));
        values.extend(value);
    }
    values.push(Value::from(column::number(query.bounded_limit())));
    let sql = format!(
        "SELECT id, record FROM event WHERE {} ORDER BY at DESC, id DESC LIMIT ?",
        texts.join(" AND ")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let record = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        events.push((row.get(0)?, Arc::new(column::to_record("event", record)?)));
    }
    Ok(events)
}
