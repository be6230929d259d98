//! What is let go, and what never.

use std::time::Duration;

use otary_fleet::{
    Artifact, Build, CheckIn, Chip, Delivery, Device, Forced, Md5, Openings, Release, Sha256, Time, View,
    decide, delivered, observe,
};
use otary_store::{Admit, Downloads, EventQuery, Pruned, Retention, Store, StoreError};

use crate::sample::{
    at, campaign, change, check_in, event, forever, installed, later, mac, poll, publish, publish_for,
    release, release_id, run, upload,
};
use crate::waiting_and_written;

fn versions(store: &dyn Store) -> Vec<String> {
    store.catalogue().all_releases().map(|release| release.id.version.to_string()).collect()
}

fn is_there(store: &dyn Store, artifact: &Artifact) -> bool {
    let on_record = store.catalogue().artifact(&artifact.id).is_some();
    match store.blob(&artifact.id) {
        Ok(_) => assert!(on_record, "a blob without its record"),
        Err(StoreError::NoBlob(_)) => assert!(!on_record, "a record without its blob"),
        Err(error) => panic!("{error}"),
    }
    on_record
}

fn edit(store: &dyn Store, version: &str, edit: impl FnOnce(&mut Release)) {
    let mut release = store.catalogue().release(&release_id(version)).unwrap().clone();
    edit(&mut release);
    store.put_release(&release).unwrap();
}

pub fn events_go_by_age_and_by_number(store: &dyn Store) {
    for seconds in 1..=10 {
        store.append(event(seconds, None)).unwrap();
    }
    let left = || -> Vec<u64> {
        let query = EventQuery { limit: 99, ..EventQuery::default() };
        store.events(&query).unwrap().iter().map(|event| event.at.since(at(0)).as_secs()).collect()
    };
    let by_age = Retention { events: Duration::from_secs(10), ..forever() };
    assert_eq!(store.prune(&by_age, at(14)).unwrap().events, 3);
    assert_eq!(left(), [10, 9, 8, 7, 6, 5, 4]);
    let by_number = Retention { max_events: 2, ..forever() };
    assert_eq!(store.prune(&by_number, at(14)).unwrap().events, 5);
    assert_eq!(left(), [10, 9]);
}

pub fn a_withdrawn_release_goes_after_a_while(store: &dyn Store) {
    for (version, published) in [("1", at(1)), ("2", at(2)), ("3", at(3)), ("4", at(4))] {
        publish(store, version, version.as_bytes(), published);
        edit(store, version, |release| release.withdrawn = Some(at(10)));
    }
    edit(store, "2", |release| release.pinned = true);
    run(store, mac(1), &store.catalogue().artifact(&Sha256::of(b"3")).unwrap().clone());
    edit(store, "4", |release| release.withdrawn = Some(at(95)));
    let retention = Retention { withdrawn: Duration::from_mins(1), ..forever() };
    assert_eq!(store.prune(&retention, at(60)).unwrap(), Pruned::default(), "not yet");
    assert_eq!(store.prune(&retention, at(100)).unwrap().releases, [release_id("1")]);
    assert_eq!(versions(store), ["2", "3", "4"]);
}

pub fn superseded_releases_make_room_oldest_first(store: &dyn Store) {
    let bytes = |number: u8| vec![number; 1000];
    for number in 1..=4 {
        publish(store, &number.to_string(), &bytes(number), at(number.into()));
    }
    store.count_download(&Sha256::of(&bytes(1)), true);
    let retention = Retention { max_artifact_bytes: 2500, unreferenced: Duration::ZERO, ..forever() };
    let pruned = store.prune(&retention, later()).unwrap();
    assert_eq!(pruned.releases, ["1", "2"].map(release_id));
    assert_eq!((pruned.artifacts.len(), pruned.bytes), (2, 2000));
    assert_eq!(versions(store), ["3", "4"]);
    assert!(matches!(store.blob(&Sha256::of(&bytes(1))), Err(StoreError::NoBlob(_))));
    assert_eq!(store.downloads(&Sha256::of(&bytes(1))).unwrap(), Downloads::default());
    assert_eq!(store.blob(&Sha256::of(&bytes(3))).unwrap(), bytes(3));
}

pub fn what_is_offered_pinned_or_run_stays(store: &dyn Store) {
    let beta = |release: Release| Release { channel: "beta".parse().unwrap(), ..release };
    let mut artifacts = Vec::new();
    for version in ["pinned", "reported", "installed", "superseded", "newest"] {
        let published = at(10 + u64::try_from(artifacts.len()).unwrap());
        artifacts.push(publish(store, version, version.as_bytes(), published));
    }
    let [_, reported, updated, superseded, _] = artifacts.as_slice() else { panic!("five were published") };
    publish_for(store, Chip::Esp32, &beta(release("beta", &[sample(b"beta")], at(1))), b"beta");
    publish_for(store, Chip::Esp32S3, &release("for another chip", &[sample(b"S3")], at(2)), b"S3");
    edit(store, "pinned", |release| release.pinned = true);
    run(store, mac(1), reported);
    change(store, mac(2), at(9), |device| device.installed = Some(installed(updated, "installed")));
    poll(store, mac(3), at(9));
    let retention = Retention { max_artifact_bytes: 0, unreferenced: Duration::ZERO, ..forever() };
    let pruned = store.prune(&retention, later()).unwrap();
    assert_eq!(pruned.releases, [release_id("superseded")]);
    assert_eq!(pruned.artifacts, [superseded.id]);
    store.flush().unwrap();
    assert_eq!(store.prune(&retention, later()).unwrap(), Pruned::default(), "nor once devices are written");
    assert_eq!(store.catalogue().all_releases().count(), 6);
    for artifact in &artifacts {
        assert_eq!(is_there(store, artifact), artifact.id != superseded.id);
    }
}

pub fn what_campaigns_and_operators_mean_for_devices_stays(store: &dyn Store) {
    for (version, published) in
        [("old", 1), ("way", 2), ("1", 3), ("pin", 4), ("once", 5), ("2", 6), ("3", 7)]
    {
        publish(store, version, version.as_bytes(), at(published));
    }
    store.put_campaign(&campaign(1, "1")).unwrap();
    edit(store, "1", |release| release.via = Some("way".into()));
    change(store, mac(1), at(9), |device| device.pin = Some(release_id("pin")));
    let forced = |device: &mut Device| {
        let (release, network) = (release_id("once"), None);
        device.forced = Some(Forced { release, at: at(9), by: "ann".into(), network });
    };
    change(store, mac(2), at(9), forced);
    let retention = Retention { max_artifact_bytes: 0, unreferenced: Duration::ZERO, ..forever() };
    store.prune(&retention, later()).unwrap();
    assert_eq!(versions(store), ["way", "1", "pin", "once", "3"]);
}

/// A poll as the server handles it. Gives what it is offered.
fn ask(store: &dyn Store, check_in: &CheckIn, now: Time) -> Option<Sha256> {
    let catalogue = store.catalogue();
    let mut offered = None;
    let visit = &mut |device: Option<&mut Device>| {
        let device = device.unwrap();
        let decision = decide(
            check_in,
            View { catalogue: &catalogue, device: Some(device), openings: Openings::SHUT },
            now,
        );
        offered = decision.offered();
        observe(device, check_in, &decision, &catalogue, now)
    };
    store.with_device(mac(1), now, Admit::New, visit).unwrap();
    offered
}

fn reports(bytes: &[u8]) -> CheckIn {
    check_in(mac(1), Build { md5: Some(Md5::of(bytes)), sha256: None })
}

pub fn what_strangers_say_frees_nothing_that_a_device_runs(store: &dyn Store) {
    for (version, seconds) in [("1", 1), ("2", 2), ("3", 3)] {
        publish(store, version, version.as_bytes(), at(seconds));
    }
    ask(store, &reports(b"1"), at(10));
    for stranger in 0..20_u8 {
        let elsewhere = CheckIn { source: [10, 66, 0, stranger].into(), ..reports(&[stranger]) };
        ask(store, &elsewhere, at(11 + u64::from(stranger)));
    }
    let retention = Retention { max_artifact_bytes: 0, unreferenced: Duration::ZERO, ..forever() };
    waiting_and_written(store, |store| {
        store.prune(&retention, later()).unwrap();
        assert_eq!(versions(store), ["1", "3"]);
    });
}

pub fn what_a_device_took_and_has_not_started_yet_stays(store: &dyn Store) {
    let taken = publish(store, "1", b"1", at(1));
    let own = reports(b"its own");
    assert_eq!(ask(store, &own, at(2)), Some(taken.id));
    let delivery =
        Delivery { claimant: own.claimant(), artifact: taken.id, from: 0, asked: 1, bytes: 1, size: 1 };
    change(store, mac(1), at(3), |device| drop(delivered(device, delivery, at(3))));
    for (version, seconds) in [("2", 4), ("3", 5)] {
        publish(store, version, version.as_bytes(), at(seconds));
    }
    let retention = Retention { max_artifact_bytes: 0, unreferenced: Duration::ZERO, ..forever() };
    waiting_and_written(store, |store| {
        store.prune(&retention, later()).unwrap();
        assert_eq!(versions(store), ["1", "3"]);
    });
}

fn sample(bytes: &[u8]) -> Artifact {
    crate::sample::artifact(bytes, Chip::Esp32)
}

pub fn an_artifact_that_another_release_holds_stays(store: &dyn Store) {
    let shared = publish(store, "1", b"the same bytes", at(1));
    publish(store, "2", b"the same bytes", at(2));
    store.delete_release(&release_id("1")).unwrap();
    let retention = Retention { unreferenced: Duration::ZERO, ..forever() };
    assert_eq!(store.prune(&retention, later()).unwrap(), Pruned::default());
    assert!(is_there(store, &shared));
    store.delete_release(&release_id("2")).unwrap();
    assert_eq!(store.prune(&retention, later()).unwrap().artifacts, [shared.id]);
    assert!(!is_there(store, &shared));
}

pub fn a_blob_without_a_release_goes_after_a_while(store: &dyn Store) {
    let artifact = publish(store, "1", b"released once", at(1));
    store.delete_release(&release_id("1")).unwrap();
    let orphan = upload(store, b"never released");
    let keep = Retention { unreferenced: Duration::from_hours(24 * 365 * 2), ..forever() };
    assert_eq!(store.prune(&keep, later()).unwrap(), Pruned::default(), "a push may be under way");
    run(store, mac(1), &artifact);
    let retention = Retention { unreferenced: Duration::from_hours(24), ..forever() };
    let pruned = store.prune(&retention, later()).unwrap();
    assert_eq!((pruned.artifacts, pruned.bytes), (vec![orphan], 14));
    assert!(is_there(store, &artifact), "a device runs it");
    store.forget(mac(1)).unwrap();
    let pruned = store.prune(&retention, later()).unwrap();
    assert_eq!((pruned.artifacts, pruned.bytes), (vec![artifact.id], 13));
    assert!(!is_there(store, &artifact));
}

pub fn nothing_goes_without_need(store: &dyn Store) {
    publish(store, "1", b"v1", at(1));
    publish(store, "2", b"v2", at(2));
    upload(store, b"orphan");
    poll(store, mac(1), at(3));
    store.append(event(3, None)).unwrap();
    assert_eq!(store.prune(&forever(), later()).unwrap(), Pruned::default());
    assert_eq!(versions(store), ["1", "2"]);
}
