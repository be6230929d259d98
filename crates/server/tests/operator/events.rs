//! What happens is told as it happens, to whom it is for.

use axum::body::Body;
use axum::response::Response;
use http::{Method, StatusCode, header};
use http_body_util::BodyExt;
use otary_fleet::{Chip, Grants, Scope};
use otary_server::operator::CreatedToken;
use serde_json::json;

use crate::desk::{Caller, Desk, firmware, name};

const PATH: &str = "/api/v1/events";

/// Reads events until one has `wanted` in it.
async fn read_until(body: &mut Body, wanted: &str) -> String {
    let mut text = String::new();
    while !text.contains(wanted) {
        let frame = body.frame().await.unwrap().unwrap();
        text.push_str(&String::from_utf8_lossy(&frame.into_data().unwrap_or_default()));
    }
    text
}

#[tokio::test(start_paused = true)]
async fn a_listener_hears_what_happens_and_misses_nothing_when_it_comes_again() {
    let desk = Desk::new();
    let response = desk.respond(Caller::Here, Method::GET, PATH, &[], Body::empty()).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut body = response.into_body();
    read_until(&mut body, "event: hello").await;
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "lamp")).await;
    let heard = read_until(&mut body, "published lamp 0.1").await;
    assert!(heard.contains("event: audit") && heard.contains("id: 2"), "{heard}");
    drop(body);

    desk.send(Method::POST, "/products", json!({ "name": "plug" })).await.done();
    let again = desk.respond(Caller::Here, Method::GET, PATH, &[("last-event-id", "2")], Body::empty()).await;
    let heard = read_until(&mut again.into_body(), "added the product plug").await;
    assert!(!heard.contains("published lamp 0.1"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn nobody_hears_of_products_that_he_may_not_see() {
    let desk = Desk::new();
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "lamp")).await;
    let grants = Grants::on_products(Scope::Read, [name("plug")]);
    let token: CreatedToken =
        desk.send(Method::POST, "/tokens", json!({ "name": "eyes", "grants": grants })).await.read();
    let from = Caller::Net("192.168.1.9", Some(token.secret.expose()));
    let response = desk.respond(from, Method::GET, PATH, &[("last-event-id", "0")], Body::empty()).await;
    desk.send(Method::POST, "/products", json!({ "name": "plug" })).await.done();
    let heard = read_until(&mut response.into_body(), "added the product plug").await;
    assert!(!heard.contains("lamp"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn who_is_let_in_no_longer_hears_nothing_more() {
    let desk = Desk::new();
    let token: CreatedToken =
        desk.send(Method::POST, "/tokens", json!({ "name": "eyes", "grants": "read" })).await.read();
    let from = Caller::Net("192.168.1.9", Some(token.secret.expose()));
    let response = desk.respond(from, Method::GET, PATH, &[], Body::empty()).await;
    desk.send(Method::DELETE, "/tokens/eyes", json!(null)).await.done();
    desk.send(Method::POST, "/products", json!({ "name": "plug" })).await.done();
    let heard = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let heard = String::from_utf8_lossy(&heard);
    assert!(heard.contains("hello") && !heard.contains("plug"), "{heard}");
}

/// As many streams as somebody is given.
async fn all_places(desk: &Desk, from: Caller<'_>) -> Vec<Response> {
    let mut places = Vec::new();
    loop {
        let response = desk.respond(from, Method::GET, PATH, &[], Body::empty()).await;
        if response.status() != StatusCode::OK {
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            return places;
        }
        places.push(response);
        assert!(places.len() < 1000, "there is an end to it");
    }
}

#[tokio::test]
async fn nobody_takes_all_places_of_listeners() {
    let desk = Desk::new();
    let mut held = all_places(&desk, Caller::Here).await;
    let share = held.len();
    held.pop();
    let response = desk.respond(Caller::Here, Method::GET, PATH, &[], Body::empty()).await;
    assert_eq!(response.status(), StatusCode::OK, "who leaves makes room");
    held.push(response);
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let token: CreatedToken =
            desk.send(Method::POST, "/tokens", json!({ "name": name, "grants": "read" })).await.read();
        let places = all_places(&desk, Caller::Net("192.168.1.9", Some(token.secret.expose()))).await;
        assert!(places.len() <= share);
        held.extend(places);
    }
    assert_eq!(held.len(), 4 * share, "in all there is an end to it, too");
}
