//! Attacks on the audit log by somebody who can write the database: each is found, and where.

use std::path::Path;

use otary_fleet::Sha256;
use otary_store::{Disk, DiskOptions, Finding, Head, NotedHead, Store, StoreError};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::sample::{at, event, mac};

/// A folder whose log has ten entries, and its head as it was noted then.
fn folder() -> (TempDir, Head) {
    let folder = tempfile::tempdir().unwrap();
    let store = Disk::open(folder.path(), DiskOptions::default()).unwrap();
    for second in 1..=10 {
        store.append(event(second, Some(mac(7)))).unwrap();
    }
    let head = store.audit_head().unwrap();
    drop(store);
    (folder, head)
}

fn tamper(folder: &Path, sql: &str) {
    Connection::open(folder.join("otary.db")).unwrap().execute_batch(sql).unwrap();
}

/// What a copy of the folder says, and what the folder itself says when it is opened; they agree.
#[track_caller]
fn finding(folder: &Path, noted: impl Into<Option<NotedHead>>) -> Finding {
    let noted = noted.into();
    let copy = Disk::verify_copy(folder, noted).unwrap();
    let store = Disk::open(folder, DiskOptions::default()).unwrap();
    assert_eq!(store.verify_audit(noted).unwrap(), copy);
    copy.finding
}

/// Somebody with all the rows makes all the digests anew.
fn chain_anew(folder: &Path, from: u32) {
    let database = Connection::open(folder.join("otary.db")).unwrap();
    let mut statement = database.prepare("SELECT id, salt || record, chain FROM event ORDER BY id").unwrap();
    let rows: Vec<(u32, String, [u8; 32])> = statement
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut head = Head::START;
    for (number, record, chain) in rows {
        if number < from {
            head = Head { number: number.into(), chain: Sha256(chain) };
            continue;
        }
        let leaf = Sha256::of(record.as_bytes());
        head = head.then(number.into(), &leaf);
        let sql = "UPDATE event SET leaf = ?2, chain = ?3 WHERE id = ?1";
        database.execute(sql, params![number, leaf.0, head.chain.0]).unwrap();
    }
    let sql = "UPDATE audit SET number = ?1, chain = ?2 WHERE mark = 'head'";
    database.execute(sql, params![i64::try_from(head.number).unwrap(), head.chain.0]).unwrap();
}

const LIE: &str = "UPDATE event SET record = replace(record, 'contested', 'contestet') WHERE id = 6";

#[test]
fn an_untouched_log_is_confirmed() {
    let (folder, head) = folder();
    assert_eq!(finding(folder.path(), Some(head.into())), Finding::Confirmed { newer: 0 });
    assert_eq!(finding(folder.path(), None), Finding::Consistent);
}

#[test]
fn a_row_that_was_rewritten_is_named() {
    let (folder, head) = folder();
    tamper(folder.path(), LIE);
    assert_eq!(finding(folder.path(), Some(head.into())), Finding::Altered { number: 6 });
    assert_eq!(finding(folder.path(), None), Finding::Altered { number: 6 }, "without a head too");
}

#[test]
fn a_column_that_says_otherwise_than_the_record_is_named() {
    for sql in ["device = 1", "device = NULL", "product = 'cam'", "at = 0"] {
        let (folder, _) = folder();
        tamper(folder.path(), &format!("UPDATE event SET {sql} WHERE id = 4"));
        assert_eq!(finding(folder.path(), None), Finding::Altered { number: 4 }, "{sql}");
    }
}

#[test]
fn a_row_with_a_new_leaf_breaks_the_chain() {
    let (folder, head) = folder();
    tamper(folder.path(), &format!("{LIE}; UPDATE event SET leaf = zeroblob(32) WHERE id = 6"));
    assert_eq!(finding(folder.path(), Some(head.into())), Finding::Broken { number: 6, before: 5 });
}

#[test]
fn digests_that_are_none_break_the_chain() {
    for column in ["leaf", "chain"] {
        let (folder, _) = folder();
        tamper(folder.path(), &format!("UPDATE event SET {column} = x'00' WHERE id = 6"));
        assert_eq!(finding(folder.path(), None), Finding::Broken { number: 6, before: 5 });
    }
}

#[test]
fn a_row_taken_out_of_the_middle_is_missed() {
    let (folder, head) = folder();
    tamper(folder.path(), "DELETE FROM event WHERE id BETWEEN 4 AND 6");
    assert_eq!(finding(folder.path(), Some(head.into())), Finding::Broken { number: 7, before: 3 });
    let said = finding(folder.path(), None).to_string();
    assert!(said.contains("removed"), "{said}");
}

#[test]
fn two_rows_that_changed_places_are_noticed() {
    let (folder, _) = folder();
    tamper(
        folder.path(),
        "UPDATE event SET id = -1 WHERE id = 4; UPDATE event SET id = 4 WHERE id = 5; UPDATE event SET id = 5 WHERE id = -1",
    );
    assert_eq!(finding(folder.path(), None), Finding::Broken { number: 4, before: 3 });
}

#[test]
fn rows_taken_off_the_beginning_are_missed() {
    let (folder, _) = folder();
    tamper(folder.path(), "DELETE FROM event WHERE id < 4");
    assert_eq!(finding(folder.path(), None), Finding::Broken { number: 4, before: 0 });
}

#[test]
fn a_tail_that_was_cut_off_is_missed() {
    let (folder, head) = folder();
    tamper(folder.path(), "DELETE FROM event WHERE id > 7");
    assert_eq!(finding(folder.path(), Some(head.into())), Finding::CutOff { last: 7, head: 10 });
    assert_eq!(
        finding(folder.path(), None),
        Finding::CutOff { last: 7, head: 10 },
        "the store knows its own head"
    );
}

#[test]
fn a_tail_that_was_cut_off_with_the_stores_head_is_missed_by_the_head_that_was_noted() {
    let (folder, head) = folder();
    tamper(folder.path(), "DELETE FROM event WHERE id > 7");
    chain_anew(folder.path(), u32::MAX);
    assert_eq!(finding(folder.path(), None), Finding::Consistent, "nothing else can tell");
    assert_eq!(finding(folder.path(), Some(head.into())), Finding::CutOff { last: 7, head: 10 });
}

#[test]
fn a_tail_that_was_cut_off_leaves_a_gap_where_the_log_goes_on() {
    let (folder, _) = folder();
    tamper(folder.path(), "DELETE FROM event WHERE id > 7");
    let store = Disk::open(folder.path(), DiskOptions::default()).unwrap();
    store.append(event(11, None)).unwrap();
    store.flush().unwrap();
    drop(store);
    assert_eq!(finding(folder.path(), None), Finding::Broken { number: 11, before: 7 });
}

#[test]
fn a_log_whose_digests_were_all_made_anew_is_told_by_the_head_that_was_noted() {
    let (folder, head) = folder();
    let lie =
        r#"UPDATE event SET record = replace(record, '"lamp"', '"door"'), product = 'door' WHERE id = 6"#;
    tamper(folder.path(), lie);
    chain_anew(folder.path(), 6);
    assert_eq!(finding(folder.path(), None), Finding::Consistent, "nothing else can tell");
    assert_eq!(finding(folder.path(), Some(head.into())), Finding::Rewritten { number: 10 });
    let without_number = NotedHead { number: None, ..head.into() };
    assert_eq!(finding(folder.path(), Some(without_number)), Finding::NotFound);
}

#[test]
fn a_forged_checkpoint_hides_nothing_from_a_head_that_was_noted() {
    let (folder, head) = folder();
    let forge = "UPDATE audit SET number = 5, chain = (SELECT chain FROM event WHERE id = 5) WHERE mark = 'checkpoint';
                 DELETE FROM event WHERE id <= 5";
    tamper(folder.path(), forge);
    // As pruning does: what is left holds, and the report says where it begins.
    let found = Disk::verify_copy(folder.path(), Some(head.into())).unwrap();
    assert_eq!((found.finding, found.checkpoint.number), (Finding::Confirmed { newer: 0 }, 5));
    tamper(folder.path(), "UPDATE audit SET chain = zeroblob(32) WHERE mark = 'checkpoint'");
    assert_eq!(finding(folder.path(), None), Finding::Broken { number: 6, before: 5 });
}

#[test]
fn a_database_from_before_the_log_is_chained_once_and_then_holds() {
    let folder = tempfile::tempdir().unwrap();
    let database = Connection::open(folder.path().join("otary.db")).unwrap();
    database.execute_batch(include_str!("../../migrations/0001_records.sql")).unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    for number in 1..=3_u32 {
        let record = serde_json::to_string(&event(number.into(), Some(mac(1)))).unwrap();
        let device = i64::from_be_bytes([0, 0, 0x24, 0x6F, 0, 0, 0, 1]);
        let sql = "INSERT INTO event (id, at, device, product, record) VALUES (?1, ?2, ?3, 'lamp', ?4)";
        let millis = i64::try_from(at(number.into()).0).unwrap();
        database.execute(sql, params![number * 2, millis, device, record]).unwrap();
    }
    drop(database);
    assert!(matches!(Disk::verify_copy(folder.path(), None), Err(StoreError::OlderSchema { found: 1, .. })));
    let store = Disk::open(folder.path(), DiskOptions::default()).unwrap();
    let found = store.verify_audit(None).unwrap();
    assert_eq!((found.finding, found.entries, found.head.number), (Finding::Consistent, 3, 6));
    let query = otary_store::EventQuery { limit: 9, ..otary_store::EventQuery::default() };
    assert_eq!(store.events(&query).unwrap(), [3, 2, 1].map(|second| event(second, Some(mac(1)))));
}
