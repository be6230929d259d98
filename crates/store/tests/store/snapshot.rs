//! Snapshots: taken while the store is worked on, each is a store of its own that keeps the contract.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use otary_fleet::Sha256;
use otary_store::{Disk, DiskOptions, Finding, Snapshot, Store, StoreError};
use rusqlite::Connection;

use crate::sample::{at, event, mac, poll, publish};

/// Makes a folder of a snapshot of the store in `from`, with the blobs that belong to it.
pub(super) fn copy(from: &Path, to: &Path) -> Snapshot {
    let snapshot = Disk::snapshot(from, to.join("otary.db")).unwrap();
    for (id, size) in &snapshot.artifacts {
        let file = Disk::blob_file(to, id);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        assert_eq!(std::fs::copy(Disk::blob_file(from, id), file).unwrap(), *size);
    }
    snapshot
}

#[test]
fn a_snapshot_under_load_is_whole_at_every_moment() {
    let folder = tempfile::tempdir().unwrap();
    let store = Disk::open(folder.path(), DiskOptions::default()).unwrap();
    let over = AtomicBool::new(false);
    let snapshots = thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..u32::MAX {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                publish(&store, &number.to_string(), format!("v{number}").as_bytes(), at(number.into()));
                poll(&store, mac(number), at(number.into()));
                store.append(event(number.into(), Some(mac(number)))).unwrap();
            }
        });
        let mut snapshots = Vec::new();
        while snapshots.len() < 20 {
            let copied = tempfile::tempdir().unwrap();
            let snapshot = copy(folder.path(), copied.path());
            snapshots.push((copied, snapshot));
        }
        over.store(true, Ordering::Relaxed);
        snapshots
    });
    let grown = snapshots.last().unwrap().1.artifacts.len();
    assert!(grown > snapshots.first().unwrap().1.artifacts.len(), "nothing happened meanwhile");
    for (copied, snapshot) in &snapshots {
        let store = Disk::open(copied.path(), DiskOptions::default()).unwrap();
        let verified = store.verify_audit(Some(snapshot.head.into())).unwrap();
        assert_eq!(verified.finding, Finding::Confirmed { newer: 0 });
        let catalogue = store.catalogue();
        assert_eq!(catalogue.all_releases().count(), snapshot.artifacts.len());
        for (id, _) in &snapshot.artifacts {
            assert_eq!(Sha256::of(&store.blob(id).unwrap()), *id);
        }
    }
}

#[test]
fn a_snapshot_overwrites_nothing_and_keeps_nothing_that_was_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let store = Disk::open(folder.path(), DiskOptions::default()).unwrap();
    poll(&store, mac(0x00C0_FFEE), at(1));
    store.put_setting("secret", "mellon").unwrap();
    store.put_setting("secret", "").unwrap();
    store.flush().unwrap();
    let into = folder.path().join("copy.db");
    let snapshot = Disk::snapshot(folder.path(), &into).unwrap();
    assert_eq!((snapshot.schema, snapshot.head), (Disk::schema(), store.audit_head().unwrap()));
    let bytes = std::fs::read(&into).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"mellon"), "deleted and still there");
    assert!(matches!(Disk::snapshot(folder.path(), &into), Err(StoreError::Database(_))));
    assert_eq!(std::fs::read(&into).unwrap(), bytes);
}

#[test]
fn a_database_of_a_newer_schema_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    drop(Disk::open(folder.path(), DiskOptions::default()).unwrap());
    let newer = Disk::schema() + 1;
    let database = Connection::open(folder.path().join("otary.db")).unwrap();
    database.pragma_update(None, "user_version", newer).unwrap();
    let refused = Disk::snapshot(folder.path(), folder.path().join("copy.db"));
    assert!(matches!(refused, Err(StoreError::NewerSchema { found, .. }) if found == newer), "{refused:?}");
    assert!(!folder.path().join("copy.db").exists());
}
