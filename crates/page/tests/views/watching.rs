//! What a person looks at to see how things are, and what leads from there to what is to be done.

use axum::body::Body;
use http::Method;

use otary_fleet::{Campaign, CampaignId, Mac, State, Stop};
use otary_store::Store;

use crate::house::{Answer, House, NOW};

#[tokio::test]
async fn what_a_person_has_to_do_is_done_on_the_page_and_not_told_as_a_command() {
    let house = House::with_releases().await;
    let paused = house.send("/campaigns/1/pause", &[]).await;
    assert_eq!(paused.location, "/campaigns/1?done=paused", "{}", paused.text);
    let campaign = house.get("/campaigns/1").await;
    assert!(campaign.text.contains("a person resumes it, or ends it."), "{}", campaign.text);
    assert!(
        campaign.text.contains("href=\"#campaign-can\"") && campaign.text.contains("id=\"campaign-can\"")
    );
    for view in ["/", "/campaigns", "/campaigns/1"] {
        let answer = house.get(view).await;
        assert!(!answer.text.contains("otary campaign"), "{view}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_release_after_which_devices_fell_silent_is_told_with_the_devices_and_what_to_do() {
    let house = House::with_releases().await;
    let campaign = house.store.catalogue().campaign(CampaignId(1)).unwrap().clone();
    let devices: Vec<Mac> =
        (1..=5).map(|number| format!("02:00:00:00:00:0{number}").parse().unwrap()).collect();
    let stop = Stop { at: NOW, offered: 8, installed: 3, failed: 0, silent: 5, devices };
    house.store.put_campaign(&Campaign { state: State::Stopped(stop), ..campaign }).unwrap();
    let told = house.get("/campaigns/1").await.text;
    assert!(
        told.contains("It went to 8 devices: 3 run it, 5 fell silent. The others are offered nothing."),
        "{told}"
    );
    assert!(told.contains("href=\"/devices/02:00:00:00:00:05\""), "{told}");
    assert!(!told.contains("refused it") && told.contains("Nothing known sets them apart"), "{told}");
    assert!(told.contains("<a href=\"/releases/lamp/1.1\">withdraw it</a>"), "{told}");
    house.send("/devices/02:00:00:00:00:05/assign", &[("product", "lamp")]).await;
    let now = house.get("/").await.text;
    assert!(now.contains("Campaign 1 of lamp 1.1 was stopped: the evidence is against the release"), "{now}");
}

#[tokio::test]
async fn a_device_of_a_product_is_no_stranger_though_nobody_updated_it_yet() {
    let house = House::with_releases().await;
    let assigned = house.send("/devices/24:6F:28:AA:BB:CC/assign", &[("product", "lamp")]).await;
    assert!(assigned.location.starts_with("/devices/"), "{}", assigned.text);
    let device = house.get("/devices/24:6F:28:AA:BB:CC").await;
    assert!(device.text.contains("<a href=\"/start?product=lamp\">Start here</a>: "), "{}", device.text);
    assert!(device.text.contains("On the command line: <code>otary sketch"), "{}", device.text);
    let now = house.get("/").await;
    assert!(now.text.contains("<b>0</b><span>of no known product</span>"), "{}", now.text);
    let found = house.get("/devices?where=product%20is%20unknown").await;
    assert!(found.text.contains("No device is like that."), "{}", found.text);
}

#[tokio::test]
async fn the_log_of_a_device_begins_with_what_was_last_and_goes_on_to_what_was_first() {
    let house = House::with_releases().await;
    let assign = "/api/v1/devices/24:6F:28:AA:BB:CC/assign";
    for _ in 0..130 {
        let said = Body::from(r#"{"product":"lamp"}"#);
        house.ask(Method::POST, assign, "application/json", said).await;
    }
    let numbers = |answer: &Answer| -> Vec<u64> {
        let cells = answer.text.split("class=\"num quiet\">").skip(1);
        cells.map(|cell| cell.split('<').next().unwrap().parse().unwrap()).collect()
    };
    let newest = house.get("/audit?device=24:6F:28:AA:BB:CC").await;
    assert!(newest.text.contains("rel=\"next\""), "{}", newest.text);
    let mut seen = numbers(&newest);
    assert_eq!(seen.len(), 100);
    let older = format!("/audit?device=24:6F:28:AA:BB:CC&before={}", seen[99]);
    seen.extend(numbers(&house.get(&older).await));
    assert_eq!(seen.len(), 130);
    assert!(seen.is_sorted_by(|one, next| *one == next + 1), "{seen:?}");
}
