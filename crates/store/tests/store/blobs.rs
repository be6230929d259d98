//! Bytes under the name of their digest.

use std::io::{ErrorKind, Write};

use otary_fleet::{Artifact, Sha256};
use otary_store::{Store, StoreError};

use crate::sample::{at, publish, release_id, upload};

pub fn a_blob_is_named_by_its_digest(store: &dyn Store) {
    let mut writer = store.begin_blob().unwrap();
    for piece in ["an image ", "", "in pieces"] {
        writer.write_all(piece.as_bytes()).unwrap();
    }
    let id = writer.commit().unwrap();
    assert_eq!(id, Sha256::of(b"an image in pieces"));
    assert_eq!(store.blob(&id).unwrap(), b"an image in pieces".as_slice());
    assert!(matches!(store.blob(&Sha256::of(b"another")), Err(StoreError::NoBlob(_))));
}

pub fn a_blob_that_is_not_committed_leaves_nothing(store: &dyn Store) {
    let mut writer = store.begin_blob().unwrap();
    writer.write_all(b"half").unwrap();
    drop(writer);
    assert!(matches!(store.blob(&Sha256::of(b"half")), Err(StoreError::NoBlob(_))));
}

pub fn the_same_blob_twice_is_one(store: &dyn Store) {
    let first = upload(store, b"twice");
    let read = store.blob(&first).unwrap();
    assert_eq!(upload(store, b"twice"), first);
    assert_eq!(store.blob(&first).unwrap(), read);
    store.discard_blob(&first).unwrap();
    assert!(matches!(store.blob(&first), Err(StoreError::NoBlob(_))));
    assert_eq!(read, b"twice".as_slice(), "who reads it goes on");
    store.discard_blob(&first).unwrap();
}

pub fn readers_share_one_copy(store: &dyn Store) {
    let id = upload(store, &vec![7; 100_000]);
    let reads = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| store.blob(&id).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    // Each of these held its bytes until all had been read.
    let held = store.blob(&id).unwrap();
    for read in reads {
        assert_eq!(read.as_ptr(), held.as_ptr());
    }
}

pub fn a_blob_of_a_release_is_not_discarded(store: &dyn Store) {
    let artifact = publish(store, "1", b"v1", at(5));
    assert!(matches!(store.discard_blob(&artifact.id), Err(StoreError::InUse(id)) if id == artifact.id));
    store.delete_release(&release_id("1")).unwrap();
    store.discard_blob(&artifact.id).unwrap();
    assert_eq!(store.blob(&artifact.id).unwrap(), b"v1".as_slice(), "an artifact on record is for prune");
}

pub fn a_blob_has_a_largest_size(store: &dyn Store) {
    let mut writer = store.begin_blob().unwrap();
    let largest = vec![0; Artifact::MAX_SIZE.try_into().unwrap()];
    writer.write_all(&largest).unwrap();
    assert_eq!(writer.write_all(&[0]).unwrap_err().kind(), ErrorKind::FileTooLarge);
    let id = writer.commit().unwrap();
    assert_eq!(store.blob(&id).unwrap().len(), largest.len());
}
