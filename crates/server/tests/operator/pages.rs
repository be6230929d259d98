//! Lists are walked page by page while others work: nothing comes twice, and nothing is missed that was there all the while.

use std::time::Duration;

use axum::body::Body;
use http::Method;
use otary_fleet::{Campaign, CampaignId, Chip, State};
use otary_server::operator::{Allowance, CampaignPage, LogPage, Publication, Published, ReleasePage, encode};
use serde_json::json;

use crate::desk::{Caller, Desk, MAC, firmware, publication};

async fn publish(desk: &Desk, product: &str, version: &str) {
    let publication = Publication {
        allow: [Allowance::Older, Allowance::NewProduct].into(),
        ..publication(product, version)
    };
    let image = firmware(Chip::Esp32, &format!("{product} {version}"));
    desk.push_as(publication, &[("firmware.bin", image)]).await.read::<Published>();
}

fn names(page: &ReleasePage) -> Vec<String> {
    page.releases.iter().map(|view| view.release.id.to_string()).collect()
}

#[tokio::test]
async fn releases_come_by_product_and_age_whatever_comes_and_goes_between_two_pages() {
    let desk = Desk::new();
    for (product, version) in
        [("lamp", "0.2"), ("lamp", "0.1"), ("lamp", "0.3/b"), ("cam", "1"), ("cam", "2")]
    {
        publish(&desk, product, version).await;
    }
    let first: ReleasePage = desk.get("/releases?limit=3").await;
    assert_eq!(names(&first), ["cam 1", "cam 2", "lamp 0.2"]);
    // The one that the page ended with goes, and one comes that is the youngest of its product.
    desk.request(Caller::Here, Method::DELETE, "/releases/lamp/0.2", Body::empty()).await.done();
    desk.clock.advance(Duration::from_mins(1));
    publish(&desk, "lamp", "0.0").await;
    let second: ReleasePage =
        desk.get(&format!("/releases?limit=2&after={}", encode(&first.next.unwrap()))).await;
    assert_eq!(names(&second), ["lamp 0.1", "lamp 0.3/b"]);
    let last: ReleasePage =
        desk.get(&format!("/releases?limit=2&after={}", encode(&second.next.unwrap()))).await;
    assert_eq!((names(&last), last.next), (vec!["lamp 0.0".to_owned()], None));
}

#[tokio::test]
async fn campaigns_come_latest_first_and_none_that_began_since_comes_among_them() {
    let desk = Desk::new();
    publish(&desk, "lamp", "0.1").await;
    desk.send(Method::POST, "/campaigns", json!({ "product": "lamp", "version": "0.1" })).await.done();
    let first = desk.store.catalogue().campaign(CampaignId(1)).unwrap().clone();
    let state = State::Aborted { aborted_at: first.created, aborted_by: "lena".into() };
    let begin = |number| {
        let campaign = Campaign { id: CampaignId(number), state: state.clone(), ..first.clone() };
        desk.store.put_campaign(&campaign).unwrap();
    };
    (2..=5).for_each(&begin);
    let (mut seen, mut path) = (Vec::new(), "/campaigns?limit=2".to_owned());
    loop {
        let page: CampaignPage = desk.get(&path).await;
        seen.extend(page.campaigns.iter().map(|view| view.campaign.id.0));
        begin(u32::try_from(seen.len()).unwrap() + 10);
        let Some(next) = page.next else { break };
        path = format!("/campaigns?limit=2&after={next}");
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn the_log_is_read_from_its_newest_end_while_it_grows() {
    let desk = Desk::new();
    publish(&desk, "lamp", "0.1").await;
    let act = |act: &'static str| desk.send(Method::POST, act, json!({}));
    desk.send(Method::POST, &format!("/devices/{MAC}/assign"), json!({ "product": "lamp" })).await.done();
    for _ in 0..2 {
        act("/devices/24:6F:28:AA:BB:CC/hold").await.done();
        act("/releases/lamp/0.1/pin").await.done();
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page: LogPage = desk.get(&format!("/audit?order=desc&device={MAC}&limit=2{after}")).await;
        seen.extend(page.entries.iter().map(|line| line.entry.number));
        act("/devices/24:6F:28:AA:BB:CC/hold").await.done();
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    let page: LogPage = desk.get(&format!("/audit?device={MAC}")).await;
    let mut there: Vec<u64> = page.entries.iter().map(|line| line.entry.number).collect();
    there.truncate(seen.len());
    there.reverse();
    assert_eq!(seen, there, "all that were there, the newest first, and none that came since");
    assert!(seen.len() >= 3, "{seen:?}");
}

#[tokio::test]
async fn a_cursor_of_no_such_list_is_refused() {
    let desk = Desk::new();
    for path in [
        "/releases?after=3",
        "/releases?after=lamp/soon/0.1",
        "/releases?after=Lamp/17/0.1",
        "/campaigns?after=lamp/17/0.1",
        "/campaigns?after=",
    ] {
        desk.request(Caller::Here, Method::GET, path, Body::empty()).await.refused("bad-cursor");
    }
}
