//! Pruning: records first, files after them, so that a crash in between leaves a file without a record and never a
//! record without its file. Files without a record are looked for first: a full disk takes no transaction before
//! something is gone.

use otary_fleet::{Catalogue, Sha256, Time};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Shared, audit, catalogue, column, device_table};
use crate::retention::{self, Plan, Running};
use crate::sync::lock;
use crate::{Pruned, Retention, StoreError};

/// So many events go in one transaction.
const EVENTS_AT_ONCE: i64 = 10_000;

impl Shared {
    pub(super) fn prune(&self, retention: &Retention, now: Time) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        self.prune_orphans(now - retention.unreferenced, &mut pruned)?;
        self.prune_catalogue(retention, now, &mut pruned)?;
        self.prune_sessions(now)?;
        pruned.events = self.prune_events(retention, now)?;
        Ok(pruned)
    }

    /// Files that no artifact on record stands for.
    fn prune_orphans(&self, before: Time, pruned: &mut Pruned) -> Result<(), StoreError> {
        let names = self.blobs.names()?;
        let _no_publish = lock(&self.connection);
        let catalogue = self.catalogue.get();
        for id in names.iter().filter(|id| catalogue.artifact(id).is_none()) {
            self.remove_blob(id, before, pruned)?;
        }
        Ok(())
    }

    fn remove_blob(&self, id: &Sha256, before: Time, pruned: &mut Pruned) -> Result<(), StoreError> {
        if let Some(size) = self.blobs.remove(id, Some(before))? {
            pruned.artifacts.push(*id);
            pruned.bytes += size;
        }
        Ok(())
    }

    fn prune_catalogue(
        &self,
        retention: &Retention,
        now: Time,
        pruned: &mut Pruned,
    ) -> Result<(), StoreError> {
        let mut connection = lock(&self.connection);
        let catalogue = self.catalogue.get();
        let running = self.running()?;
        let placed = |id: &Sha256| self.blobs.facts(id).map(|(_, at)| at).unwrap_or_default();
        let plan = retention::plan(&catalogue, &running, retention, now, placed);
        if plan == Plan::default() {
            return Ok(());
        }
        self.change_with(&mut connection, |transaction| delete(transaction, &plan))?;
        pruned.releases = plan.releases;
        for id in &plan.artifacts {
            self.downloads.remove(id);
            // Not one that a push has put in place again since the plan was made.
            self.remove_blob(id, now - retention.unreferenced, pruned)?;
        }
        Ok(())
    }

    /// What devices run, written or not.
    fn running(&self) -> Result<Running, StoreError> {
        let unwritten = self.devices.unwritten(None);
        let mut running = Running::default();
        unwritten.values().flatten().for_each(|device| running.note(device));
        device_table::note_running(&lock(&self.listings), &mut running, |mac| unwritten.contains_key(&mac))?;
        Ok(running)
    }

    /// The log is shortened from its beginning, and every time a checkpoint is left. What is older than the rest, but not
    /// at the beginning (the clock was wrong once), loses its text and keeps its leaf.
    fn prune_events(&self, retention: &Retention, now: Time) -> Result<u64, StoreError> {
        self.flush()?;
        let before = column::time(now - retention.events);
        let first_kept = self.number("SELECT coalesce(min(id), ?2) FROM event WHERE at >= ?1", before)?;
        let mut gone = self.cut_events(first_kept)?;
        let surplus = self.number("SELECT count(*) FROM event WHERE id < ?2 AND ?1", 1)?;
        let surplus = column::to_number(surplus).saturating_sub(retention.max_events);
        if surplus > 0 {
            let nth = "SELECT coalesce((SELECT id FROM event ORDER BY id LIMIT 1 OFFSET ?1), ?2)";
            gone += self.cut_events(self.number(nth, column::number(surplus))?)?;
        }
        let blank = "UPDATE event SET device = NULL, product = NULL, salt = NULL, record = NULL
                     WHERE at < ?1 AND record IS NOT NULL";
        let forgotten = lock(&self.connection).prepare_cached(blank)?.execute([before])?;
        Ok(gone + u64::try_from(forgotten).unwrap_or_default())
    }

    /// A number out of the table, by one parameter and the largest that there may be.
    fn number(&self, sql: &str, parameter: i64) -> Result<i64, StoreError> {
        let listings = lock(&self.listings);
        Ok(listings.query_row(sql, params![parameter, i64::MAX], |row| row.get(0))?)
    }

    /// Deletes the entries before `first_kept`, so many at once. Returns how many still had their text.
    fn cut_events(&self, first_kept: i64) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let mut connection = lock(&self.connection);
            let transaction = connection.transaction()?;
            let last =
                "SELECT id, chain FROM (SELECT id, chain FROM event WHERE id < ?1 ORDER BY id LIMIT ?2)
                        ORDER BY id DESC LIMIT 1";
            let last = transaction
                .prepare_cached(last)?
                .query_row(params![first_kept, EVENTS_AT_ONCE], |row| audit::head_of(row, 0))
                .optional()?;
            let Some(last) = last else { return Ok(gone) };
            let number = column::number(last.number);
            let texts = "SELECT count(record) FROM event WHERE id <= ?1";
            let texts = transaction.prepare_cached(texts)?.query_row([number], |row| row.get(0))?;
            transaction.prepare_cached("DELETE FROM event WHERE id <= ?1")?.execute([number])?;
            audit::set_mark(&transaction, audit::Mark::Checkpoint, last)?;
            transaction.commit()?;
            gone += column::to_number(texts);
        }
    }
}

fn delete(connection: &Connection, plan: &Plan) -> Result<(), StoreError> {
    plan.releases.iter().try_for_each(|id| catalogue::delete_release(connection, id))?;
    let mut statement = connection.prepare_cached("DELETE FROM artifact WHERE id = ?1")?;
    for id in &plan.artifacts {
        statement.execute([id.0])?;
    }
    Ok(())
}

/// Warns of artifacts on record whose files are missing or have another size: somebody else was in the folder.
pub(super) fn check_sizes(shared: &Shared, catalogue: &Catalogue) {
    for artifact in catalogue.artifacts() {
        match shared.blobs.facts(&artifact.id) {
            Ok((size, _)) if size == artifact.size => {}
            Ok((found, _)) => {
                tracing::warn!(artifact = %artifact.id, expected = artifact.size, found, "an artifact's file has the wrong size");
            }
            Err(error) => {
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::warn!(artifact = %artifact.id, error, "an artifact's file cannot be found");
            }
        }
    }
}
