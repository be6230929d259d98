//! Preflight over the real router: whom a release would not reach, also before it is published.

use axum::body::Body;
use http::{Method, StatusCode};
use otary_fleet::{Build, Chip, Preflight};
use otary_server::operator::Published;
use serde_json::{Value, json};

use crate::desk::{Answer, Caller, Desk, MAC, board, firmware, publication};

async fn ask(desk: &Desk, path: &str) -> Answer {
    desk.request(Caller::Here, Method::GET, path, Body::empty()).await
}

/// A desk with lamp 0.1 on five boards, one of which has too small a slot, and one is held to be an ESP32-C3.
async fn five_lamps() -> Desk {
    let desk = Desk::new();
    let v1 = firmware(Chip::Esp32, "lamp 0.1");
    desk.publish("lamp", "0.1", &v1).await;
    for last in 0..5 {
        let mut lamp = board(&format!("24:6F:28:00:00:0{last}"), &v1, "0.1");
        match last {
            3 => lamp.free_space = Some(100),
            4 => (lamp.build, lamp.chip) = (Build::default(), Some(Chip::Esp32C3)),
            _ => {}
        }
        desk.poll(&lamp);
    }
    desk
}

#[tokio::test]
async fn a_dry_run_says_who_would_refuse_it_and_a_preflight_the_same_afterwards() {
    let desk = five_lamps().await;
    let v2 = firmware(Chip::Esp32, "lamp 0.2");
    let mut dry = publication("lamp", "0.2");
    dry.dry_run = true;
    let foretold: Published = desk.push_as(dry, &[("lamp.bin", v2.clone())]).await.read();
    let foretold = foretold.preflight.unwrap();
    assert_eq!(foretold.to_string(), "2 of 5 devices would refuse this: 1 slot too small, 1 other chip");
    desk.publish("lamp", "0.2", &v2).await;
    let asked: Preflight = desk.get("/preflight/lamp/0.2").await;
    assert_eq!(asked, foretold);
    let named: Vec<String> = asked.named.iter().map(|refuser| refuser.device.to_string()).collect();
    assert_eq!(named, ["24:6F:28:00:00:03", "24:6F:28:00:00:04"]);
    assert_eq!(
        desk.store.device(named[0].parse().unwrap()).unwrap().unwrap().polls,
        1,
        "nobody was offered it"
    );
}

#[tokio::test]
async fn programs_read_the_figures_of_each_device() {
    let desk = five_lamps().await;
    desk.publish("lamp", "0.2", &firmware(Chip::Esp32, "lamp 0.2")).await;
    let asked: Value = ask(&desk, "/preflight/lamp/0.2").await.read();
    assert_eq!((&asked["devices"], &asked["take"], &asked["refuse"]), (&json!(5), &json!(3), &json!(2)));
    assert_eq!(
        asked["obstacles"][0],
        json!({ "obstacle": "too-large", "words": "slot too small", "devices": 1 })
    );
    let obstacle = &asked["named"][0]["obstacle"];
    assert_eq!((&obstacle["obstacle"], &obstacle["rule"]), (&json!("answered"), &json!("too-large")));
    assert_eq!(obstacle["space"], json!(100));
    assert_eq!(asked["named"][1]["obstacle"]["made_for"], json!(["esp32"]));
}

#[tokio::test]
async fn a_group_or_another_channel_is_asked_on_demand() {
    let desk = five_lamps().await;
    desk.publish("lamp", "0.2", &firmware(Chip::Esp32, "lamp 0.2")).await;
    let settings = json!({ "devices": ["24:6F:28:00:00:03"] });
    assert!(desk.send(Method::PUT, "/groups/small", settings).await.status.is_success());
    let asked: Preflight = desk.get("/preflight/lamp/0.2?group=small").await;
    assert_eq!(asked.to_string(), "1 of 1 device would refuse this: 1 slot too small");

    let assignment = json!({ "product": "lamp", "channel": "beta" });
    desk.send(Method::POST, &format!("/devices/{MAC}/assign"), assignment).await.done();
    let asked: Preflight = desk.get("/preflight/lamp/0.2?channel=beta").await;
    assert_eq!((asked.devices, asked.unheard), (1, 1));
}

#[tokio::test]
async fn what_does_not_exist_is_said() {
    let desk = five_lamps().await;
    let refused = ask(&desk, "/preflight/lmap/0.1").await;
    assert_eq!(
        (refused.status, refused.refused("no-product")),
        (StatusCode::NOT_FOUND, "there is no product lmap".into())
    );
    ask(&desk, "/preflight/lamp/0.9").await.refused("no-release");
    ask(&desk, "/preflight/lamp/0.1?group=none").await.refused("no-group");
    ask(&desk, "/preflight/lamp/0.1?grp=none").await.refused("unreadable-query");
    ask(&desk, "/preflight/lamp/0.1?channel=Not%20One").await.refused("unreadable-query");
}

#[tokio::test]
async fn a_token_that_may_look_may_ask() {
    let desk = five_lamps().await;
    let asked =
        desk.request(Caller::Net("192.0.2.1", None), Method::GET, "/preflight/lamp/0.1", Body::empty()).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
}
