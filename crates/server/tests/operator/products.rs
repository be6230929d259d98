//! Products, and how things stand.

use http::{Method, StatusCode};
use otary_fleet::{Chip, EventKind, Time};
use otary_server::operator::{AUTHORITY_BACKED_UP, ProductView, Status};
use otary_store::EventQuery;
use serde_json::json;

use crate::desk::{Desk, MAC, board, firmware};

#[tokio::test]
async fn a_product_is_added_set_and_listed() {
    let desk = Desk::new();
    let added = json!({ "name": "lamp", "chips": ["esp32", "esp32c3"] });
    let answer = desk.send(Method::POST, "/products", &added).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    desk.send(Method::POST, "/products", &added).await.refused("product-exists");

    let change = json!({ "allow_plain_http": true });
    let set: ProductView = desk.send(Method::PATCH, "/products/lamp", change).await.read();
    assert!(set.product.allow_plain_http && !set.product.allow_raw);
    assert_eq!(set.product.chips, [Chip::Esp32, Chip::Esp32C3].into(), "what is not named stays");

    let firmware = firmware(Chip::Esp32, "lamp 0.1");
    desk.publish("lamp", "0.1", &firmware).await;
    desk.poll(&board(MAC, &firmware, "0.1"));
    let listed: Vec<ProductView> = desk.get("/products").await;
    assert_eq!((listed[0].releases, listed[0].devices), (1, 1));
    assert_eq!(listed[0].newest["stable"], "0.1");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let desk = Desk::new();
    desk.send(Method::POST, "/products", json!({ "name": "../x" })).await.refused("unreadable-body");
    desk.send(Method::POST, "/products", json!({ "name": "x", "chips": ["z80"] }))
        .await
        .refused("unreadable-body");
    desk.send(Method::PATCH, "/products/lamp", json!({ "allow_raw": true })).await.refused("no-product");
    desk.send(Method::PATCH, "/products/lamp", json!({ "alow_raw": true })).await.refused("unreadable-body");
}

#[tokio::test]
async fn what_operators_do_is_on_record() {
    let desk = Desk::new();
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "lamp")).await;
    desk.send(Method::PATCH, "/products/lamp", json!({ "allow_raw": true })).await.done();
    let events = desk.store.events(&EventQuery { limit: 10, ..EventQuery::default() }).unwrap();
    let said: Vec<_> = events
        .iter()
        .map(|event| match &event.kind {
            EventKind::Operator { who, action, .. } => format!("{who}: {action}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(said.contains(&"local: published lamp 0.1 to stable".to_owned()), "{said:?}");
    assert!(said.contains(&"local: set allow-raw = true".to_owned()), "{said:?}");
}

#[tokio::test]
async fn the_status_counts() {
    let desk = Desk::new();
    let firmware = firmware(Chip::Esp32, "lamp 0.1");
    desk.publish("lamp", "0.1", &firmware).await;
    desk.poll(&board(MAC, &firmware, "0.1"));
    let mut small = board("24:6F:28:AA:BB:CD", &crate::desk::firmware(Chip::Esp32, "own"), "0.0");
    small.free_space = Some(0);
    desk.poll(&small);
    let status: Status = desk.get("/status").await;
    assert_eq!((status.products, status.releases, status.artifacts), (1, 1, 1));
    assert_eq!(status.artifact_bytes, firmware.len() as u64);
    assert_eq!((status.devices, status.held), (2, 1));
    assert_eq!(status.backed_up, None);

    desk.store.put_setting(AUTHORITY_BACKED_UP, "1795000000000").unwrap();
    let status: Status = desk.get("/status").await;
    assert_eq!(status.backed_up, Some(Time(1_795_000_000_000)));
}
