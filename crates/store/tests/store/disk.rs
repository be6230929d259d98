//! What the disk alone promises: that it outlasts the process, and notices what others did to the folder.

use std::fs;
use std::path::{Path, PathBuf};

use otary_fleet::{Build, Sha256, Snapshot};
use otary_store::{
    Disk, DiskOptions, Downloads, EventQuery, FLUSH_EVERY, Pruned, Retention, Store, StoreError,
};
use rusqlite::Connection;

use crate::sample::{
    MAX_STRANGERS, at, change, check_in, event, forever, lamp, later, mac, poll, publish, release_id, upload,
};

fn open(folder: &Path) -> Result<Disk, StoreError> {
    Disk::open(folder, DiskOptions { max_strangers: MAX_STRANGERS, ..DiskOptions::default() })
}

fn blob_file(folder: &Path, id: &Sha256) -> PathBuf {
    let name = id.to_string();
    let (head, tail) = name.split_at(2);
    folder.join("blobs").join(head).join(tail)
}

#[test]
fn everything_outlasts_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let artifact = publish(&store, "1", b"v1", at(5));
    store.put_setting("backup", "done").unwrap();
    poll(&store, mac(1), at(6));
    store.append(event(7, Some(mac(1)))).unwrap();
    store.count_download(&artifact.id, true);
    let expected = store.device(mac(1)).unwrap();
    drop(store);

    let store = open(folder.path()).unwrap();
    let catalogue = store.catalogue();
    assert_eq!(catalogue.only_product(), Some(&lamp()));
    assert_eq!(catalogue.release(&release_id("1")).unwrap().artifacts, [artifact.id]);
    assert_eq!(store.blob(&artifact.id).unwrap(), b"v1".as_slice());
    assert_eq!(store.setting("backup").unwrap().as_deref(), Some("done"));
    assert_eq!(store.device(mac(1)).unwrap(), expected);
    assert_eq!(store.count_devices().unwrap(), 1);
    assert_eq!(store.downloads(&artifact.id).unwrap(), Downloads { whole: 1, cut_off: 0 });
    let query = EventQuery { limit: 9, ..EventQuery::default() };
    assert_eq!(store.events(&query).unwrap(), [event(7, Some(mac(1)))]);
    store.append(event(7, None)).unwrap();
    assert_eq!(store.events(&query).unwrap().len(), 2, "numbers go on where they ended");
    assert_eq!(store.newest_time().unwrap(), at(7));
}

#[test]
fn the_cap_on_strangers_holds_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    for number in 0..100 {
        poll(&store, mac(number), at(number.into()));
    }
    drop(store);
    let store = open(folder.path()).unwrap();
    poll(&store, mac(0), at(500));
    poll(&store, mac(1000), at(501));
    assert!(store.count_devices().unwrap() <= 100);
    assert!(store.device(mac(0)).unwrap().is_some());
    assert!(store.device(mac(1)).unwrap().is_none());
}

#[test]
fn what_waits_is_written_without_being_asked() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    poll(&store, mac(1), at(1));
    let reader = Connection::open(folder.path().join("otary.db")).unwrap();
    let rows = || reader.query_row("SELECT count(*) FROM device", (), |row| row.get::<_, i64>(0)).unwrap();
    let written = (0..100).any(|_| {
        std::thread::sleep(FLUSH_EVERY / 10);
        rows() == 1
    });
    assert!(written);
}

#[test]
fn a_folder_is_worked_on_by_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    assert!(matches!(open(folder.path()), Err(StoreError::Locked(path)) if path == folder.path()));
    drop(store);
    open(folder.path()).unwrap();
}

#[test]
fn a_newer_schema_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let database = Connection::open(folder.path().join("otary.db")).unwrap();
    database.execute_batch("PRAGMA user_version = 99; DROP TABLE setting;").unwrap();
    let refused = open(folder.path());
    assert!(matches!(refused, Err(StoreError::NewerSchema { found: 99, known: 2.. })));
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'setting'";
    assert_eq!(database.query_row(tables, (), |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn uploads_that_a_crash_cut_off_are_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let tmp = folder.path().join("tmp");
    fs::write(tmp.join("half"), b"half an image").unwrap();
    let _store = open(folder.path()).unwrap();
    assert_eq!(fs::read_dir(tmp).unwrap().count(), 0);
}

#[test]
fn a_damaged_file_is_refused_by_name_and_mended_by_the_same_push() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let artifact = publish(&store, "1", b"an image", at(1));
    let file = blob_file(folder.path(), &artifact.id);
    drop(store);

    fs::write(&file, b"an imagE").unwrap();
    let store = open(folder.path()).unwrap();
    let StoreError::Damaged { name, found } = store.blob(&artifact.id).unwrap_err() else {
        panic!("its digest is another")
    };
    assert_eq!((name, found), (artifact.id, Sha256::of(b"an imagE")));

    fs::write(&file, b"an ima").unwrap();
    let refused = store.blob(&artifact.id);
    assert!(matches!(refused, Err(StoreError::WrongSize { expected: 8, found: 6, .. })));

    fs::remove_file(&file).unwrap();
    assert!(matches!(store.blob(&artifact.id), Err(StoreError::NoBlob(_))));

    upload(&store, b"an image");
    assert_eq!(store.blob(&artifact.id).unwrap(), b"an image".as_slice());
}

#[test]
fn a_build_that_waits_to_be_written_holds_its_artifact() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let old = publish(&store, "1", b"v1", at(1));
    publish(&store, "2", b"v2", at(2));
    let runs = |bytes: &[u8]| {
        let build = Build { md5: Some(otary_fleet::Md5::of(bytes)), sha256: None };
        change(&store, mac(1), at(3), |device| device.last = Some(Snapshot::of(&check_in(mac(1), build))));
    };
    runs(b"v2");
    store.flush().unwrap();
    runs(b"v1");
    let retention = Retention { max_artifact_bytes: 0, unreferenced: std::time::Duration::ZERO, ..forever() };
    assert_eq!(store.prune(&retention, later()).unwrap(), Pruned::default());
    runs(b"v2");
    assert_eq!(store.prune(&retention, later()).unwrap().artifacts, [old.id], "the row says otherwise still");
}

#[test]
fn files_that_are_not_otarys_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let artifact = publish(&store, "1", b"v1", at(1));
    let beside = blob_file(folder.path(), &artifact.id).with_file_name("notes.txt");
    let above = folder.path().join("blobs").join("README");
    fs::write(&beside, b"mine").unwrap();
    fs::write(&above, b"mine").unwrap();
    let retention = Retention { unreferenced: std::time::Duration::ZERO, ..forever() };
    assert_eq!(store.prune(&retention, later()).unwrap(), Pruned::default());
    assert!(beside.exists() && above.exists());
}
