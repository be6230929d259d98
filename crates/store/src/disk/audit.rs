//! The audit log's rows: written by the batch that has the events, read in order, verified in one snapshot.

use std::path::Path;

use otary_fleet::{Event, Mac, ProductName, Sha256, Time};
use rusqlite::{Connection, Row as SqlRow, params, params_from_iter, types::Value};

use super::events::{Entry, Waiting};
use super::{column, schema};
use crate::StoreError;
use crate::audit::{AuditEntry, AuditQuery, Head, NotedHead, Record};
use crate::verification::{Row, Verification, Walk};

/// A place in the log that is kept beside its entries.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    /// The last entry that was written.
    Head,
    /// The last one that was pruned.
    Checkpoint,
}

impl Mark {
    const fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Checkpoint => "checkpoint",
        }
    }
}

/// Where a mark stands.
pub(super) fn mark(connection: &Connection, mark: Mark) -> Result<Head, StoreError> {
    let mut statement = connection.prepare_cached("SELECT number, chain FROM audit WHERE mark = ?1")?;
    Ok(statement.query_row([mark.name()], |row| head_of(row, 0))?)
}

pub(super) fn set_mark(connection: &Connection, mark: Mark, head: Head) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("UPDATE audit SET number = ?2, chain = ?3 WHERE mark = ?1")?;
    statement.execute(params![mark.name(), column::number(head.number), head.chain.0])?;
    Ok(())
}

/// The head in two columns from `first` on.
pub(super) fn head_of(row: &SqlRow<'_>, first: usize) -> rusqlite::Result<Head> {
    Ok(Head { number: column::to_number(row.get(first)?), chain: digest(row, first + 1)? })
}

/// A digest out of a column. Bytes that are none are the digest of nothing, which fits nothing.
fn digest(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<Sha256> {
    Ok(Sha256(
        row.get_ref(column)?.as_blob().ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or_default(),
    ))
}

/// Adds what waits to the log, in order.
pub(super) fn write(connection: &Connection, waiting: &[Waiting]) -> Result<(), StoreError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let mut head = mark(connection, Mark::Head)?;
    for Waiting { number, entry } in waiting {
        let number = column::to_number(*number);
        head = match entry {
            Entry::Event(event) => write_event(connection, head, number, event)?,
            Entry::Forgotten { at, leaf } => write_forgotten(connection, head, number, *at, *leaf)?,
        };
    }
    set_mark(connection, Mark::Head, head)
}

fn write_event(connection: &Connection, head: Head, number: u64, event: &Event) -> Result<Head, StoreError> {
    let record = Record::of(event)?;
    let leaf = record.leaf();
    let head = head.then(number, &leaf);
    let mut statement = connection.prepare_cached(
        "INSERT INTO event (id, at, device, product, salt, record, leaf, chain)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    statement.execute(params![
        column::number(number),
        column::time(event.at),
        event.device.map(column::mac),
        event.product.as_ref().map(ProductName::as_str),
        record.salt,
        record.text,
        leaf.0,
        head.chain.0,
    ])?;
    Ok(head)
}

fn write_forgotten(
    connection: &Connection,
    head: Head,
    number: u64,
    at: Time,
    leaf: Sha256,
) -> Result<Head, StoreError> {
    let head = head.then(number, &leaf);
    let mut statement =
        connection.prepare_cached("INSERT INTO event (id, at, leaf, chain) VALUES (?1, ?2, ?3, ?4)")?;
    statement.execute(params![column::number(number), column::time(at), leaf.0, head.chain.0])?;
    Ok(head)
}

/// Chains the events of a database from before there was an audit log.
pub(super) fn chain_what_was_there(connection: &Connection) -> Result<(), StoreError> {
    let mut head = Head::START;
    let mut statement = connection.prepare("SELECT id, record FROM event_before ORDER BY id")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let record = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        let event: Event = column::to_record("event", record)?;
        head = write_event(connection, head, column::to_number(row.get(0)?), &event)?;
    }
    drop(rows);
    drop(statement);
    connection.execute_batch("DROP TABLE event_before")?;
    set_mark(connection, Mark::Head, head)
}

const COLUMNS: &str = "id, at, device, product, salt, record, leaf, chain";

fn read(row: &SqlRow<'_>) -> Result<Row, StoreError> {
    let (salt, text): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
    let product: Option<String> = row.get(3)?;
    let entry = AuditEntry {
        number: column::to_number(row.get(0)?),
        at: column::to_time(row.get(1)?),
        record: salt.zip(text).map(|(salt, text)| Record { salt, text }),
        leaf: digest(row, 6)?,
        chain: digest(row, 7)?,
    };
    let device = row.get::<_, Option<i64>>(2)?.and_then(column::to_mac);
    Ok(Row { entry, device, product: product.and_then(|name| name.parse().ok()) })
}

/// Entries that are written, oldest first.
pub(super) fn select(connection: &Connection, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
    let conditions = [
        ("device = ?", query.device.map(|mac| Value::from(column::mac(mac)))),
        ("at >= ?", query.since.map(|since| Value::from(column::time(since)))),
        ("id < ?", query.before.map(|before| Value::from(column::number(before)))),
    ];
    let (mut texts, mut values) = (vec!["id > ?"], vec![Value::from(column::number(query.after))]);
    for (text, value) in conditions {
        texts.extend(value.is_some().then_some(text));
        values.extend(value);
    }
    values.push(Value::from(column::number(query.bounded_limit())));
    let order = if query.before.is_some() { "DESC" } else { "ASC" };
    let sql =
        format!("SELECT {COLUMNS} FROM event WHERE {} ORDER BY id {order} LIMIT ?", texts.join(" AND "));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(read(row)?.entry);
    }
    Ok(entries)
}

/// Goes along the whole log, in one snapshot of it.
pub(super) fn verify(
    connection: &mut Connection,
    noted: Option<NotedHead>,
) -> Result<Verification, StoreError> {
    let snapshot = connection.transaction()?;
    let head = mark(&snapshot, Mark::Head)?;
    let mut walk = Walk::from(mark(&snapshot, Mark::Checkpoint)?, noted);
    let mut statement = snapshot.prepare(&format!("SELECT {COLUMNS} FROM event ORDER BY id"))?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        if !walk.step(&read(row)?) {
            break;
        }
    }
    Ok(walk.end(head))
}

/// The same of a copied database, which is only read.
pub(super) fn verify_copy(database: &Path, noted: Option<NotedHead>) -> Result<Verification, StoreError> {
    verify(&mut schema::open_copy(database)?, noted)
}

/// Forgets what the log's entries say of a device; their leaves stay.
pub(super) fn forget(connection: &Connection, device: Mac) -> Result<(), StoreError> {
    let sql = "UPDATE event SET device = NULL, product = NULL, salt = NULL, record = NULL WHERE device = ?1";
    connection.prepare_cached(sql)?.execute([column::mac(device)])?;
    Ok(())
}
