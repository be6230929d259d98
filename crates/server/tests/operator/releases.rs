//! Releases after they were published: withdraw, restore, pin, delete, and what `gc` may take.

use std::time::Duration;

use axum::body::Body;
use http::{Method, StatusCode};
use otary_fleet::{Campaign, CampaignId, Chip, Gate, Kind, Pace, Plan, Rules, State};
use otary_server::operator::{Collected, ReleasePage, ReleaseView};

use crate::desk::{Answer, Caller, DAY, Desk, MAC, board, firmware};

async fn delete(desk: &Desk, release: &str) -> Answer {
    desk.request(Caller::Here, Method::DELETE, &format!("/releases/{release}"), Body::empty()).await
}

async fn post(desk: &Desk, path: &str) -> Answer {
    desk.request(Caller::Here, Method::POST, path, Body::empty()).await
}

#[tokio::test]
async fn a_withdrawn_release_is_offered_no_longer_and_still_known() {
    let desk = Desk::new();
    let (v1, v2) = (firmware(Chip::Esp32, "lamp 0.1"), firmware(Chip::Esp32, "lamp 0.2"));
    desk.publish("lamp", "0.1", &v1).await;
    desk.publish("lamp", "0.2", &v2).await;
    desk.poll(&board(MAC, &v2, "0.2"));

    let withdrawn: ReleaseView = post(&desk, "/releases/lamp/0.2/withdraw").await.read();
    assert!(withdrawn.release.withdrawn.is_some());
    assert_eq!(withdrawn.running, 1);
    let other = desk.poll(&board("24:6F:28:AA:BB:CD", &v1, "0.1"));
    assert_eq!(other.offered(), None, "0.1 is what is published now");
    assert_eq!(
        desk.poll(&board(MAC, &v2, "0.2")).reason.to_string(),
        "runs 0.2, which is newer than the published 0.1"
    );

    post(&desk, "/releases/lamp/0.2/restore").await.read::<ReleaseView>();
    let again = desk.poll(&board("24:6F:28:AA:BB:CD", &v1, "0.1"));
    assert_eq!(again.release.unwrap().version, "0.2");
    assert!(again.artifact.is_some());
}

#[tokio::test]
async fn what_is_pinned_or_run_is_not_deleted() {
    let desk = Desk::new();
    let (v1, v2) = (firmware(Chip::Esp32, "lamp 0.1"), firmware(Chip::Esp32, "lamp 0.2"));
    desk.publish("lamp", "0.1", &v1).await;
    desk.publish("lamp", "0.2", &v2).await;
    desk.poll(&board(MAC, &v1, "0.1"));
    post(&desk, "/releases/lamp/0.2/pin").await.read::<ReleaseView>();

    assert_eq!(
        delete(&desk, "lamp/0.1").await.refused("release-running"),
        "lamp 0.1 is what 1 device was seen to run"
    );
    let pinned = delete(&desk, "lamp/0.2").await;
    assert_eq!(pinned.refused("release-pinned"), "lamp 0.2 is pinned");
    assert_eq!(pinned.problem().help.as_deref(), Some("otary release unpin lamp 0.2"));

    post(&desk, "/releases/lamp/0.2/unpin").await.read::<ReleaseView>();
    assert_eq!(delete(&desk, "lamp/0.2").await.status, StatusCode::NO_CONTENT);
    delete(&desk, "lamp/0.2").await.refused("no-release");
}

#[tokio::test]
async fn gc_takes_what_was_deleted_and_leaves_the_rest() {
    let desk = Desk::new();
    let (v1, v2) = (firmware(Chip::Esp32, "lamp 0.1"), firmware(Chip::Esp32, "lamp 0.2"));
    let first = desk.publish("lamp", "0.1", &v1).await.artifacts[0].id;
    let second = desk.publish("lamp", "0.2", &v2).await.artifacts[0].id;
    delete(&desk, "lamp/0.1").await.done();
    desk.clock.advance(400 * DAY);
    let collected: Collected = post(&desk, "/gc").await.read();
    assert_eq!((collected.artifacts.as_slice(), collected.bytes), ([first].as_slice(), v1.len() as u64));
    assert!(desk.store.blob(&first).is_err() && desk.store.blob(&second).is_ok());
}

#[tokio::test]
async fn a_deleted_release_can_be_pushed_again() {
    let desk = Desk::new();
    let v1 = firmware(Chip::Esp32, "lamp 0.1");
    desk.publish("lamp", "0.1", &v1).await;
    delete(&desk, "lamp/0.1").await.done();
    assert_eq!(desk.push("lamp", "0.1", &[("lamp.bin", v1)]).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_list_tells_files_downloads_and_devices() {
    let desk = Desk::new();
    let v1 = firmware(Chip::Esp32, "lamp 0.1");
    let artifact = desk.publish("lamp", "0.1", &v1).await.artifacts[0].id;
    desk.store.count_download(&artifact, true);
    desk.store.count_download(&artifact, false);
    desk.clock.advance(Duration::from_mins(1));
    desk.poll(&board(MAC, &v1, "0.1"));
    let listed: ReleasePage = desk.get("/releases?product=lamp").await;
    let [release] = listed.releases.as_slice() else { panic!("{listed:?}") };
    assert_eq!(release.running, 1);
    assert_eq!((release.files[0].downloads, release.files[0].cut_off), (1, 1));
    assert_eq!(release.files[0].artifact.file_name, "firmware.bin");
    assert_eq!(desk.get::<ReleasePage>("/releases?product=cam").await, ReleasePage::default());
}

#[tokio::test]
async fn versions_with_odd_characters_have_their_place() {
    let desk = Desk::new();
    desk.publish("lamp", "1/2 ä?", &firmware(Chip::Esp32, "lamp")).await;
    let shown: ReleaseView = desk.get("/releases/lamp/1%2F2%20%C3%A4%3F").await;
    assert_eq!(shown.release.id.version, "1/2 ä?");
}

#[tokio::test]
async fn what_a_campaign_brings_is_not_deleted_and_the_campaign_is_named() {
    let desk = Desk::new();
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "lamp 0.1")).await;
    let release = desk.store.catalogue().all_releases().next().unwrap().id.clone();
    let campaign = Campaign {
        id: CampaignId(7),
        product: release.product.clone(),
        kind: Kind::App,
        release,
        channel: "stable".parse().unwrap(),
        group: None,
        waves: Plan::default().waves(7, []),
        gate: Gate::default(),
        window: None,
        pace: Pace::default(),
        rules: Rules::default(),
        rolls_back: None,
        state: State::Running,
        wave: 0,
        wave_since: desk.clock.now(),
        created: desk.clock.now(),
        by: "local".into(),
        seed: 7,
    };
    desk.store.put_campaign(&campaign).unwrap();
    let refused = delete(&desk, "lamp/0.1").await;
    assert_eq!(refused.refused("release-in-campaign"), "campaign 7 brings release lamp 0.1");
    assert_eq!(refused.problem().help.as_deref(), Some("otary campaign abort 7"));
}
