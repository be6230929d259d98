//! Private products and enrolled devices: what operators set, and what is told of it.

use http::{Method, StatusCode};
use otary_fleet::{CredentialKind, EventKind, Sha256};
use otary_server::operator::{DeviceView, ProductView};
use otary_store::EventQuery;
use serde_json::json;

use crate::desk::{Caller, Desk, MAC};

fn token(number: u8) -> CredentialKind {
    CredentialKind::Token(Sha256::of(&[number]))
}

async fn enroll(desk: &Desk, kind: CredentialKind) -> crate::desk::Answer {
    enroll_for(desk, kind, None).await
}

async fn enroll_for(desk: &Desk, credential: CredentialKind, product: Option<&str>) -> crate::desk::Answer {
    let enrolment = json!({ "credential": credential, "product": product });
    desk.send(Method::POST, &format!("/devices/{MAC}/enroll"), enrolment).await
}

async fn disenroll(desk: &Desk, credential: serde_json::Value) -> crate::desk::Answer {
    let which = json!({ "credential": credential });
    desk.send(Method::POST, &format!("/devices/{MAC}/disenroll"), which).await
}

fn actions(desk: &Desk) -> Vec<String> {
    let events = desk.store.events(&EventQuery { limit: 20, ..EventQuery::default() }).unwrap();
    let action = |kind| match kind {
        EventKind::Operator { who, action, .. } => format!("{who}: {action}"),
        other => panic!("{other:?}"),
    };
    events.into_iter().map(|event| action(event.kind)).collect()
}

#[tokio::test]
async fn a_device_is_enrolled_before_it_asked_and_the_record_says_by_whom() {
    let desk = Desk::new();
    let view: DeviceView = enroll(&desk, token(1)).await.read();
    assert_eq!(view.device.credentials[0].kind, token(1));
    assert!(view.device.is_known(), "it is not forgotten as a stranger");
    let digest = token(1).digest().to_string();
    assert_eq!(actions(&desk), [format!("local: issued the token {digest:.12}")]);
}

#[tokio::test]
async fn it_is_assigned_to_the_product_that_is_named_or_to_the_only_private_one() {
    let desk = Desk::new();
    let assigned = |answer: crate::desk::Answer| answer.read::<DeviceView>().device.product;
    let name = |text: &str| Some(text.parse().unwrap());
    desk.send(Method::POST, "/products", json!({ "name": "open" })).await.done();
    assert_eq!(assigned(enroll(&desk, token(1)).await), None, "nothing is private");
    desk.send(Method::POST, "/products", json!({ "name": "lamp", "private": true })).await.done();
    assert_eq!(assigned(enroll(&desk, token(2)).await), name("lamp"));
    let digest = token(2).digest().to_string();
    assert_eq!(actions(&desk)[0], format!("local: issued the token {digest:.12}, assigned to lamp"));
    desk.send(Method::POST, "/products", json!({ "name": "gate", "private": true })).await.done();
    enroll_for(&desk, token(3), Some("door")).await.refused("no-product");
    assert_eq!(assigned(enroll_for(&desk, token(3), Some("gate")).await), name("gate"));
    assert_eq!(
        assigned(enroll(&desk, token(4)).await),
        name("gate"),
        "it stays with what it was assigned to"
    );
    disenroll(&desk, json!(null)).await.done();
    desk.send(Method::DELETE, &format!("/devices/{MAC}"), ()).await.done();
    assert_eq!(assigned(enroll(&desk, token(1)).await), None, "which of the two, nobody said");
}

#[tokio::test]
async fn it_has_a_few_credentials_at_most_and_each_once() {
    let desk = Desk::new();
    for number in 1..=4 {
        assert_eq!(enroll(&desk, token(number)).await.status, StatusCode::OK);
    }
    enroll(&desk, token(4)).await.refused("already-issued");
    enroll(&desk, token(5)).await.refused("too-many-credentials");
}

#[tokio::test]
async fn one_credential_is_taken_back_or_all_of_them() {
    let desk = Desk::new();
    let kinds = [token(1), token(2), CredentialKind::Certificate(Sha256::of(b"certificate"))];
    for kind in kinds {
        enroll(&desk, kind).await.done();
    }
    let digits = kinds[1].digest().to_string();
    disenroll(&desk, json!("00000000")).await.refused("no-credential");
    disenroll(&desk, json!("")).await.refused("ambiguous-credential");
    let view: DeviceView = disenroll(&desk, json!(digits[..12])).await.read();
    let left: Vec<_> = view.device.credentials.iter().map(|credential| credential.kind).collect();
    assert_eq!(left, [kinds[0], kinds[2]]);
    let view: DeviceView = disenroll(&desk, json!(null)).await.read();
    assert!(view.device.credentials.is_empty());
    disenroll(&desk, json!(null)).await.refused("no-credential");
    assert!(actions(&desk).contains(&"local: took back all of its 2 credentials".to_owned()));
    let stranger = "/devices/24:6F:28:00:00:09/disenroll";
    desk.send(Method::POST, stranger, json!({})).await.refused("no-device");
}

#[tokio::test]
async fn who_may_only_look_or_push_enrolls_nobody() {
    let desk = Desk::new();
    let made = json!({ "name": "ci", "scope": "push" });
    let made: serde_json::Value = desk.send(Method::POST, "/tokens", made).await.read();
    let shown = Caller::Net("10.0.0.1", made["secret"].as_str());
    let body = || serde_json::to_vec(&json!({ "credential": token(1) })).unwrap().into();
    for path in [format!("/devices/{MAC}/enroll"), format!("/devices/{MAC}/disenroll")] {
        desk.request(shown, Method::POST, &path, body()).await.refused("scope-too-small");
    }
}

#[tokio::test]
async fn a_products_secret_is_set_and_never_told_again() {
    let desk = Desk::new();
    let digest = Sha256::of(b"correct-horse");
    let new = json!({ "name": "lamp", "private": true, "secret": { "sha256": digest } });
    let answer = desk.send(Method::POST, "/products", new).await;
    assert!(!String::from_utf8_lossy(&answer.body).contains(&digest.to_string()));
    let view: ProductView = answer.read();
    assert!(view.product.private && view.has_secret);
    let name = &view.product.name;
    assert_eq!(desk.store.catalogue().product(name).unwrap().secret, Some(digest));

    let view: ProductView =
        desk.send(Method::PATCH, "/products/lamp", json!({ "secret": "none" })).await.read();
    assert!(view.product.private && !view.has_secret, "what is not named stays");
    assert!(actions(&desk).contains(&"local: set no secret".to_owned()));
}

#[tokio::test]
async fn what_is_private_cannot_be_marked_for_plain_http() {
    let desk = Desk::new();
    let both = json!({ "name": "lamp", "private": true, "allow_plain_http": true });
    desk.send(Method::POST, "/products", &both).await.refused("private-over-plain-http");
    desk.send(Method::POST, "/products", json!({ "name": "lamp", "allow_plain_http": true })).await.done();
    desk.send(Method::PATCH, "/products/lamp", json!({ "private": true }))
        .await
        .refused("private-over-plain-http");
    let either = json!({ "private": true, "allow_plain_http": false });
    assert_eq!(desk.send(Method::PATCH, "/products/lamp", either).await.status, StatusCode::OK);
}
