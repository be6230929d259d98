//! Who may do what: tokens, accounts, sessions. Each change is on disk before the call returns.

use otary_fleet::{Account, Session, Sha256, Time, Token};
use rusqlite::{OptionalExtension, params};

use super::catalogue::{execute, records};
use super::{Shared, column};
use crate::StoreError;
use crate::sync::lock;

impl Shared {
    pub(super) fn put_token(&self, token: &Token) -> Result<(), StoreError> {
        let sql = "INSERT INTO token (name, record) VALUES (?1, ?2)
                   ON CONFLICT (name) DO UPDATE SET record = excluded.record";
        execute(&lock(&self.connection), sql, params![token.name, column::record("token", token)?])
    }

    pub(super) fn delete_token(&self, name: &str) -> Result<bool, StoreError> {
        let connection = lock(&self.connection);
        Ok(connection.prepare_cached("DELETE FROM token WHERE name = ?1")?.execute([name])? > 0)
    }

    pub(super) fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        records(&lock(&self.listings), "token", "SELECT record FROM token ORDER BY name")
    }

    pub(super) fn put_account(&self, account: &Account) -> Result<(), StoreError> {
        let sql = "INSERT INTO account (name, record) VALUES (?1, ?2)
                   ON CONFLICT (name) DO UPDATE SET record = excluded.record";
        execute(&lock(&self.connection), sql, params![account.name, column::record("account", account)?])
    }

    /// Deletes an account, and with it its sessions.
    pub(super) fn delete_account(&self, name: &str) -> Result<bool, StoreError> {
        let connection = lock(&self.connection);
        Ok(connection.prepare_cached("DELETE FROM account WHERE name = ?1")?.execute([name])? > 0)
    }

    pub(super) fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        records(&lock(&self.listings), "account", "SELECT record FROM account ORDER BY name")
    }

    pub(super) fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        let connection = lock(&self.connection);
        let found = "SELECT 1 FROM account WHERE name = ?1";
        if !connection.prepare_cached(found)?.exists([&session.account])? {
            return Err(StoreError::NoAccount(session.account.clone()));
        }
        let sql = "INSERT INTO session (hash, account, record) VALUES (?1, ?2, ?3)
                   ON CONFLICT (hash) DO UPDATE SET record = excluded.record";
        let record = column::record("session", session)?;
        execute(&connection, sql, params![session.hash.0, session.account, record])
    }

    pub(super) fn delete_session(&self, hash: &Sha256) -> Result<bool, StoreError> {
        let connection = lock(&self.connection);
        Ok(connection.prepare_cached("DELETE FROM session WHERE hash = ?1")?.execute([hash.0])? > 0)
    }

    pub(super) fn session(&self, hash: &Sha256) -> Result<Option<Session>, StoreError> {
        let connection = lock(&self.listings);
        let mut statement = connection.prepare_cached("SELECT record FROM session WHERE hash = ?1")?;
        let record: Option<String> = statement.query_row([hash.0], |row| row.get(0)).optional()?;
        record.map(|record| column::to_record("session", &record)).transpose()
    }

    pub(super) fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        records(&lock(&self.listings), "session", "SELECT record FROM session ORDER BY account, hash")
    }

    /// Lets go of the sessions that have ended.
    pub(super) fn prune_sessions(&self, now: Time) -> Result<(), StoreError> {
        let ended = self.sessions()?.into_iter().filter(|session| session.has_ended(now));
        for session in ended {
            self.delete_session(&session.hash)?;
        }
        Ok(())
    }
}
