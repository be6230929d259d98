//! Connections to the database, and its schema: numbered migrations, each in a transaction of its own.
//!
//! `synchronous = FULL`: in WAL mode `NORMAL` syncs at checkpoints only, so that a power cut could take minutes with
//! it, operators' changes too. One sync for each of their changes and one for each batch is what the promise costs.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::audit;
use crate::StoreError;

/// A step of the schema: statements, and what SQL alone cannot do behind them.
type Migration = (&'static str, fn(&Connection) -> Result<(), StoreError>);

const MIGRATIONS: [Migration; 5] = [
    (include_str!("../../migrations/0001_records.sql"), |_| Ok(())),
    (include_str!("../../migrations/0002_campaigns.sql"), |_| Ok(())),
    (include_str!("../../migrations/0003_audit.sql"), audit::chain_what_was_there),
    (include_str!("../../migrations/0004_access.sql"), |_| Ok(())),
    (include_str!("../../migrations/0005_notices.sql"), |_| Ok(())),
];

/// How long a statement waits for somebody else's lock: an operator's own SQLite shell, say.
const PATIENCE: Duration = Duration::from_secs(5);

/// The one connection that writes. Brings the schema up to date.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = open(path)?;
    refuse_newer(version(&connection)?)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA journal_size_limit = 16777216;",
    )?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// A connection that reads beside the writer.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path)?;
    connection.execute_batch("PRAGMA query_only = ON;")?;
    Ok(connection)
}

/// A connection to a copy of a database, which is left as it is. It has the schema of this otary.
pub(super) fn open_copy(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let (found, known) = (version(&connection)?, known());
    match found {
        found if found < known => Err(StoreError::OlderSchema { found, known }),
        found => refuse_newer(found).map(|()| connection),
    }
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

pub(super) fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", (), |row| row.get(0))?)
}

pub(super) fn known() -> i64 {
    (1..).take(MIGRATIONS.len()).last().unwrap_or_default()
}

fn refuse_newer(found: i64) -> Result<(), StoreError> {
    let known = known();
    if found > known { Err(StoreError::NewerSchema { found, known }) } else { Ok(()) }
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found = version(connection)?;
    for (number, (sql, finish)) in (1i64..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        finish(&transaction)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}
