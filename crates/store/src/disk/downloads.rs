//! Download counters: in memory as they are, in the artifact's row as of the last batch.

use std::collections::HashMap;
use std::sync::Mutex;

use otary_fleet::{Artifact, Sha256};
use rusqlite::{Connection, params};

use super::column;
use crate::sync::lock;
use crate::{Downloads, StoreError};

#[derive(Debug, Default)]
pub(super) struct Counters {
    counters: Mutex<HashMap<Sha256, Counter>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    now: Downloads,
    written: Downloads,
}

impl Counters {
    pub(super) fn open(connection: &Connection) -> Result<Self, StoreError> {
        let mut statement = connection.prepare("SELECT id, whole, cut_off FROM artifact")?;
        let mut rows = statement.query(())?;
        let mut counters = HashMap::new();
        while let Some(row) = rows.next()? {
            let [whole, cut_off] = [row.get(1)?, row.get(2)?].map(column::to_number);
            let written = Downloads { whole, cut_off };
            counters.insert(Sha256(row.get(0)?), Counter { now: written, written });
        }
        Ok(Self { counters: Mutex::new(counters) })
    }

    /// Has a counter for each of these artifacts.
    pub(super) fn add(&self, artifacts: &[Artifact]) {
        let mut counters = lock(&self.counters);
        for artifact in artifacts {
            counters.entry(artifact.id).or_default();
        }
    }

    pub(super) fn remove(&self, artifact: &Sha256) {
        lock(&self.counters).remove(artifact);
    }

    pub(super) fn count(&self, artifact: &Sha256, whole: bool) {
        if let Some(counter) = lock(&self.counters).get_mut(artifact) {
            counter.now.count(whole);
        }
    }

    pub(super) fn get(&self, artifact: &Sha256) -> Downloads {
        lock(&self.counters).get(artifact).map(|counter| counter.now).unwrap_or_default()
    }

    /// What waits to be written.
    pub(super) fn changes(&self) -> Vec<(Sha256, Downloads)> {
        let counters = lock(&self.counters);
        let changed = counters.iter().filter(|(_, counter)| counter.now != counter.written);
        changed.map(|(artifact, counter)| (*artifact, counter.now)).collect()
    }

    /// The changes are in the table.
    pub(super) fn written(&self, changes: &[(Sha256, Downloads)]) {
        let mut counters = lock(&self.counters);
        for (artifact, downloads) in changes {
            if let Some(counter) = counters.get_mut(artifact) {
                counter.written = *downloads;
            }
        }
    }
}

/// Writes an artifact's counters.
pub(super) fn write(
    connection: &Connection,
    artifact: &Sha256,
    downloads: Downloads,
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("UPDATE artifact SET whole = ?2, cut_off = ?3 WHERE id = ?1")?;
    let Downloads { whole, cut_off } = downloads;
    statement.execute(params![artifact.0, column::number(whole), column::number(cut_off)])?;
    Ok(())
}
