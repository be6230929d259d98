//! Events: those that wait to be written, and the table.
//!
//! Every event has a number that counts up in the order in which they came. It is the row's key, so that a reader who
//! sees an event both waiting and written takes it for one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use otary_fleet::{Event, Mac, Time};
use rusqlite::{Connection, params, params_from_iter, types::Value};

use super::column;
use crate::sync::lock;
use crate::{EventQuery, StoreError};

/// How many events may wait. While the disk takes none, the oldest beyond that are dropped.
pub(super) const MAX_WAITING: usize = 50_000;

/// The events that wait to be written.
#[derive(Debug)]
pub(super) struct Events {
    waiting: Mutex<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    queue: VecDeque<Numbered>,
    next: i64,
    dropped: u64,
}

/// An event and its number.
pub(super) type Numbered = (i64, Arc<Event>);

impl Events {
    pub(super) fn open(connection: &Connection) -> Result<Self, StoreError> {
        let last: i64 =
            connection.query_row("SELECT coalesce(max(id), 0) FROM event", (), |row| row.get(0))?;
        Ok(Self { waiting: Mutex::new(Waiting { queue: VecDeque::new(), next: last + 1, dropped: 0 }) })
    }

    /// Keeps events until they are written. Returns how many.
    pub(super) fn append(&self, events: Vec<Event>) -> usize {
        if events.is_empty() {
            return 0;
        }
        let count = events.len();
        let mut waiting = lock(&self.waiting);
        for event in events {
            let number = waiting.next;
            waiting.next += 1;
            waiting.queue.push_back((number, Arc::new(event)));
        }
        let surplus = waiting.queue.len().saturating_sub(MAX_WAITING);
        waiting.queue.drain(..surplus);
        waiting.dropped += u64::try_from(surplus).unwrap_or(u64::MAX);
        count
    }

    /// How many were dropped since this was last asked.
    pub(super) fn take_dropped(&self) -> u64 {
        std::mem::take(&mut lock(&self.waiting).dropped)
    }

    /// What waits, in order.
    pub(super) fn waiting(&self) -> Vec<Numbered> {
        lock(&self.waiting).queue.iter().cloned().collect()
    }

    /// All up to this number are in the table.
    pub(super) fn written(&self, last: i64) {
        let mut waiting = lock(&self.waiting);
        let written = waiting.queue.partition_point(|(number, _)| *number <= last);
        waiting.queue.drain(..written);
    }

    /// Forgets what waits of a device.
    pub(super) fn forget(&self, mac: Mac) {
        lock(&self.waiting).queue.retain(|(_, event)| event.device != Some(mac));
    }

    /// The newest time among those that wait.
    pub(super) fn newest_waiting(&self) -> Time {
        lock(&self.waiting).queue.iter().map(|(_, event)| event.at).max().unwrap_or_default()
    }

    /// Events, newest first, written or not. What waits is looked at first: what a batch writes in between is then
    /// seen twice, not missed, and its number tells.
    pub(super) fn find(
        &self,
        connection: &Mutex<Connection>,
        query: &EventQuery,
    ) -> Result<Vec<Event>, StoreError> {
        let waiting = self.waiting().into_iter().filter(|(_, event)| query.matches(event));
        let mut found: BTreeMap<(Time, i64), Arc<Event>> =
            waiting.map(|(number, event)| ((event.at, number), event)).collect();
        for (number, event) in select(&lock(connection), query)? {
            found.entry((event.at, number)).or_insert(event);
        }
        Ok(found.into_values().rev().take(query.bounded_limit()).map(Arc::unwrap_or_clone).collect())
    }
}

/// Adds an event to the table.
pub(super) fn write(connection: &Connection, (number, event): &Numbered) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT INTO event (id, at, device, product, record) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    statement.execute(params![
        number,
        column::time(event.at),
        event.device.map(column::mac),
        event.product.as_ref().map(otary_fleet::ProductName::as_str),
        column::record("event", event.as_ref())?,
    ])?;
    Ok(())
}

/// Deletes the events of a device.
pub(super) fn delete_of(connection: &Connection, mac: Mac) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM event WHERE device = ?1")?.execute([column::mac(mac)])?;
    Ok(())
}

/// The newest time in the table.
pub(super) fn newest(connection: &Connection) -> Result<Time, StoreError> {
    let mut statement = connection.prepare_cached("SELECT coalesce(max(at), 0) FROM event")?;
    Ok(column::to_time(statement.query_row((), |row| row.get(0))?))
}

/// Of the table, the newest events that are asked for. The conditions are spelled out, for the index that fits.
fn select(connection: &Connection, query: &EventQuery) -> Result<Vec<Numbered>, StoreError> {
    let conditions = [
        ("device = ?", query.device.map(|mac| Value::from(column::mac(mac)))),
        ("product = ?", query.product.as_ref().map(|name| Value::from(name.to_string()))),
        ("at <= ?", query.until.map(|until| Value::from(column::time(until)))),
    ];
    let (mut texts, mut values) = (vec!["1"], Vec::new());
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
