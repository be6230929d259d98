//! What protects clients from each other and from broken connections: tags, preconditions, keys, digests.

use axum::body::Body;
use http::{Method, StatusCode, header};
use otary_fleet::{Chip, Sha256};
use serde_json::{Value, json};

use crate::desk::{Answer, Caller, Desk, MAC, board, firmware};

async fn with(desk: &Desk, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
    desk.request_with(Caller::Here, method, &format!("/api/v1{path}"), headers, body).await
}

fn tag(answer: &Answer) -> String {
    answer.headers[header::ETAG].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let desk = Desk::new();
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "lamp")).await;
    for path in ["/products", "/products/lamp", "/releases/lamp/0.1"] {
        let first = with(&desk, Method::GET, path, &[], Body::empty()).await;
        let again = with(&desk, Method::GET, path, &[("if-none-match", &tag(&first))], Body::empty()).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
    }
}

#[tokio::test]
async fn answers_and_refusals_are_not_guessed_to_be_something_else_nor_kept_on_the_way() {
    let desk = Desk::new();
    for path in ["/products", "/products/lamp", "/openapi.json", "/nothing"] {
        let answer = with(&desk, Method::GET, path, &[], Body::empty()).await;
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "private, no-cache", "{path}");
    }
}

#[tokio::test]
async fn what_changed_meanwhile_is_not_changed_unseen() {
    let desk = Desk::new();
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "lamp")).await;
    let seen = tag(&with(&desk, Method::GET, "/products/lamp", &[], Body::empty()).await);
    let set = |tag: String, change: Value| {
        let desk = &desk;
        async move {
            let body = Body::from(change.to_string());
            with(desk, Method::PATCH, "/products/lamp", &[("if-match", &tag)], body).await
        }
    };
    let first = set(seen.clone(), json!({ "allow_raw": true })).await;
    assert_eq!(first.status, StatusCode::OK);
    let late = set(seen, json!({ "allow_raw": false })).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    late.refused("changed-meanwhile");
    set("*".into(), json!({ "allow_raw": false })).await.read::<Value>();
}

#[tokio::test]
async fn a_poll_undoes_no_precondition() {
    let desk = Desk::new();
    let image = firmware(Chip::Esp32, "lamp");
    desk.publish("lamp", "0.1", &image).await;
    desk.poll(&board(MAC, &image, "0.1"));
    let path = format!("/devices/{MAC}");
    let seen = tag(&with(&desk, Method::GET, &path, &[], Body::empty()).await);
    desk.poll(&board(MAC, &image, "0.1"));
    let now = tag(&with(&desk, Method::GET, &path, &[], Body::empty()).await);
    assert_ne!(seen, now, "the poll is seen");
    let hold = |tag: String| {
        let (desk, path) = (&desk, format!("{path}/hold"));
        async move { with(desk, Method::POST, &path, &[("if-match", &tag)], Body::empty()).await }
    };
    hold(seen.clone()).await.read::<Value>();
    hold(seen).await.refused("changed-meanwhile");
}

#[tokio::test]
async fn what_has_a_key_is_carried_out_once() {
    let desk = Desk::new();
    let make = |key: &'static str, name: &'static str| {
        let desk = &desk;
        async move {
            let body = Body::from(json!({ "name": name, "grants": "read" }).to_string());
            with(desk, Method::POST, "/tokens", &[("idempotency-key", key)], body).await
        }
    };
    let first = make("k1", "ci").await;
    let again = make("k1", "ci").await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.body, again.body, "the secret is the same one");
    make("k1", "other").await.refused("key-reused");
    make("k2", "ci").await.refused("token-exists");
    make("k2", "ci2").await.read::<Value>();
    make("", "ci3").await.refused("key-text");
}

#[tokio::test]
async fn an_upload_is_what_its_digest_says_or_nothing() {
    let desk = Desk::new();
    let image = firmware(Chip::Esp32, "lamp");
    let upload = |digest: String| {
        let (desk, image) = (&desk, image.clone());
        async move {
            let path = "/artifacts?file=a.bin";
            with(desk, Method::POST, path, &[("content-digest", &digest)], Body::from(image)).await
        }
    };
    upload(digest(&image)).await.read::<Value>();
    upload(digest(b"other")).await.refused("digest-mismatch");
    upload("sha-256=x".into()).await.refused("bad-digest");
}

fn digest(bytes: &[u8]) -> String {
    use base64::Engine as _;
    format!("sha-256=:{}:", base64::engine::general_purpose::STANDARD.encode(Sha256::of(bytes).0))
}
