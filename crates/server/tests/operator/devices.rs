//! Devices: what is shown of them, and what an operator can do about their brakes.

use axum::body::Body;
use http::{Method, StatusCode};
use otary_fleet::{Chip, Verdict};
use otary_server::Count;
use otary_server::operator::{
    Allowance, CreatedToken, DevicePage, DeviceView, GroupView, LogPage, Published,
};
use serde_json::json;

use crate::desk::{Answer, Caller, Desk, MAC, board, firmware, publication};

async fn post(desk: &Desk, path: &str) -> Answer {
    desk.request(Caller::Here, Method::POST, path, Body::empty()).await
}

/// A desk with the products lamp 0.2 and cam 1, both for the ESP32.
async fn two_products() -> Desk {
    let desk = Desk::new();
    desk.publish("lamp", "0.2", &firmware(Chip::Esp32, "lamp 0.2")).await;
    let mut cam = publication("cam", "1");
    cam.allow.insert(Allowance::NewProduct);
    let files = [("cam.bin", firmware(Chip::Esp32, "cam 1"))];
    desk.push_as(cam, &files).await.read::<Published>();
    desk
}

#[tokio::test]
async fn a_device_without_a_product_is_shown_with_the_command_that_helps() {
    let desk = two_products().await;
    desk.poll(&board(MAC, &firmware(Chip::Esp32, "own"), "0.1"));
    let page: DevicePage = desk.get("/devices").await;
    let line = &page.devices[0];
    let answer = line.answer.as_ref().unwrap();
    assert_eq!((line.product.as_ref(), answer.verdict), (None, Verdict::Hold));
    assert_eq!(answer.advice.as_deref(), Some("otary device assign 24:6F:28:AA:BB:CC PRODUCT"));
    assert_eq!(line.runs.as_ref().unwrap().says.as_deref(), Some("0.1"));

    let path = format!("/devices/{MAC}/assign");
    let assigned: DeviceView = desk.send(Method::POST, &path, json!({ "product": "lamp" })).await.read();
    let now = assigned.now.unwrap();
    assert_eq!(now.verdict, Verdict::Offer, "{}", now.because);
    assert_eq!(now.decision.release.unwrap().to_string(), "lamp 0.2");
    assert!(format!("{:?}", assigned.events[0].kind).contains("assigned to lamp"), "{:?}", assigned.events);
    let decision = desk.poll(&board(MAC, &firmware(Chip::Esp32, "own"), "0.1"));
    assert_eq!(decision.release.unwrap().to_string(), "lamp 0.2");
}

#[tokio::test]
async fn a_device_can_be_assigned_before_it_ever_asks() {
    let desk = two_products().await;
    let body = json!({ "product": "lamp", "chip": "esp32", "channel": "beta" });
    let path = "/devices/246f28aabbcc/assign";
    let assigned: DeviceView = desk.send(Method::POST, path, body).await.read();
    assert_eq!(assigned.device.mac.to_string(), MAC);
    assert_eq!((assigned.now, assigned.line.runs), (None, None));
    assert_eq!(assigned.device.channel.unwrap().as_str(), "beta");

    // A second assignment leaves the chip as it was said.
    let path = format!("/devices/{MAC}/assign");
    let body = json!({ "product": "cam", "channel": "stable" });
    let assigned: DeviceView = desk.send(Method::POST, &path, body).await.read();
    assert_eq!(assigned.device.chip, Some(Chip::Esp32));
    assert_eq!(assigned.device.channel.unwrap().as_str(), "stable");
}

#[tokio::test]
async fn what_the_url_of_a_device_names_counts_when_it_is_shown() {
    let desk = two_products().await;
    let mut asking = board(MAC, &firmware(Chip::Esp32, "own"), "0.1");
    asking.product = Some("cam".parse().unwrap());
    asking.chip = Some(Chip::Esp32);
    desk.poll(&asking);
    let path = format!("/devices/{MAC}/assign");
    let shown: DeviceView = desk.send(Method::POST, &path, json!({ "product": "lamp" })).await.read();
    assert_eq!(shown.now.unwrap().decision.release.unwrap().to_string(), "cam 1", "the URL decides");
}

#[tokio::test]
async fn a_looping_device_is_let_go_by_the_operator() {
    let desk = Desk::new();
    desk.publish("lamp", "0.2", &firmware(Chip::Esp32, "lamp 0.2")).await;
    let looping = board(MAC, &firmware(Chip::Esp32, "own"), "0.1");
    for _ in 0..3 {
        assert!(desk.poll_and_take(&looping).offered().is_some());
    }
    assert_eq!(desk.poll(&looping).verdict(), Verdict::Hold);
    let shown: DeviceView = desk.get(&format!("/devices/{MAC}")).await;
    let advice = shown.now.unwrap().advice.unwrap();
    assert_eq!(advice, "otary device release 24:6F:28:AA:BB:CC");

    let released: DeviceView = post(&desk, &format!("/devices/{MAC}/release")).await.read();
    assert_eq!(released.now.unwrap().verdict, Verdict::Offer);
    assert_eq!(desk.poll(&looping).verdict(), Verdict::Offer);
}

#[tokio::test]
async fn a_device_that_was_reflashed_is_resumed_by_the_operator() {
    let desk = Desk::new();
    let (v1, v2) = (firmware(Chip::Esp32, "lamp 0.1"), firmware(Chip::Esp32, "lamp 0.2"));
    desk.publish("lamp", "0.1", &v1).await;
    desk.publish("lamp", "0.2", &v2).await;
    desk.poll_and_take(&board(MAC, &v1, "0.1"));
    desk.poll(&board(MAC, &v2, "0.2"));
    let own = board(MAC, &firmware(Chip::Esp32, "camera sketch"), "0.1");
    assert_eq!(desk.poll(&own).verdict(), Verdict::Hold);

    // A release that is pushed meanwhile foretells it too.
    let v3 = desk.publish("lamp", "0.3", &firmware(Chip::Esp32, "lamp 0.3")).await;
    assert_eq!(v3.preflight.unwrap().to_string(), "1 of 1 device would refuse this: 1 reflashed by hand");

    let resumed: DeviceView = post(&desk, &format!("/devices/{MAC}/resume")).await.read();
    assert_eq!(resumed.now.unwrap().verdict, Verdict::Offer);
}

#[tokio::test]
async fn a_forgotten_device_is_a_stranger_again() {
    let desk = two_products().await;
    desk.poll(&board(MAC, &firmware(Chip::Esp32, "lamp 0.2"), "0.2"));
    let forget = || desk.request(Caller::Here, Method::DELETE, "/devices/246f28aabbcc", Body::empty());
    assert_eq!(forget().await.status, StatusCode::NO_CONTENT);
    forget().await.refused("no-device");
    let shown = desk.request(Caller::Here, Method::GET, "/devices/246f28aabbcc", Body::empty()).await;
    shown.refused("no-device");
}

#[tokio::test]
async fn what_does_not_exist_is_said() {
    let desk = two_products().await;
    desk.send(Method::POST, &format!("/devices/{MAC}/assign"), json!({ "product": "lmap" }))
        .await
        .refused("no-product");
    assert_eq!(desk.store.count_devices().unwrap(), 0, "a refused assignment puts nobody on record");
    post(&desk, &format!("/devices/{MAC}/release")).await.refused("no-device");
    post(&desk, "/devices/nonsense/release").await.refused("unreadable-path");
    let misspelt = desk.request(Caller::Here, Method::GET, "/devices?aftr=0", Body::empty()).await;
    misspelt.refused("unreadable-query");
}

#[tokio::test]
async fn the_list_comes_in_pages() {
    let desk = two_products().await;
    for n in 1..=5 {
        desk.poll(&board(&format!("02:00:00:00:00:0{n}"), &firmware(Chip::Esp32, "lamp 0.2"), "0.2"));
    }
    let mut seen = Vec::new();
    let mut path = "/devices?limit=2".to_owned();
    loop {
        let page: DevicePage = desk.get(&path).await;
        seen.extend(page.devices.iter().map(|line| line.mac));
        let Some(next) = page.next else { break };
        path = format!("/devices?limit=2&after={next}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted());
}

#[tokio::test]
async fn a_record_survives_readers_that_know_no_numbers_of_64_bits() {
    let desk = two_products().await;
    desk.send(Method::POST, &format!("/devices/{MAC}/assign"), json!({ "product": "lamp" })).await.done();
    desk.poll_and_take(&board(MAC, &firmware(Chip::Esp32, "own"), "0.1"));
    let shown = desk.request(Caller::Here, Method::GET, &format!("/devices/{MAC}"), Body::empty()).await;
    let claimant = shown.read::<serde_json::Value>()["device"]["attempts"][0]["claimant"].clone();
    let digits = claimant.as_str().unwrap();
    assert!(digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{digits}");
    let view: DeviceView = shown.read();
    assert_eq!(Some(view.device), desk.store.device(MAC.parse().unwrap()).unwrap());
}

#[tokio::test]
async fn a_query_finds_devices_page_by_page() {
    let desk = two_products().await;
    for last in 0..30 {
        desk.poll(&board(&format!("24:6F:28:AA:BB:{last:02X}"), &firmware(Chip::Esp32, "lamp 0.2"), "0.2"));
    }
    desk.poll(&board(MAC, &firmware(Chip::Esp32, "cam 1"), "1"));
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/devices?where=product%20%3D%20lamp%20and%20seen%20%3C%201d&limit=7{after}");
        let page: DevicePage = desk.get(&path).await;
        found.extend(page.devices.iter().map(|line| line.mac.to_string()));
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    assert_eq!(found, (0..30).map(|last| format!("24:6F:28:AA:BB:{last:02X}")).collect::<Vec<_>>());

    let path = "/devices?where=product%20%3D%20cam";
    let page: DevicePage = desk.get(path).await;
    assert_eq!(page.devices.iter().map(|line| line.mac.to_string()).collect::<Vec<_>>(), [MAC]);
    assert_eq!(page.next, None);
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused_with_its_place() {
    let desk = two_products().await;
    let path = "/devices?where=chip%20%3D%20esp23c3";
    let refused = desk.request(Caller::Here, Method::GET, path, Body::empty()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let said = refused.refused("bad-query");
    assert!(said.contains("at 7") && said.contains("did you mean esp32c3?"), "{said}");
}

#[tokio::test]
async fn a_device_that_was_assigned_is_its_products_whatever_is_claimed_under_its_address() {
    let desk = two_products().await;
    desk.send(Method::PATCH, "/products/cam", json!({ "private": true })).await.done();
    let body = json!({ "product": "cam" });
    desk.send(Method::POST, &format!("/devices/{MAC}/assign"), body).await.done();
    desk.send(Method::PUT, "/groups/cams", json!({ "product": "cam", "devices": [MAC] })).await.done();
    let mut claim = board(MAC, &firmware(Chip::Esp32, "own"), "0.1");
    claim.product = Some("lamp".parse().unwrap());
    desk.poll(&claim);
    let eyes = async |product: &str| -> CreatedToken {
        let grants = json!({ "products": { product: "read" } });
        desk.send(Method::POST, "/tokens", json!({ "name": product, "grants": grants })).await.read()
    };
    let (theirs, others) = (eyes("cam").await, eyes("lamp").await);
    let look = async |token: &CreatedToken, path: &str| {
        let from = Caller::Net("10.0.0.7", Some(token.secret.expose()));
        desk.request(from, Method::GET, path, Body::empty()).await
    };
    let listed = |answer: Answer| answer.read::<DevicePage>().devices.len();
    for path in [format!("/devices/{MAC}"), format!("/explain/{MAC}")] {
        look(&others, &path).await.refused("no-device");
        look(&theirs, &path).await.done();
    }
    assert_eq!(listed(look(&others, "/devices").await), 0);
    assert_eq!(listed(look(&theirs, "/devices").await), 1);
    assert_eq!(listed(look(&theirs, "/devices?where=product%20%3D%20cam").await), 1);
    let group: GroupView = look(&theirs, "/groups/cams").await.read();
    assert_eq!(group.members, 1);
    // What happened to it stands in the log for the same people.
    let seen = async |token: &CreatedToken| {
        let log: LogPage = look(token, "/audit?limit=1000").await.read();
        let events = log.entries.into_iter().filter_map(|line| line.event);
        events.filter(|event| event.device == Some(MAC.parse().unwrap())).count()
    };
    assert_eq!(seen(&others).await, 0);
    assert!(seen(&theirs).await > 1, "it was assigned, and it was answered");
    let counted = async |token: &CreatedToken| look(token, "/census").await.read::<Count>().devices;
    assert_eq!((counted(&others).await, counted(&theirs).await), (0, 1));
}
