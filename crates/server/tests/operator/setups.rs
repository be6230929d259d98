//! The setup code: the way into the page, at first and when a password is lost.

use std::time::Duration;

use http::{Method, StatusCode};
use otary_fleet::{Grants, Scope};
use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD, account, setup_code};
use crate::desk::{Caller, Desk};

const HOME: &str = "192.168.1.20";

fn setup(code: &str, name: &str) -> Value {
    json!({ "code": code, "name": name, "password": PASSWORD })
}

#[tokio::test]
async fn a_code_makes_the_owners_account_and_signs_in() {
    let (desk, mut browser) = (Desk::new(), Browser::at(HOME));
    assert!(!browser.access(&desk).await.set_up);
    let code = setup_code(&desk).await;
    let answer = browser.post(&desk, "/setup", setup(&code.to_lowercase(), "lena")).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let access = browser.access(&desk).await;
    assert_eq!((access.who.as_deref(), access.set_up), (Some("lena"), true));
    assert_eq!(access.grants, Grants::everywhere(Scope::Own));
    assert_eq!(browser.get(&desk, "/people").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_setup_code_is_good_once() {
    let desk = Desk::new();
    let code = setup_code(&desk).await;
    assert_eq!(
        Browser::at(HOME).post(&desk, "/setup", setup(&code, "lena")).await.status,
        StatusCode::CREATED
    );
    let again = Browser::at(HOME).post(&desk, "/setup", setup(&code, "mallory")).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    again.refused("wrong-code");
    assert_eq!(desk.store.accounts().unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_who_show_a_code_at_once_one_is_let_in() {
    let desk = Desk::new();
    let code = setup_code(&desk).await;
    let (mut one, mut other) = (Browser::at(HOME), Browser::at("192.168.1.30"));
    let (one, other) = tokio::join!(
        one.post(&desk, "/setup", setup(&code, "lena")),
        other.post(&desk, "/setup", setup(&code, "mallory"))
    );
    assert_ne!(one.status.is_success(), other.status.is_success());
    assert_eq!(desk.store.accounts().unwrap().len(), 1);
}

#[tokio::test]
async fn a_setup_code_ends_after_a_quarter_of_an_hour_and_when_there_is_another() {
    let desk = Desk::new();
    let first = setup_code(&desk).await;
    let second = setup_code(&desk).await;
    Browser::at(HOME).post(&desk, "/setup", setup(&first, "lena")).await.refused("wrong-code");
    desk.clock.advance(Duration::from_mins(15));
    Browser::at(HOME).post(&desk, "/setup", setup(&second, "lena")).await.refused("wrong-code");
}

#[tokio::test]
async fn what_is_wrong_with_the_form_does_not_use_the_code_up() {
    let desk = Desk::new();
    let code = setup_code(&desk).await;
    let mut browser = Browser::at(HOME);
    let short = json!({ "code": code, "name": "lena", "password": "short" });
    browser.post(&desk, "/setup", short).await.refused("short-password");
    browser.post(&desk, "/setup", setup(&code, "local")).await.refused("reserved-name");
    browser
        .clone()
        .on_a_page_of("https://evil.example")
        .post(&desk, "/setup", setup(&code, "x"))
        .await
        .refused("forged");
    assert_eq!(browser.post(&desk, "/setup", setup(&code, "lena")).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn without_the_code_nothing_is_said_of_the_form() {
    let desk = Desk::new();
    let wrong = "00000-00000-00000-00000-000000";
    let short = json!({ "code": wrong, "name": "local", "password": "short" });
    Browser::at(HOME).post(&desk, "/setup", short).await.refused("wrong-code");
    for _ in 0..50 {
        Browser::at(HOME).post(&desk, "/setup", setup(wrong, "lena")).await.refused("wrong-code");
    }
    let code = setup_code(&desk).await;
    let answer = Browser::at(HOME).post(&desk, "/setup", setup(&code, "lena")).await;
    assert_eq!(answer.status, StatusCode::CREATED, "who guesses keeps nobody out");
}

#[tokio::test]
async fn a_code_replaces_a_lost_password_and_ends_what_it_had_opened() {
    let (desk, mut lost) = (Desk::new(), Browser::at(HOME));
    account(&desk, "lena", json!("read")).await;
    lost.sign_in(&desk, "lena", PASSWORD).await.done();
    let code = setup_code(&desk).await;
    let new = json!({ "code": code, "name": "lena", "password": "another one entirely" });
    assert_eq!(Browser::at("192.168.1.30").post(&desk, "/setup", new).await.status, StatusCode::CREATED);
    assert_eq!(lost.access(&desk).await.who, None);
    lost.sign_in(&desk, "lena", PASSWORD).await.refused("wrong-password");
    assert_eq!(desk.store.accounts().unwrap()[0].grants, Grants::everywhere(Scope::Own));
}

#[tokio::test]
async fn only_the_owner_of_the_data_directory_has_a_code_made() {
    let (desk, mut owner) = (Desk::new(), Browser::at(HOME));
    account(&desk, "lena", json!("own")).await;
    owner.sign_in(&desk, "lena", PASSWORD).await.done();
    owner.post(&desk, "/setup/code", Value::Null).await.refused("owner-only");
    let body = axum::body::Body::empty();
    desk.request(Caller::Net(HOME, None), Method::POST, "/setup/code", body).await.refused("no-token");
}

#[tokio::test]
async fn a_setup_code_is_hashed_at_rest_and_not_in_the_log() {
    let desk = Desk::new();
    let code = setup_code(&desk).await;
    let bare = code.replace('-', "");
    let kept = desk.store.setting("setup-code").unwrap().unwrap();
    let query = otary_store::AuditQuery { limit: 100, ..otary_store::AuditQuery::default() };
    let log = format!("{:?}", desk.store.audit(&query).unwrap());
    assert!(log.contains("made a setup code"), "{log}");
    for text in [kept, log] {
        assert!(!text.contains(&bare) && !text.contains(&code), "{text}");
    }
}
