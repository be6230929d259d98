//! What was taken away counts no more, from that moment on: whatever request was begun before, and whoever has the name later.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::once;
use http::{Method, StatusCode};
use otary_fleet::Chip;
use otary_server::operator::{CreatedToken, PersonView, Uploaded};
use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD};
use crate::desk::{Answer, Caller, Desk, firmware};

const CI: &str = "192.168.1.9";

async fn token(desk: &Desk, name: &str, grants: Value) -> CreatedToken {
    desk.send(Method::POST, "/tokens", json!({ "name": name, "grants": grants })).await.read()
}

/// A request whose body comes once its head was let in, and after the owner did this.
async fn late(
    desk: &Arc<Desk>,
    token: &CreatedToken,
    (method, path, body): (Method, &str, Vec<u8>),
    meanwhile: (Method, &'static str, Value),
) -> Answer {
    let owner = Arc::clone(desk);
    let body = Body::from_stream(once(async move {
        let (method, path, said) = meanwhile;
        owner.send(method, path, said).await.done();
        Ok::<_, Infallible>(Bytes::from(body))
    }));
    desk.request(Caller::Net(CI, Some(token.secret.expose())), method, path, body).await
}

fn text(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}

#[tokio::test]
async fn a_token_that_is_revoked_while_a_body_is_on_its_way_makes_nobody_an_owner() {
    let desk = Arc::new(Desk::new());
    let victim = token(&desk, "victim", json!("own")).await;
    let ghost = text(&json!({ "name": "ghost", "password": PASSWORD, "grants": "own" }));
    let revoke = (Method::DELETE, "/tokens/victim", Value::Null);
    late(&desk, &victim, (Method::POST, "/people", ghost), revoke).await.refused("wrong-token");
    assert!(desk.get::<Vec<PersonView>>("/people").await.is_empty());
}

#[tokio::test]
async fn who_is_demoted_while_a_body_is_on_its_way_does_not_take_it_back() {
    let desk = Arc::new(Desk::new());
    for name in ["dem", "lena"] {
        let person = json!({ "name": name, "password": PASSWORD, "grants": "own" });
        desk.send(Method::POST, "/people", person).await.done();
    }
    let mut dem = Browser::at(CI);
    dem.sign_in(&desk, "dem", PASSWORD).await.done();
    let by_dem = dem.post(&desk, "/tokens", json!({ "name": "dems", "grants": "own" })).await.read();
    let back = text(&json!({ "grants": "own" }));
    let demote = (Method::PATCH, "/people/dem", json!({ "grants": "read" }));
    late(&desk, &by_dem, (Method::PATCH, "/people/dem", back), demote).await.refused("scope-too-small");
}

#[tokio::test]
async fn a_token_that_is_revoked_during_an_upload_leaves_nothing_behind() {
    let desk = Arc::new(Desk::new());
    let ci = token(&desk, "ci", json!("push")).await;
    let image = firmware(Chip::Esp32, "lamp 0.1");
    let revoke = (Method::DELETE, "/tokens/ci", Value::Null);
    let upload = (Method::POST, "/artifacts?file=lamp.bin", image.clone());
    late(&desk, &ci, upload, revoke).await.refused("wrong-token");
    let path = format!("/artifacts/{}?file=lamp.bin", otary_fleet::Sha256::of(&image));
    desk.request(Caller::Here, Method::GET, &path, Body::empty()).await.refused("no-artifact");
}

#[tokio::test]
async fn what_was_answered_under_a_key_is_told_to_no_later_token_of_that_name() {
    let desk = Desk::new();
    let made = |token: &CreatedToken| {
        let secret = token.secret.expose().to_owned();
        let desk = &desk;
        async move {
            let body = Body::from(json!({ "name": "deploy", "grants": "operate" }).to_string());
            let (from, key) = (Caller::Net(CI, Some(&secret)), [("idempotency-key", "1")]);
            desk.request_with(from, Method::POST, "/api/v1/tokens", &key, body).await
        }
    };
    let first = token(&desk, "ci", json!("operate")).await;
    let deploy: CreatedToken = made(&first).await.read();
    assert_eq!(made(&first).await.read::<CreatedToken>().secret.expose(), deploy.secret.expose());
    desk.send(Method::DELETE, "/tokens/ci", Value::Null).await.done();
    let second = token(&desk, "ci", json!("operate")).await;
    made(&second).await.refused("token-exists");
}

#[tokio::test]
async fn who_may_not_publish_there_takes_nobodys_upload_away() {
    let desk = Desk::new();
    desk.publish("plug", "0.1", &firmware(Chip::Esp32, "plug 0.1")).await;
    let small = token(&desk, "small", json!({ "products": { "lamp": "push" } })).await;
    let ask = |method: Method, path: String, body: Value| {
        let (desk, secret) = (&desk, small.secret.expose());
        async move {
            desk.request(Caller::Net(CI, Some(secret)), method, &path, Body::from(body.to_string())).await
        }
    };
    let uploaded: Uploaded = desk.upload("plug.bin", firmware(Chip::Esp32, "plug 0.2")).await.read();
    let artifacts = json!([{ "id": uploaded.artifact.id, "file": "plug.bin" }]);
    let release = json!({ "product": "plug", "version": "0.2", "artifacts": artifacts });
    ask(Method::POST, "/releases".into(), release.clone()).await.refused("no-product");
    assert_eq!(desk.send(Method::POST, "/releases", release).await.status, StatusCode::CREATED);
    // Nor does a digest show whether another product has it.
    let gone = ask(Method::DELETE, format!("/artifacts/{}", uploaded.artifact.id), Value::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    desk.request(Caller::Here, Method::GET, "/releases/plug/0.2", Body::empty()).await.done();
}
