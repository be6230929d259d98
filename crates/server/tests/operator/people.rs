//! People: who can sign in, what they may, and that what is taken away is taken away at once.

use axum::body::Body;
use http::{Method, StatusCode};
use otary_server::operator::{CreatedToken, PersonView};
use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD, account};
use crate::desk::{Answer, Caller, Desk};

const HOME: &str = "192.168.1.20";

async fn signed_in(desk: &Desk, name: &str, grants: Value) -> Browser {
    let mut browser = Browser::at(HOME);
    account(desk, name, grants).await;
    browser.sign_in(desk, name, PASSWORD).await.done();
    browser
}

async fn status(desk: &Desk, token: &CreatedToken) -> Answer {
    let from = Caller::Net(HOME, Some(token.secret.expose()));
    desk.request(from, Method::GET, "/status", Body::empty()).await
}

#[tokio::test]
async fn people_are_added_listed_and_never_shown_with_their_passwords() {
    let desk = Desk::new();
    let mut lena = signed_in(&desk, "lena", json!("own")).await;
    let new = json!({ "name": "ada", "password": PASSWORD, "grants": { "products": { "lamp": "push" } } });
    assert_eq!(lena.post(&desk, "/people", new.clone()).await.status, StatusCode::CREATED);
    lena.post(&desk, "/people", new).await.refused("person-exists");
    let listed = lena.get(&desk, "/people").await;
    assert!(!String::from_utf8(listed.body.clone()).unwrap().contains("argon2"));
    let people: Vec<PersonView> = listed.read();
    let said: Vec<(&str, String)> = people.iter().map(|p| (p.name.as_str(), p.grants.to_string())).collect();
    assert_eq!(said, [("ada", "push on lamp".to_owned()), ("lena", "own".to_owned())]);
}

#[tokio::test]
async fn somebody_who_may_less_acts_at_once_on_less() {
    let desk = Desk::new();
    let mut ada = signed_in(&desk, "ada", json!("operate")).await;
    let token: CreatedToken =
        ada.post(&desk, "/tokens", json!({ "name": "ci", "scope": "push" })).await.read();
    desk.send(Method::PATCH, "/people/ada", json!({ "grants": "read" })).await.done();
    ada.post(&desk, "/products", json!({ "name": "lamp" })).await.refused("scope-too-small");
    let from = Caller::Net(HOME, Some(token.secret.expose()));
    let upload = desk.request(from, Method::POST, "/artifacts?file=a.bin", Body::from("x")).await;
    assert_eq!(upload.refused("scope-too-small"), "this takes push, and token ci may read");
    assert_eq!(status(&desk, &token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_may_not_come_in_is_out_with_the_tokens_that_were_made() {
    let desk = Desk::new();
    let mut ada = signed_in(&desk, "ada", json!("operate")).await;
    let token: CreatedToken =
        ada.post(&desk, "/tokens", json!({ "name": "ci", "scope": "push" })).await.read();
    desk.send(Method::PATCH, "/people/ada", json!({ "disabled": true })).await.done();
    ada.get(&desk, "/status").await.refused("signed-out");
    ada.sign_in(&desk, "ada", PASSWORD).await.refused("wrong-password");
    status(&desk, &token).await.refused("disabled-token");
    desk.send(Method::PATCH, "/people/ada", json!({ "disabled": false })).await.done();
    assert_eq!(status(&desk, &token).await.status, StatusCode::OK);
    assert_eq!(ada.sign_in(&desk, "ada", PASSWORD).await.status, StatusCode::CREATED);

    let gone = desk.request(Caller::Here, Method::DELETE, "/people/ada", Body::empty()).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    ada.get(&desk, "/status").await.refused("signed-out");
    status(&desk, &token).await.refused("wrong-token");
}

#[tokio::test]
async fn token_scope_a_person_sees_and_revokes_own_tokens_alone() {
    let desk = Desk::new();
    desk.send(Method::POST, "/tokens", json!({ "name": "house", "scope": "push" })).await.done();
    let mut ada = signed_in(&desk, "ada", json!("operate")).await;
    ada.post(&desk, "/tokens", json!({ "name": "ci", "scope": "push" })).await.done();
    ada.post(&desk, "/tokens", json!({ "name": "boss", "scope": "own" })).await.refused("scope-too-small");
    let names = |answer: Answer| {
        let tokens: Vec<Value> = answer.read();
        tokens.iter().map(|token| token["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(ada.get(&desk, "/tokens").await), ["ci"]);
    let revoke = |browser: &Browser, name: &str| {
        let (mut browser, desk, path) = (browser.clone(), &desk, format!("/tokens/{name}"));
        async move { browser.send(desk, Method::DELETE, &path, Value::Null).await }
    };
    revoke(&ada, "house").await.refused("no-token-of-that-name");
    assert_eq!(revoke(&ada, "ci").await.status, StatusCode::NO_CONTENT);
    let mut lena = signed_in(&desk, "lena", json!("own")).await;
    assert_eq!(names(lena.get(&desk, "/tokens").await), ["house"]);
}

#[tokio::test]
async fn the_last_owner_stays_one_unless_the_data_directory_says_otherwise() {
    let desk = Desk::new();
    let mut lena = signed_in(&desk, "lena", json!("own")).await;
    for change in [json!({ "grants": "read" }), json!({ "disabled": true })] {
        lena.send(&desk, Method::PATCH, "/people/lena", change).await.refused("last-owner");
    }
    lena.send(&desk, Method::DELETE, "/people/lena", Value::Null).await.refused("last-owner");
    account(&desk, "ada", json!("own")).await;
    let changed = lena.send(&desk, Method::PATCH, "/people/lena", json!({ "grants": "read" })).await;
    assert_eq!(changed.status, StatusCode::OK);
    lena.get(&desk, "/people").await.refused("scope-too-small");
    let by_owner = desk.request(Caller::Here, Method::DELETE, "/people/ada", Body::empty()).await;
    assert_eq!(by_owner.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_password_that_is_set_by_another_ends_every_session() {
    let desk = Desk::new();
    let mut ada = signed_in(&desk, "ada", json!("read")).await;
    desk.send(Method::PATCH, "/people/ada", json!({ "password": "another one entirely" })).await.done();
    ada.get(&desk, "/status").await.refused("signed-out");
    desk.send(Method::PATCH, "/people/nobody", json!({ "disabled": true })).await.refused("no-person");
}

#[tokio::test]
async fn token_scope_a_small_token_makes_no_other_and_ends_itself_alone() {
    let desk = Desk::new();
    let mut ada = signed_in(&desk, "ada", json!("read")).await;
    let mut made = Vec::new();
    for name in ["laptop", "phone"] {
        let new = json!({ "name": name, "scope": "read" });
        made.push(ada.post(&desk, "/tokens", new).await.read::<CreatedToken>());
    }
    let from = Caller::Net(HOME, Some(made[0].secret.expose()));
    let more = Body::from(json!({ "name": "more", "scope": "read" }).to_string());
    desk.request(from, Method::POST, "/tokens", more).await.refused("token-by-token");
    desk.request(from, Method::DELETE, "/tokens/phone", Body::empty()).await.refused("no-token-of-that-name");
    let ended = desk.request(from, Method::DELETE, "/tokens/laptop", Body::empty()).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(desk.store.tokens().unwrap().len(), 1);
}
