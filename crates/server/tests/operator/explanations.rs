//! Why a device is answered as it is, over the real router.

use axum::body::Body;
use http::{Method, StatusCode};
use otary_fleet::{Chip, Explanation, Topic, Verdict};
use serde_json::json;

use crate::desk::{Answer, Caller, Desk, MAC, board, firmware};

async fn ask(desk: &Desk, device: &str) -> Answer {
    desk.request(Caller::Here, Method::GET, &format!("/explain/{device}"), Body::empty()).await
}

/// A desk with lamp 0.1 on a board that asked every minute for a while, and 0.2.
async fn lamp() -> Desk {
    let desk = Desk::new();
    let v1 = firmware(Chip::Esp32, "lamp 0.1");
    desk.publish("lamp", "0.1", &v1).await;
    (0..8).for_each(|_| drop(desk.poll(&board(MAC, &v1, "0.1"))));
    desk.publish("lamp", "0.2", &firmware(Chip::Esp32, "lamp 0.2")).await;
    desk
}

#[tokio::test]
async fn what_is_explained_is_what_the_device_is_answered() {
    let desk = lamp().await;
    let explained: Explanation = ask(&desk, MAC).await.read();
    assert_eq!(explained.answer, "It would be offered lamp 0.2 at its next check-in.");
    let decision = desk.poll(&board(MAC, &firmware(Chip::Esp32, "lamp 0.1"), "0.1"));
    assert_eq!(explained.decision.unwrap(), decision);
    assert_eq!(decision.verdict(), Verdict::Offer);
}

#[tokio::test]
async fn an_operator_who_holds_it_reads_who_did_and_how_to_undo_it() {
    let desk = lamp().await;
    assert!(desk.send(Method::POST, &format!("/devices/{MAC}/hold"), json!({})).await.status.is_success());
    let explained: Explanation = ask(&desk, MAC).await.read();
    assert!(explained.answer.starts_with("Nothing, because it is held by the operator for "), "{explained}");
    assert!(explained.evidence.contains(&"local held it just now".to_owned()), "{explained}");
    assert_eq!(explained.changes[0].way.as_deref(), Some("otary device unhold 24:6F:28:AA:BB:CC"));
    assert_eq!(explained.changes[0].about, Some(Topic::Device), "a page shows it where that is done");
}

#[tokio::test]
async fn asking_changes_nothing_about_the_device() {
    let desk = lamp().await;
    let before = desk.store.device(MAC.parse().unwrap()).unwrap();
    ask(&desk, MAC).await.read::<Explanation>();
    assert_eq!(desk.store.device(MAC.parse().unwrap()).unwrap(), before);
}

#[tokio::test]
async fn what_does_not_exist_is_said() {
    let desk = lamp().await;
    let refused = ask(&desk, "24:6F:28:00:00:99").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(refused.refused("no-device"), "no device 24:6F:28:00:00:99 is on record");
    ask(&desk, "nonsense").await.refused("unreadable-path");
}
