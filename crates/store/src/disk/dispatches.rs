//! Webhooks, and notices on their way to them: the delivery log. It outlives the process, so that what was not taken yet is tried
//! again.

use otary_fleet::Time;
use otary_fleet::notice::{Dispatch, Webhook};
use rusqlite::{Connection, TransactionBehavior, params};

use super::Shared;
use super::catalogue::{execute, records, records_with};
use super::column;
use crate::sync::lock;
use crate::{MAX_DISPATCHES, StoreError};

impl Shared {
    pub(super) fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        records(&lock(&self.listings), "webhook", "SELECT record FROM webhook ORDER BY name")
    }

    pub(super) fn put_webhook(&self, webhook: &Webhook) -> Result<(), StoreError> {
        let sql = "INSERT INTO webhook (name, record) VALUES (?1, ?2)
                   ON CONFLICT (name) DO UPDATE SET record = excluded.record";
        execute(&lock(&self.connection), sql, params![webhook.name, column::record("webhook", webhook)?])
    }

    pub(super) fn delete_webhook(&self, name: &str) -> Result<bool, StoreError> {
        let mut connection = lock(&self.connection);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let was_there = transaction.execute("DELETE FROM webhook WHERE name = ?1", [name])? > 0;
        execute(&transaction, "DELETE FROM dispatch WHERE receiver = ?1", [name])?;
        transaction.commit()?;
        Ok(was_there)
    }

    pub(super) fn add_dispatches(&self, dispatches: &[Dispatch]) -> Result<(), StoreError> {
        let mut connection = lock(&self.connection);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for dispatch in dispatches {
            insert(&transaction, dispatch)?;
        }
        Ok(transaction.commit()?)
    }

    pub(super) fn put_dispatch(&self, dispatch: &Dispatch) -> Result<(), StoreError> {
        let sql = "UPDATE dispatch SET due = ?2, record = ?3 WHERE id = ?1";
        let due = dispatch.due().map(column::time);
        let record = column::record("dispatch", dispatch)?;
        execute(&lock(&self.connection), sql, params![dispatch.id, due, record])
    }

    pub(super) fn dispatches(&self, to: &str, limit: usize) -> Result<Vec<Dispatch>, StoreError> {
        let sql = "SELECT record FROM dispatch WHERE receiver = ?1 ORDER BY number DESC LIMIT ?2";
        records_with(&lock(&self.listings), "dispatch", sql, params![to, column::number(limit)])
    }

    pub(super) fn due_dispatches(&self, now: Time, limit: usize) -> Result<Vec<Dispatch>, StoreError> {
        let sql = "SELECT record FROM dispatch WHERE due <= ?1 ORDER BY number LIMIT ?2";
        let params = params![column::time(now), column::number(limit)];
        records_with(&lock(&self.listings), "dispatch", sql, params)
    }
}

/// Adds one; what was kept longest of its receiver goes.
fn insert(connection: &Connection, dispatch: &Dispatch) -> Result<(), StoreError> {
    let sql = "INSERT INTO dispatch (id, receiver, due, record) VALUES (?1, ?2, ?3, ?4)";
    let (due, record) = (dispatch.due().map(column::time), column::record("dispatch", dispatch)?);
    execute(connection, sql, params![dispatch.id, dispatch.to, due, record])?;
    let sql = "DELETE FROM dispatch WHERE number IN
               (SELECT number FROM dispatch WHERE receiver = ?1 ORDER BY number DESC LIMIT -1 OFFSET ?2)";
    execute(connection, sql, params![dispatch.to, column::number(MAX_DISPATCHES)])
}
