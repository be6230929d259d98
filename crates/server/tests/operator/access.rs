//! Who may do what: tokens, their scopes and their end, and what guessing is worth.

use std::time::Duration;

use axum::body::Body;
use http::{Method, StatusCode, header};
use otary_fleet::{Chip, EventKind};
use otary_server::operator::{Access, CreatedToken, Secret, TokenView, Uploaded};
use serde_json::json;

use crate::desk::{Caller, DAY, Desk, firmware};

const CI: &str = "192.168.1.9";

async fn token(desk: &Desk, name: &str, scope: &str) -> CreatedToken {
    desk.send(Method::POST, "/tokens", json!({ "name": name, "scope": scope })).await.read()
}

async fn get(desk: &Desk, from: Caller<'_>, path: &str) -> crate::desk::Answer {
    desk.request(from, Method::GET, path, Body::empty()).await
}

#[tokio::test]
async fn nobody_gets_in_without_a_token() {
    let desk = Desk::new();
    for path in ["/status", "/products", "/releases", "/devices", "/tokens"] {
        let answer = get(&desk, Caller::Net(CI, None), path).await;
        answer.refused("no-token");
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
    }
}

#[tokio::test]
async fn a_token_does_what_its_scope_says_and_no_more() {
    let desk = Desk::new();
    let upload = |secret: String| {
        let (desk, image) = (&desk, firmware(Chip::Esp32, "lamp"));
        async move {
            let from = Caller::Net(CI, Some(&secret));
            desk.request(from, Method::POST, "/artifacts?file=a.bin", Body::from(image)).await
        }
    };
    let [read, push, operate] = [
        token(&desk, "looks", "read").await,
        token(&desk, "ci", "push").await,
        token(&desk, "me", "operate").await,
    ];
    for (who, may_push, may_operate) in [(&read, false, false), (&push, true, false), (&operate, true, true)]
    {
        let from = Caller::Net(CI, Some(who.secret.expose()));
        assert_eq!(get(&desk, from, "/status").await.status, StatusCode::OK);
        let access: Access = get(&desk, from, "/access").await.read();
        let word = format!("token {}", who.token.name);
        assert_eq!((access.who.as_ref(), &access.grants), (Some(&word), &who.token.grants));
        let pushed = upload(who.secret.expose().to_owned()).await;
        assert_eq!(pushed.status == StatusCode::CREATED, may_push, "{who:?}");
        let listed = get(&desk, from, "/tokens").await;
        assert_eq!(listed.status == StatusCode::OK, may_operate, "{who:?}");
    }
    let refused = upload(read.secret.expose().to_owned()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.refused("scope-too-small"), "this takes push, and token looks may read");
}

#[tokio::test]
async fn the_scheme_of_a_token_is_written_in_any_case() {
    let desk = Desk::new();
    let made = token(&desk, "ci", "read").await;
    for (scheme, let_in) in [("Bearer", true), ("bearer", true), ("BEARER", true), ("Basic", false)] {
        let value = format!("{scheme} {}", made.secret.expose());
        let answer = desk.request(Caller::Shows(&value), Method::GET, "/status", Body::empty()).await;
        assert_eq!(answer.status.is_success(), let_in, "{scheme}");
    }
}

#[tokio::test]
async fn a_secret_is_told_once_and_kept_as_a_digest() {
    let desk = Desk::new();
    let made = token(&desk, "ci", "push").await;
    assert!(made.secret.expose().starts_with("otary_"));
    assert_eq!(desk.store.tokens().unwrap()[0].hash, made.secret.hash());
    let listed = get(&desk, Caller::Here, "/tokens").await;
    let text = String::from_utf8(listed.body).unwrap();
    assert!(!text.contains(made.secret.expose()) && !text.contains("hash"), "{text}");
}

#[tokio::test]
async fn a_token_ends_when_it_expires_or_is_revoked() {
    let desk = Desk::new();
    let short: CreatedToken = desk
        .send(Method::POST, "/tokens", json!({ "name": "short", "scope": "read", "days": 1 }))
        .await
        .read();
    let long = token(&desk, "long", "read").await;
    let status = |secret: Secret| {
        let desk = &desk;
        async move { get(desk, Caller::Net(CI, Some(secret.expose())), "/status").await }
    };
    desk.clock.advance(DAY);
    status(short.secret.clone()).await.refused("expired-token");
    assert_eq!(status(long.secret.clone()).await.status, StatusCode::OK);
    desk.clock.advance(364 * DAY);
    status(long.secret.clone()).await.refused("expired-token");

    let third = token(&desk, "third", "read").await;
    assert_eq!(status(third.secret.clone()).await.status, StatusCode::OK);
    let path = "/tokens/third";
    let gone = desk.request(Caller::Here, Method::DELETE, path, Body::empty()).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    status(third.secret.clone()).await.refused("wrong-token");
    desk.request(Caller::Here, Method::DELETE, path, Body::empty()).await.refused("no-token-of-that-name");
}

#[tokio::test]
async fn guessing_is_cut_short_and_keeps_no_right_token_out() {
    let desk = Desk::new();
    let good = token(&desk, "ci", "read").await;
    let guess = Secret::generate().unwrap();
    for _ in 0..10 {
        get(&desk, Caller::Net("10.0.0.66", Some(guess.expose())), "/status").await.refused("wrong-token");
    }
    let answer = get(&desk, Caller::Net("10.0.0.66", Some(guess.expose())), "/status").await;
    answer.refused("too-many-attempts");
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers[header::RETRY_AFTER], "60");
    for right in [&good.secret, &desk.owner] {
        let answer = get(&desk, Caller::Net("10.0.0.66", Some(right.expose())), "/status").await;
        assert_eq!(answer.status, StatusCode::OK, "who guesses may be behind the same address as everybody");
    }
    desk.clock.advance(Duration::from_mins(1));
    get(&desk, Caller::Net("10.0.0.66", Some(guess.expose())), "/status").await.refused("wrong-token");
}

#[tokio::test]
async fn texts_that_are_no_tokens_count_as_guesses() {
    let desk = Desk::new();
    for _ in 0..10 {
        get(&desk, Caller::Net(CI, Some("hunter2")), "/status").await.refused("wrong-token");
    }
    get(&desk, Caller::Net(CI, Some("hunter2")), "/status").await.refused("too-many-attempts");
}

#[tokio::test]
async fn the_use_of_a_token_is_noted_to_the_hour() {
    let desk = Desk::new();
    let made = token(&desk, "ci", "read").await;
    let used = |tokens: Vec<TokenView>| tokens[0].last_used;
    assert_eq!(used(desk.get("/tokens").await), None);
    let first = desk.clock.now();
    get(&desk, Caller::Net(CI, Some(made.secret.expose())), "/status").await.done();
    desk.clock.advance(Duration::from_mins(59));
    get(&desk, Caller::Net(CI, Some(made.secret.expose())), "/status").await.done();
    assert_eq!(used(desk.get("/tokens").await), Some(first));
    desk.clock.advance(Duration::from_mins(2));
    get(&desk, Caller::Net(CI, Some(made.secret.expose())), "/status").await.done();
    assert_eq!(used(desk.get("/tokens").await), Some(desk.clock.now()));
}

#[tokio::test]
async fn names_and_days_of_tokens_have_bounds() {
    let desk = Desk::new();
    token(&desk, "ci", "push").await;
    let again = json!({ "name": "ci", "scope": "push" });
    desk.send(Method::POST, "/tokens", again).await.refused("token-exists");
    for days in [0, 3651] {
        let body = json!({ "name": "x", "scope": "push", "days": days });
        desk.send(Method::POST, "/tokens", body).await.refused("token-days");
    }
    desk.send(Method::POST, "/tokens", json!({ "name": "A b", "scope": "push" }))
        .await
        .refused("unreadable-body");
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document_too() {
    let desk = Desk::new();
    get(&desk, Caller::Here, "/nowhere").await.refused("no-route");
    let answer = desk.request(Caller::Here, Method::DELETE, "/status", Body::empty()).await;
    answer.refused("no-method");
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let huge = json!({ "name": "x".repeat(200_000) });
    let answer = desk.send(Method::POST, "/products", huge).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn nobody_makes_a_token_that_may_more_than_he_may() {
    let desk = Desk::new();
    let operator = token(&desk, "me", "operate").await;
    let from = Caller::Net(CI, Some(operator.secret.expose()));
    let make = |name: &str, scope: &str| {
        let body = json!({ "name": name, "scope": scope }).to_string();
        desk.request(from, Method::POST, "/tokens", Body::from(body))
    };
    let refused = make("boss", "own").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    refused.refused("scope-too-small");
    assert_eq!(make("ci", "push").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_token_for_one_product_is_none_for_the_server() {
    let desk = Desk::new();
    let body = json!({ "name": "ci", "grants": { "products": { "lamp": "operate" } } });
    let made: CreatedToken = desk.send(Method::POST, "/tokens", body).await.read();
    let from = Caller::Net(CI, Some(made.secret.expose()));
    let refused = get(&desk, from, "/trust").await.refused("scope-too-small");
    assert_eq!(refused, "this takes read on everything, and token ci may operate on lamp");
    let nothing = json!({ "name": "none", "grants": {} });
    desk.send(Method::POST, "/tokens", nothing).await.refused("token-grants");
}

#[tokio::test]
async fn what_was_done_is_kept_with_who_did_it_and_from_where() {
    let desk = Desk::new();
    let operator = token(&desk, "me", "operate").await;
    let from = Caller::Net(CI, Some(operator.secret.expose()));
    desk.request(from, Method::POST, "/products", Body::from(json!({ "name": "lamp" }).to_string()))
        .await
        .done();
    let query = otary_store::EventQuery { limit: 1, ..otary_store::EventQuery::default() };
    let event = desk.store.events(&query).unwrap().remove(0);
    let EventKind::Operator { who, from, .. } = event.kind else { panic!("{event:?}") };
    assert_eq!((who.as_str(), from), ("token me", Some(CI.parse().unwrap())));
}

#[tokio::test]
async fn what_was_uploaded_and_dropped_again_is_kept_though_nothing_was_published() {
    let desk = Desk::new();
    let uploaded: Uploaded = desk.upload("lamp.bin", firmware(Chip::Esp32, "lamp")).await.read();
    let id = uploaded.artifact.id;
    desk.send(Method::DELETE, &format!("/artifacts/{id}"), json!(null)).await.done();
    let query = otary_store::EventQuery { limit: 9, ..otary_store::EventQuery::default() };
    let done = desk.store.events(&query).unwrap().into_iter().filter_map(|event| match event.kind {
        EventKind::Operator { action, .. } => Some(action),
        _ => None,
    });
    let done: Vec<_> = done.collect();
    for action in [format!("uploaded lamp.bin ({id})"), format!("dropped the upload {id}")] {
        assert!(done.contains(&action), "{action}: {done:?}");
    }
}

#[tokio::test]
async fn ssrf_what_this_machine_alone_can_reach_is_not_for_who_looks_after_one_product() {
    let desk = Desk::new();
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "lamp 0.1")).await;
    let grants = json!({ "products": { "lamp": "operate" } });
    let lamps: CreatedToken =
        desk.send(Method::POST, "/tokens", json!({ "name": "lamps", "grants": grants })).await.read();
    let add = async |reach: serde_json::Value| {
        let from = "https://127.0.0.1/lamp.bin";
        let mirror = json!({ "product": "lamp", "from": [from], "every_hours": 0, "reach": reach });
        let caller = Caller::Net(CI, Some(lamps.secret.expose()));
        desk.request(caller, Method::POST, "/mirrors", Body::from(mirror.to_string())).await
    };
    add(json!({ "plain_http": true, "hosts": [] })).await.refused("scope-too-small");
    add(json!({ "plain_http": false, "hosts": ["127.0.0.1"] })).await.refused("scope-too-small");
    add(json!({ "plain_http": false, "hosts": [] })).await.done();
}
