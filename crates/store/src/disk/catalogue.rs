//! What the operator changes: each change is a transaction, and the catalogue of it is swapped in whole.

use std::sync::{Arc, PoisonError, RwLock};

use otary_fleet::{Artifact, Campaign, Catalogue, Group, GroupName, Product, Release, ReleaseId};
use rusqlite::{Connection, OptionalExtension, Params, Transaction, TransactionBehavior, params};
use serde::de::DeserializeOwned;

use super::Shared;
use super::column;
use crate::StoreError;
use crate::campaign::{check_campaigns, check_deletion};
use crate::publish::{check_new, check_replacing};
use crate::sync::lock;

/// The catalogue of the last change.
#[derive(Debug)]
pub(super) struct Current(RwLock<Arc<Catalogue>>);

impl Current {
    pub(super) fn open(connection: &Connection) -> Result<Self, StoreError> {
        Ok(Self(RwLock::new(Arc::new(load(connection)?))))
    }

    pub(super) fn get(&self) -> Arc<Catalogue> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, catalogue: Catalogue) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogue);
    }
}

impl Shared {
    /// Makes one change. `check` sees the catalogue that the change will meet.
    fn change(
        &self,
        check: impl FnOnce(&Catalogue) -> Result<(), StoreError>,
        change: impl FnOnce(&Transaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut connection = lock(&self.connection);
        check(&self.catalogue.get())?;
        self.change_with(&mut connection, change)
    }

    /// Makes one change for a caller who holds the connection. What cannot be loaded is not committed.
    pub(super) fn change_with(
        &self,
        connection: &mut Connection,
        change: impl FnOnce(&Transaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        change(&transaction)?;
        let catalogue = load(&transaction)?;
        transaction.commit()?;
        self.catalogue.set(catalogue);
        Ok(())
    }

    pub(super) fn put_product(&self, product: &Product) -> Result<(), StoreError> {
        let record = column::record("product", product)?;
        self.change(
            |_| Ok(()),
            |transaction| {
                let sql = "INSERT INTO product (name, record) VALUES (?1, ?2)
                           ON CONFLICT (name) DO UPDATE SET record = excluded.record";
                execute(transaction, sql, params![product.name.as_str(), record])
            },
        )
    }

    pub(super) fn publish(
        &self,
        release: &Release,
        artifacts: &[Artifact],
        campaigns: &[Campaign],
    ) -> Result<(), StoreError> {
        let size = |id: &_| self.blobs.facts(id).map(|(size, _)| size);
        self.change(
            |catalogue| {
                check_new(catalogue, release, artifacts, size)?;
                check_campaigns(catalogue, campaigns, Some(&release.id))
            },
            |transaction| {
                artifacts.iter().try_for_each(|artifact| insert_artifact(transaction, artifact))?;
                insert_release(transaction, release)?;
                campaigns.iter().try_for_each(|campaign| put_campaign(transaction, campaign))
            },
        )?;
        self.downloads.add(artifacts);
        Ok(())
    }

    pub(super) fn put_release(&self, release: &Release) -> Result<(), StoreError> {
        self.change(
            |catalogue| check_replacing(catalogue, release),
            |transaction| update_release(transaction, release),
        )
    }

    pub(super) fn delete_release(&self, id: &ReleaseId) -> Result<(), StoreError> {
        self.change(|catalogue| check_deletion(catalogue, id), |transaction| delete_release(transaction, id))
    }

    pub(super) fn put_campaigns(&self, campaigns: &[Campaign]) -> Result<(), StoreError> {
        self.change(
            |catalogue| check_campaigns(catalogue, campaigns, None),
            |transaction| campaigns.iter().try_for_each(|campaign| put_campaign(transaction, campaign)),
        )
    }

    pub(super) fn put_group(&self, group: &Group) -> Result<(), StoreError> {
        let record = column::record("device_group", group)?;
        self.change(
            |_| Ok(()),
            |transaction| {
                let sql = "INSERT INTO device_group (name, record) VALUES (?1, ?2)
                           ON CONFLICT (name) DO UPDATE SET record = excluded.record";
                execute(transaction, sql, params![group.name.as_str(), record])
            },
        )
    }

    pub(super) fn delete_group(&self, name: &GroupName) -> Result<bool, StoreError> {
        let was_there = self.catalogue.get().group(name).is_some();
        let sql = "DELETE FROM device_group WHERE name = ?1";
        self.change(|_| Ok(()), |transaction| execute(transaction, sql, [name.as_str()]))?;
        Ok(was_there)
    }

    pub(super) fn put_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO setting (key, value) VALUES (?1, ?2)
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        execute(&lock(&self.connection), sql, params![key, value])
    }

    pub(super) fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let connection = lock(&self.listings);
        let mut statement = connection.prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }
}

fn load(connection: &Connection) -> Result<Catalogue, StoreError> {
    let products: Vec<Product> = records(connection, "product", "SELECT record FROM product")?;
    let releases: Vec<Release> =
        records(connection, "release", "SELECT record FROM release ORDER BY published, number")?;
    let artifacts: Vec<Artifact> = records(connection, "artifact", "SELECT record FROM artifact")?;
    let campaigns: Vec<Campaign> = records(connection, "campaign", "SELECT record FROM campaign")?;
    let groups: Vec<Group> = records(connection, "device_group", "SELECT record FROM device_group")?;
    Ok(Catalogue::new(products, releases, artifacts).with_campaigns(campaigns, groups))
}

/// Every record that a statement finds.
pub(super) fn records<T: DeserializeOwned>(
    connection: &Connection,
    table: &'static str,
    sql: &str,
) -> Result<Vec<T>, StoreError> {
    records_with(connection, table, sql, ())
}

/// The records that a statement with these parameters finds, as its first column.
pub(super) fn records_with<T: DeserializeOwned>(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    params: impl Params,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let record = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        records.push(column::to_record(table, record)?);
    }
    Ok(records)
}

/// Carries out a statement.
pub(super) fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute(params)?;
    Ok(())
}

/// An artifact on record takes the new facts, unless a release rests on those that it has.
fn insert_artifact(connection: &Connection, artifact: &Artifact) -> Result<(), StoreError> {
    let sql = "INSERT INTO artifact (id, record) VALUES (?1, ?2)
               ON CONFLICT (id) DO UPDATE SET record = excluded.record
               WHERE NOT EXISTS (SELECT 1 FROM release_artifact WHERE artifact = excluded.id)";
    execute(connection, sql, params![artifact.id.0, column::record("artifact", artifact)?])
}

fn insert_release(connection: &Connection, release: &Release) -> Result<(), StoreError> {
    let sql = "INSERT INTO release (product, version, published, record) VALUES (?1, ?2, ?3, ?4)";
    let (product, version) = (release.id.product.as_str(), release.id.version.as_str());
    let record = column::record("release", release)?;
    execute(connection, sql, params![product, version, column::time(release.published), record])?;
    hold_artifacts(connection, connection.last_insert_rowid(), release)
}

fn update_release(connection: &Connection, release: &Release) -> Result<(), StoreError> {
    let sql = "UPDATE release SET published = ?3, record = ?4 WHERE product = ?1 AND version = ?2
               RETURNING number";
    let (product, version) = (release.id.product.as_str(), release.id.version.as_str());
    let row = params![product, version, column::time(release.published), column::record("release", release)?];
    let number = connection.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
    execute(connection, "DELETE FROM release_artifact WHERE release = ?1", [number])?;
    hold_artifacts(connection, number, release)
}

fn put_campaign(connection: &Connection, campaign: &Campaign) -> Result<(), StoreError> {
    let sql = "INSERT INTO campaign (number, product, record) VALUES (?1, ?2, ?3)
               ON CONFLICT (number) DO UPDATE SET record = excluded.record";
    let record = column::record("campaign", campaign)?;
    execute(connection, sql, params![campaign.id.0, campaign.product.as_str(), record])
}

fn hold_artifacts(connection: &Connection, number: i64, release: &Release) -> Result<(), StoreError> {
    let sql = "INSERT OR IGNORE INTO release_artifact (release, artifact) VALUES (?1, ?2)";
    release.artifacts.iter().try_for_each(|artifact| execute(connection, sql, params![number, artifact.0]))
}

/// Deletes a release, and with it its hold on its artifacts.
pub(super) fn delete_release(connection: &Connection, id: &ReleaseId) -> Result<(), StoreError> {
    let sql = "DELETE FROM release WHERE product = ?1 AND version = ?2";
    execute(connection, sql, params![id.product.as_str(), id.version.as_str()])
}
