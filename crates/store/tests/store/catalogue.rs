//! What the operator changes.

use std::sync::Arc;

use otary_fleet::{
    Artifact, Campaign, CampaignId, Chip, Group, Kind, Membership, Sha256, SignedManifest, State, Stop,
};
use otary_store::{Store, StoreError};

use crate::sample::{artifact, at, campaign, lamp, mac, publish, release, release_id, upload};

pub fn a_product_is_added_and_replaced(store: &dyn Store) {
    store.put_product(&lamp()).unwrap();
    assert_eq!(store.catalogue().product(&lamp().name), Some(&lamp()));
    let mut changed = lamp();
    changed.chips.insert(Chip::Esp32C3);
    changed.allow_raw = true;
    store.put_product(&changed).unwrap();
    assert_eq!(store.catalogue().only_product(), Some(&changed));
}

pub fn a_release_comes_with_its_artifacts(store: &dyn Store) {
    store.put_product(&lamp()).unwrap();
    let artifacts = [artifact(b"for the ESP32", Chip::Esp32), artifact(b"for the C3", Chip::Esp32C3)];
    upload(store, b"for the ESP32");
    upload(store, b"for the C3");
    let release = release("0.3", &artifacts, at(5));
    store.publish(&release, &artifacts).unwrap();
    let catalogue = store.catalogue();
    assert_eq!(catalogue.release(&release.id), Some(&release));
    for artifact in &artifacts {
        assert_eq!(catalogue.artifact(&artifact.id), Some(artifact));
    }
    let target = catalogue.target(&lamp().name, None, Some(Chip::Esp32C3), Kind::App).unwrap();
    assert_eq!(store.blob(&target.artifact.id).unwrap(), b"for the C3".as_slice());
}

pub fn a_release_needs_its_product(store: &dyn Store) {
    upload(store, b"v1");
    let artifacts = [artifact(b"v1", Chip::Esp32)];
    let refused = store.publish(&release("1", &artifacts, at(5)), &artifacts);
    assert!(matches!(refused, Err(StoreError::NoProduct(name)) if name == lamp().name));
    assert_eq!(store.catalogue().artifacts().count(), 0);
}

pub fn a_version_is_published_once(store: &dyn Store) {
    publish(store, "1", b"v1", at(5));
    upload(store, b"other bytes");
    let artifacts = [artifact(b"other bytes", Chip::Esp32)];
    let refused = store.publish(&release("1", &artifacts, at(6)), &artifacts);
    assert!(matches!(refused, Err(StoreError::ReleaseExists(id)) if id == release_id("1")));
    let catalogue = store.catalogue();
    assert_eq!(catalogue.release(&release_id("1")).unwrap().published, at(5));
    assert_eq!(catalogue.artifact(&Sha256::of(b"other bytes")), None);
}

pub fn a_release_without_a_blob_is_refused_whole(store: &dyn Store) {
    store.put_product(&lamp()).unwrap();
    upload(store, b"there");
    let artifacts = [artifact(b"there", Chip::Esp32), artifact(b"not there", Chip::Esp32C3)];
    let missing = |refused| match refused {
        Err(StoreError::NoBlob(id)) => id == Sha256::of(b"not there"),
        _ => false,
    };
    assert!(missing(store.publish(&release("1", &artifacts, at(5)), &artifacts)));
    let (described, _) = artifacts.split_at(1);
    assert!(missing(store.publish(&release("1", &artifacts, at(5)), described)), "one has no record");
    let catalogue = store.catalogue();
    assert_eq!((catalogue.all_releases().count(), catalogue.artifacts().count()), (0, 0));
}

pub fn a_release_of_a_blob_of_another_size_is_refused_whole(store: &dyn Store) {
    store.put_product(&lamp()).unwrap();
    upload(store, b"12345");
    let mut wrong = artifact(b"12345", Chip::Esp32);
    wrong.size = 6;
    let refused = store.publish(&release("1", std::slice::from_ref(&wrong), at(5)), &[wrong]);
    assert!(matches!(refused, Err(StoreError::WrongSize { expected: 6, found: 5, .. })));
    assert_eq!(store.catalogue().all_releases().count(), 0);
}

fn manifest(artifact: &Artifact, number: u32) -> SignedManifest {
    SignedManifest { artifact: artifact.id, number, bytes: b"signed".as_slice().try_into().unwrap() }
}

pub fn a_release_keeps_what_was_signed_of_it(store: &dyn Store) {
    store.put_product(&lamp()).unwrap();
    let artifact = artifact(b"v1", Chip::Esp32);
    upload(store, b"v1");
    let mut signed = release("1", std::slice::from_ref(&artifact), at(5));
    signed.manifests = vec![manifest(&artifact, 1)];
    store.publish(&signed, std::slice::from_ref(&artifact)).unwrap();
    assert_eq!(store.catalogue().release(&signed.id), Some(&signed));
    signed.manifests = vec![manifest(&artifact, 2)];
    store.put_release(&signed).unwrap();
    let catalogue = store.catalogue();
    let kept = catalogue.release(&signed.id).and_then(|release| release.manifest_of(&artifact.id));
    assert_eq!(kept.map(|manifest| manifest.number), Some(2));
}

pub fn a_manifest_of_nothing_in_the_release_is_refused(store: &dyn Store) {
    let [held, other] = [b"v1", b"v2"].map(|bytes| artifact(bytes, Chip::Esp32));
    publish(store, "1", b"v1", at(5));
    let mut signed = store.catalogue().release(&release_id("1")).unwrap().clone();
    for manifests in [vec![manifest(&other, 1)], vec![manifest(&held, 1), manifest(&held, 2)]] {
        signed.manifests = manifests;
        let refused = store.put_release(&signed);
        assert!(matches!(refused, Err(StoreError::StrayManifest { release, .. }) if release == signed.id));
    }
    assert!(store.catalogue().release(&signed.id).unwrap().manifests.is_empty());
}

pub fn of_two_releases_of_one_moment_the_later_is_newer(store: &dyn Store) {
    publish(store, "b", b"first", at(5));
    publish(store, "a", b"second", at(5));
    store.put_product(&lamp()).unwrap();
    let catalogue = store.catalogue();
    let target = catalogue.target(&lamp().name, None, Some(Chip::Esp32), Kind::App).unwrap();
    assert_eq!(target.release.id, release_id("a"));
}

pub fn a_release_is_replaced_by_one_of_its_name(store: &dyn Store) {
    publish(store, "1", b"v1", at(5));
    publish(store, "2", b"v2", at(6));
    let mut withdrawn = store.catalogue().release(&release_id("2")).unwrap().clone();
    withdrawn.withdrawn = Some(at(7));
    withdrawn.pinned = true;
    store.put_release(&withdrawn).unwrap();
    let catalogue = store.catalogue();
    assert_eq!(catalogue.release(&withdrawn.id), Some(&withdrawn));
    let target = catalogue.target(&lamp().name, None, Some(Chip::Esp32), Kind::App).unwrap();
    assert_eq!(target.release.id, release_id("1"));
    withdrawn.id.version = "3".into();
    assert!(matches!(store.put_release(&withdrawn), Err(StoreError::NoRelease(id)) if id == release_id("3")));
    assert_eq!(store.catalogue().all_releases().count(), 2);
}

pub fn a_deleted_release_leaves_its_artifact(store: &dyn Store) {
    let artifact = publish(store, "1", b"v1", at(5));
    store.delete_release(&release_id("1")).unwrap();
    let catalogue = store.catalogue();
    assert_eq!(catalogue.release(&release_id("1")), None);
    assert_eq!(catalogue.artifact(&artifact.id), Some(&artifact));
    assert_eq!(store.blob(&artifact.id).unwrap(), b"v1".as_slice());
    assert!(matches!(store.delete_release(&release_id("1")), Err(StoreError::NoRelease(_))));
}

pub fn an_artifact_keeps_the_facts_that_a_release_rests_on(store: &dyn Store) {
    let first = publish(store, "1", b"v1", at(5));
    let mut raw = artifact(b"v1", Chip::Esp32);
    raw.kind = Kind::Raw;
    store.publish(&release("2", &[], at(6)), std::slice::from_ref(&raw)).unwrap();
    assert_eq!(store.catalogue().artifact(&first.id), Some(&first));
    store.delete_release(&release_id("1")).unwrap();
    store.publish(&release("3", std::slice::from_ref(&raw), at(7)), std::slice::from_ref(&raw)).unwrap();
    assert_eq!(store.catalogue().artifact(&first.id), Some(&raw));
}

pub fn the_catalogue_is_the_same_until_it_changes(store: &dyn Store) {
    publish(store, "1", b"v1", at(5));
    let before = store.catalogue();
    assert!(Arc::ptr_eq(&before, &store.catalogue()));
    publish(store, "2", b"v2", at(6));
    assert_eq!(before.all_releases().count(), 1);
    assert_eq!(store.catalogue().all_releases().count(), 2);
}

pub fn settings_are_kept_by_key(store: &dyn Store) {
    assert_eq!(store.setting("backup").unwrap(), None);
    store.put_setting("backup", "never").unwrap();
    store.put_setting("backup", "1780000000").unwrap();
    store.put_setting("other", "").unwrap();
    assert_eq!(store.setting("backup").unwrap().as_deref(), Some("1780000000"));
    assert_eq!(store.setting("other").unwrap().as_deref(), Some(""));
}

pub fn a_campaign_is_added_and_moves_on(store: &dyn Store) {
    let refused = store.put_campaign(&campaign(1, "1"));
    assert!(matches!(refused, Err(StoreError::NoProduct(_))));
    publish(store, "1", b"v1", at(5));
    let refused = store.put_campaign(&campaign(1, "2"));
    assert!(matches!(refused, Err(StoreError::NoRelease(id)) if id == release_id("2")));
    let mut moving = campaign(1, "1");
    store.put_campaign(&moving).unwrap();
    assert_eq!(store.catalogue().campaign(CampaignId(1)), Some(&moving));
    let stop = Stop { at: at(8), offered: 8, installed: 5, failed: 1, silent: 2, devices: vec![mac(1)] };
    for state in [
        State::AwaitsApproval,
        State::Paused { paused_by: "ann".into(), paused_at: at(7) },
        State::Stopped(stop),
        State::Aborted { aborted_at: at(9), aborted_by: "ann".into() },
        State::Finished { finished_at: at(9) },
    ] {
        (moving.state, moving.wave) = (state, moving.wave + 1);
        store.put_campaign(&moving).unwrap();
        assert_eq!(store.catalogue().all_campaigns().collect::<Vec<_>>(), [&moving]);
    }
}

pub fn two_campaigns_under_way_are_not_for_the_same_devices(store: &dyn Store) {
    publish(store, "1", b"v1", at(5));
    let mut first = campaign(1, "1");
    store.put_campaign(&first).unwrap();
    let second = campaign(2, "1");
    let refused = store.put_campaign(&second);
    assert!(matches!(refused, Err(StoreError::TargetTaken { by: CampaignId(1) })));
    let kitchen = Campaign { group: Some("kitchen".parse().unwrap()), ..second.clone() };
    store.put_campaign(&kitchen).unwrap();
    first.state = State::Finished { finished_at: at(9) };
    store.put_campaign(&first).unwrap();
    store.put_campaign(&Campaign { id: CampaignId(3), ..second }).unwrap();
}

pub fn one_campaign_takes_the_place_of_another(store: &dyn Store) {
    publish(store, "1", b"v1", at(5));
    let (first, second) = (campaign(1, "1"), campaign(2, "1"));
    store.put_campaign(&first).unwrap();
    let refused = store.put_campaigns(&[second.clone(), Campaign { id: CampaignId(3), ..second.clone() }]);
    assert!(matches!(refused, Err(StoreError::TargetTaken { .. })));
    assert_eq!(store.catalogue().all_campaigns().collect::<Vec<_>>(), [&first], "all or none");
    let aborted = State::Aborted { aborted_at: at(9), aborted_by: "ann".into() };
    let first = Campaign { state: aborted, ..first };
    store.put_campaigns(&[second.clone(), first.clone()]).unwrap();
    assert_eq!(store.catalogue().all_campaigns().collect::<Vec<_>>(), [&second, &first]);
}

pub fn a_release_comes_with_its_campaign_or_not_at_all(store: &dyn Store) {
    publish(store, "1", b"v1", at(5));
    store.put_campaign(&campaign(1, "1")).unwrap();
    upload(store, b"v2");
    let artifact = artifact(b"v2", Chip::Esp32);
    let release = release("2", std::slice::from_ref(&artifact), at(6));
    let by =
        |campaigns: &[Campaign]| store.publish_with(&release, std::slice::from_ref(&artifact), campaigns);
    let refused = by(&[campaign(2, "2")]);
    assert!(matches!(refused, Err(StoreError::TargetTaken { by: CampaignId(1) })));
    assert_eq!(store.catalogue().release(&release_id("2")), None);
    let aborted = State::Aborted { aborted_at: at(9), aborted_by: "ann".into() };
    let new = Campaign { rolls_back: None, ..campaign(2, "2") };
    by(&[Campaign { state: aborted, ..campaign(1, "1") }, new]).unwrap();
    let catalogue = store.catalogue();
    assert!(catalogue.is_kept_back(&release_id("2")), "nobody is offered it by the channel");
    assert!(catalogue.campaign(CampaignId(2)).is_some_and(Campaign::is_under_way));
}

pub fn a_release_under_a_campaign_is_not_deleted(store: &dyn Store) {
    publish(store, "1", b"v1", at(5));
    let mut campaign = campaign(1, "1");
    store.put_campaign(&campaign).unwrap();
    let refused = store.delete_release(&release_id("1"));
    assert!(matches!(refused, Err(StoreError::Brought { by: CampaignId(1), .. })));
    campaign.state = State::Aborted { aborted_at: at(9), aborted_by: "ann".into() };
    store.put_campaign(&campaign).unwrap();
    store.delete_release(&release_id("1")).unwrap();
    store.put_campaign(&campaign).unwrap();
}

pub fn groups_are_kept_by_name(store: &dyn Store) {
    let group = |by| Group { name: "old".parse().unwrap(), product: Some(lamp().name), by };
    let by_query = group(Membership::Query("build < 0.9 and seen < 7d".parse().unwrap()));
    store.put_group(&by_query).unwrap();
    assert_eq!(store.catalogue().group(&by_query.name), Some(&by_query));
    let by_hand = group(Membership::Hand([mac(1), mac(2)].into()));
    store.put_group(&by_hand).unwrap();
    assert_eq!(store.catalogue().groups().collect::<Vec<_>>(), [&by_hand]);
    assert!(store.delete_group(&by_hand.name).unwrap());
    assert!(!store.delete_group(&by_hand.name).unwrap());
    assert_eq!(store.catalogue().groups().count(), 0);
}
