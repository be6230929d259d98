//! What an operator wants of one device: how it is said, what is refused, and what it keeps from being deleted.

use axum::body::Body;
use http::{Method, StatusCode};
use otary_fleet::{Chip, Verdict};
use otary_server::operator::{DevicePage, DeviceView};
use serde_json::json;

use crate::desk::{Answer, Caller, Desk, MAC, board, firmware};

/// A desk with lamp 0.1, 0.2 and 0.3, and a lamp that runs 0.2.
async fn lamps() -> Desk {
    let desk = Desk::new();
    for version in ["0.1", "0.2", "0.3"] {
        desk.publish("lamp", version, &firmware(Chip::Esp32, &format!("lamp {version}"))).await;
    }
    desk.poll(&lamp());
    desk
}

fn lamp() -> otary_fleet::CheckIn {
    board(MAC, &firmware(Chip::Esp32, "lamp 0.2"), "0.2")
}

async fn say(desk: &Desk, what: &str) -> Answer {
    desk.request(Caller::Here, Method::POST, &format!("/devices/{MAC}/{what}"), Body::empty()).await
}

async fn wish(desk: &Desk, what: &str, version: &str) -> Answer {
    desk.send(Method::POST, &format!("/devices/{MAC}/{what}"), json!({ "version": version })).await
}

async fn delete(desk: &Desk, version: &str) -> Answer {
    let path = format!("/releases/lamp/{version}");
    desk.request(Caller::Here, Method::DELETE, &path, Body::empty()).await
}

#[tokio::test]
async fn a_held_device_is_offered_nothing_until_it_is_let_go() {
    let desk = lamps().await;
    let held: DeviceView = say(&desk, "hold").await.read();
    assert_eq!(held.now.unwrap().verdict, Verdict::Hold);
    assert_eq!(held.device.hold.unwrap().by, "local");
    assert!(format!("{:?}", held.events[0].kind).contains("held"), "{:?}", held.events);
    assert_eq!(desk.poll(&lamp()).reason.rule(), "held");
    let page: DevicePage = desk.get("/devices?where=hold").await;
    assert!(page.devices[0].held);

    let free: DeviceView = say(&desk, "unhold").await.read();
    assert_eq!(free.now.unwrap().verdict, Verdict::Offer);
    assert_eq!(desk.poll(&lamp()).verdict(), Verdict::Offer);
}

#[tokio::test]
async fn a_pinned_device_is_kept_on_its_release_and_the_release_is_kept_for_it() {
    let desk = lamps().await;
    let pinned: DeviceView = wish(&desk, "pin", "0.1").await.read();
    assert_eq!(pinned.line.pin.unwrap().to_string(), "lamp 0.1");
    assert_eq!(pinned.now.unwrap().decision.release.unwrap().to_string(), "lamp 0.1");
    assert_eq!(desk.poll(&lamp()).release.unwrap().to_string(), "lamp 0.1");

    let refused = delete(&desk, "0.1").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.refused("release-wanted"), format!("{MAC} is pinned to lamp 0.1"));
    assert_eq!(refused.problem().help.unwrap(), format!("otary device unpin {MAC}"));

    let withdraw = desk.request(Caller::Here, Method::POST, "/releases/lamp/0.1/withdraw", Body::empty());
    assert_eq!(withdraw.await.status, StatusCode::OK);
    assert_eq!(desk.poll(&lamp()).reason.rule(), "release-gone");

    say(&desk, "unpin").await.read::<DeviceView>();
    assert_eq!(desk.poll(&lamp()).release.unwrap().to_string(), "lamp 0.3");
    assert_eq!(delete(&desk, "0.1").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_forced_release_goes_out_once_whatever_was_taken_before() {
    let desk = lamps().await;
    let lamp = lamp();
    wish(&desk, "pin", "0.2").await.read::<DeviceView>();
    let forced: DeviceView = wish(&desk, "force", "0.2").await.read();
    assert_eq!(forced.now.unwrap().decision.reason.rule(), "forced");
    assert_eq!(
        delete(&desk, "0.2").await.refused("release-running"),
        "lamp 0.2 is what 1 device was seen to run"
    );
    desk.poll_and_take(&lamp);
    assert_eq!(desk.poll(&lamp).verdict(), Verdict::Wait);

    assert_eq!(
        wish(&desk, "force", "0.2").await.read::<DeviceView>().line.forced.unwrap().to_string(),
        "lamp 0.2"
    );
    assert_eq!(desk.poll_and_take(&lamp).reason.rule(), "forced", "what was taken before does not count");
    assert_eq!(desk.poll(&lamp).verdict(), Verdict::Wait);
    let shown: DeviceView = desk.get(&format!("/devices/{MAC}")).await;
    assert_eq!(shown.device.forced, None);

    wish(&desk, "force", "0.1").await.read::<DeviceView>();
    assert_eq!(
        delete(&desk, "0.1").await.refused("release-wanted"),
        format!("{MAC} is to be given lamp 0.1")
    );
    say(&desk, "unforce").await.read::<DeviceView>();
    assert_eq!(desk.poll(&lamp).verdict(), Verdict::Wait);
}

#[tokio::test]
async fn only_a_release_that_can_be_meant_for_the_device_is_taken() {
    let desk = lamps().await;
    assert_eq!(wish(&desk, "pin", "9").await.refused("no-release"), "there is no release lamp 9");
    desk.request(Caller::Here, Method::POST, "/releases/lamp/0.1/withdraw", Body::empty()).await.done();
    let refused = wish(&desk, "force", "0.1").await;
    assert_eq!(refused.refused("release-withdrawn"), "lamp 0.1 is withdrawn");
    assert_eq!(refused.problem().help.unwrap(), "otary release restore lamp 0.1");
    let other = "/devices/24:6F:28:AA:BB:01";
    for what in ["pin", "force"] {
        let refused = desk.send(Method::POST, &format!("{other}/{what}"), json!({ "version": "0.1" })).await;
        refused.refused("no-device");
    }
    desk.request(Caller::Here, Method::POST, &format!("{other}/hold"), Body::empty())
        .await
        .refused("no-device");
    assert_eq!(desk.store.count_devices().unwrap(), 1, "nobody was put on record");
}

#[tokio::test]
async fn a_device_of_which_the_product_is_not_known_is_to_be_assigned_first() {
    let desk = Desk::new();
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "lamp 0.1")).await;
    let mut cam = crate::desk::publication("cam", "0.1");
    cam.allow.insert(otary_server::operator::Allowance::NewProduct);
    desk.push_as(cam, &[("cam.bin", firmware(Chip::Esp32, "cam 0.1"))]).await.done();
    desk.poll(&board(MAC, &firmware(Chip::Esp32, "own"), "0.0"));
    let refused = wish(&desk, "pin", "0.1").await;
    assert_eq!(refused.refused("product-not-known"), format!("of which product {MAC} is, is not known"));
    assert_eq!(refused.problem().help.unwrap(), format!("otary device assign {MAC} PRODUCT"));
    let assign = json!({ "product": "cam" });
    desk.send(Method::POST, &format!("/devices/{MAC}/assign"), assign).await.read::<DeviceView>();
    let pinned: DeviceView = wish(&desk, "pin", "0.1").await.read();
    assert_eq!(pinned.device.pin.unwrap().to_string(), "cam 0.1");
}

#[tokio::test]
async fn a_device_has_a_time_zone_that_there_is() {
    let desk = lamps().await;
    let path = format!("/devices/{MAC}/zone");
    let zone = |zone: Option<&str>| desk.send(Method::POST, &path, json!({ "zone": zone }));
    let shown: DeviceView = zone(Some("europe/berlin")).await.read();
    assert_eq!(shown.device.zone.unwrap().as_str(), "Europe/Berlin");
    let said = zone(Some("Europe/Berln")).await.refused("unknown-zone");
    assert!(said.starts_with("no time zone is called `Europe/Berln`"), "{said}");
    assert_eq!(zone(None).await.read::<DeviceView>().device.zone, None);
}
