//! Pruning: records first, files after them, so that a crash in between leaves a file without a record and never a
//! record without its file. Files without a record are looked for first: a full disk takes no transaction before
//! something is gone.

use otary_fleet::{Catalogue, Sha256, Time};
use rusqlite::{Connection, params};

use super::{Shared, catalogue, column, device_table};
use crate::retention::{self, Plan, Running};
use crate::sync::lock;
use crate::{Pruned, Retention, StoreError};

/// So many events go in one transaction.
const EVENTS_AT_ONCE: u64 = 10_000;

impl Shared {
    pub(super) fn prune(&self, retention: &Retention, now: Time) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        self.prune_orphans(now - retention.unreferenced, &mut pruned)?;
        self.prune_catalogue(retention, now, &mut pruned)?;
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

    fn prune_events(&self, retention: &Retention, now: Time) -> Result<u64, StoreError> {
        self.flush()?;
        let old = "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < ?1 ORDER BY at LIMIT ?2)";
        let before = column::time(now - retention.events);
        let mut gone = 0;
        loop {
            let deleted = self.delete_events(old, before, EVENTS_AT_ONCE)?;
            gone += deleted;
            if deleted < EVENTS_AT_ONCE {
                break;
            }
        }
        let oldest = "DELETE FROM event WHERE id IN
                      (SELECT id FROM event WHERE at <= ?1 ORDER BY at, id LIMIT ?2)";
        let mut surplus = self.count_events()?.saturating_sub(retention.max_events);
        while surplus > 0 {
            let deleted = self.delete_events(oldest, i64::MAX, surplus.min(EVENTS_AT_ONCE))?;
            if deleted == 0 {
                break;
            }
            gone += deleted;
            surplus -= deleted;
        }
        Ok(gone)
    }

    fn delete_events(&self, sql: &str, before: i64, limit: u64) -> Result<u64, StoreError> {
        let connection = lock(&self.connection);
        let deleted = connection.prepare_cached(sql)?.execute(params![before, column::number(limit)])?;
        Ok(u64::try_from(deleted).unwrap_or_default())
    }

    fn count_events(&self) -> Result<u64, StoreError> {
        let count = lock(&self.listings).query_row("SELECT count(*) FROM event", (), |row| row.get(0))?;
        Ok(column::to_number(count))
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
