//! Every view over the real operator router: it is drawn whole, small enough for a phone, and with nothing in it that the page's
//! policy would refuse; and what is told and done in the views is what the API tells and does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod house;
mod settings;
mod start;
mod upload;
mod watching;

use axum::body::Body;
use http::{Method, StatusCode};

use crate::house::House;

/// What a view weighs at most, in bytes.
const HEAVIEST: usize = 100 * 1024;
/// Every view; the releases in them are published by [`House::with_releases`].
const VIEWS: [&str; 21] = [
    "/",
    "/devices",
    "/campaigns",
    "/releases",
    "/releases?product=lamp",
    "/releases/lamp/1.0",
    "/releases/lamp/1.1",
    "/upload",
    "/compare",
    "/compare?product=lamp&a=1.0&b=1.1",
    "/trust",
    "/audit",
    "/audit?device=24:6F:28:AA:BB:CC&since=2026-01-01",
    "/audit?verify=yes",
    "/settings",
    "/start",
    "/start?product=lamp",
    "/start?kind=esp8266&network=w5500",
    "/start?kind=esp8266&network=lan8720",
    "/start?kind=esphome",
    "/start?kind=micropython",
];

async fn check_views(house: &House, views: &[&str]) {
    for view in views {
        let answer = house.get(view).await;
        assert_eq!(answer.status, StatusCode::OK, "{view}: {}", answer.text);
        assert!(answer.text.len() < HEAVIEST, "{view}: {} bytes", answer.text.len());
        assert!(answer.text.contains("<h1"), "{view}: {}", answer.text);
        for leaked in ["Some(", "None)", "Ok(", "Err(", "{{", "}}", " style=", "<style", " onclick="] {
            assert!(!answer.text.contains(leaked), "{view} has {leaked}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn every_view_is_whole_and_light_with_and_without_a_release() {
    let empty = House::new();
    check_views(&empty, &VIEWS.into_iter().filter(|view| !view.contains("lamp")).collect::<Vec<_>>()).await;
    check_views(&House::with_releases().await, &VIEWS).await;
}

#[tokio::test(start_paused = true)]
async fn a_form_that_stalls_is_given_up() {
    let stalled = Body::from_stream(futures_util::stream::pending::<Result<String, std::io::Error>>());
    let answer =
        House::new().ask(Method::POST, "/sign-in", "application/x-www-form-urlencoded", stalled).await;
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{}", answer.text);
}
