//! The table of devices.

use otary_fleet::{Device, Mac, Time};
use rusqlite::{Connection, OptionalExtension, Rows, params};

use super::column;
use crate::StoreError;
use crate::retention::Running;

/// A device as a row.
pub(super) struct Row {
    known: bool,
    last_seen: i64,
    record: String,
}

impl Row {
    pub(super) fn of(device: &Device) -> Result<Self, StoreError> {
        Ok(Self {
            known: device.is_known(),
            last_seen: column::time(device.last_seen),
            record: column::record("device", device)?,
        })
    }

    pub(super) fn write(&self, connection: &Connection, mac: Mac) -> Result<(), StoreError> {
        let mut statement = connection.prepare_cached(
            "INSERT INTO device (mac, known, last_seen, record) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (mac) DO UPDATE SET known = excluded.known, last_seen = excluded.last_seen,
                record = excluded.record",
        )?;
        statement.execute(params![column::mac(mac), self.known, self.last_seen, self.record])?;
        Ok(())
    }
}

/// Deletes a device's row. Tells whether there was one, and then whether the device was known.
pub(super) fn delete(connection: &Connection, mac: Mac) -> Result<Option<bool>, StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM device WHERE mac = ?1 RETURNING known")?;
    Ok(statement.query_row([column::mac(mac)], |row| row.get(0)).optional()?)
}

/// A device's record.
pub(super) fn find(connection: &Connection, mac: Mac) -> Result<Option<Device>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT record FROM device WHERE mac = ?1")?;
    let mut rows = statement.query([column::mac(mac)])?;
    match rows.next()? {
        Some(row) => {
            column::to_record("device", row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?).map(Some)
        }
        None => Ok(None),
    }
}

/// The records of the addresses behind `after`, at most `limit`, without those that `skip` names.
pub(super) fn page(
    connection: &Connection,
    after: Option<Mac>,
    limit: usize,
    skip: impl Fn(Mac) -> bool,
) -> Result<Vec<Device>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT mac, record FROM device WHERE mac > ?1 ORDER BY mac LIMIT ?2")?;
    let rows = statement.query([after.map_or(0, column::mac), column::number(limit)])?;
    let mut devices = Vec::new();
    each(rows, skip, |device| devices.push(device))?;
    Ok(devices)
}

/// Hands on the records of rows of `mac, record`, without those that `skip` names.
fn each(
    mut rows: Rows<'_>,
    skip: impl Fn(Mac) -> bool,
    mut take: impl FnMut(Device),
) -> Result<(), StoreError> {
    while let Some(row) = rows.next()? {
        if !column::to_mac(row.get(0)?).is_some_and(&skip) {
            let record = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            take(column::to_record("device", record)?);
        }
    }
    Ok(())
}

/// How many there are.
pub(super) fn count(connection: &Connection) -> Result<u64, StoreError> {
    let count = connection.query_row("SELECT count(*) FROM device", (), |row| row.get(0))?;
    Ok(column::to_number(count))
}

/// The strangers, with the time when each was last seen.
pub(super) fn strangers(connection: &Connection) -> Result<Vec<(Time, Mac)>, StoreError> {
    let mut statement = connection.prepare("SELECT last_seen, mac FROM device WHERE known = 0")?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut strangers = Vec::new();
    for row in rows {
        let (seen, mac) = row?;
        strangers.extend(column::to_mac(mac).map(|mac| (column::to_time(seen), mac)));
    }
    Ok(strangers)
}

/// When a device was last seen, if it is a stranger on record.
pub(super) fn stranger_last_seen(connection: &Connection, mac: Mac) -> Result<Option<Time>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT last_seen FROM device WHERE mac = ?1 AND known = 0")?;
    let seen = statement.query_row([column::mac(mac)], |row| row.get(0)).optional()?;
    Ok(seen.map(column::to_time))
}

/// When any device was last seen.
pub(super) fn newest(connection: &Connection) -> Result<Time, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT max(coalesce((SELECT max(last_seen) FROM device WHERE known = 0), 0),
                    coalesce((SELECT max(last_seen) FROM device WHERE known = 1), 0))",
    )?;
    Ok(column::to_time(statement.query_row((), |row| row.get(0))?))
}

/// Notes what devices run, except those that `skip` names.
pub(super) fn note_running(
    connection: &Connection,
    running: &mut Running,
    skip: impl Fn(Mac) -> bool,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("SELECT mac, record FROM device")?;
    each(statement.query(())?, skip, |device| running.note(&device))
}
