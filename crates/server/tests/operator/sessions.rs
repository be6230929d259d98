//! Signing in and out: what a session is worth, and what it cannot be used for.

use std::time::Duration;

use http::{Method, StatusCode, header};
use otary_fleet::{Session, Sha256};
use otary_server::operator::{ActorKind, PersonView};
use serde_json::{Value, json};

use crate::browser::{Browser, HOST, PASSWORD, account};
use crate::desk::{Caller, Desk};

const HOME: &str = "192.168.1.20";

/// A desk with a person on it, who is signed in.
async fn signed_in(grants: Value) -> (Desk, Browser) {
    let (desk, mut browser) = (Desk::new(), Browser::at(HOME));
    account(&desk, "lena", grants).await;
    let answer = browser.sign_in(&desk, "lena", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    (desk, browser)
}

fn product() -> Value {
    json!({ "name": "lamp" })
}

#[tokio::test]
async fn who_signs_in_may_do_what_the_account_may() {
    let (desk, mut browser) = signed_in(json!("operate")).await;
    let access = browser.access(&desk).await;
    assert_eq!(
        (access.who.as_deref(), access.kind, access.set_up),
        (Some("lena"), Some(ActorKind::Session), true)
    );
    assert_eq!(browser.post(&desk, "/products", product()).await.status, StatusCode::CREATED);
    let refused = browser.get(&desk, "/people").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.refused("scope-too-small"), "this takes own, and lena may operate");
}

#[tokio::test]
async fn whoever_shows_nothing_is_nobody() {
    let desk = Desk::new();
    let access = Browser::at(HOME).access(&desk).await;
    assert_eq!((access.who, access.kind, access.set_up), (None, None, false));
    assert!(access.grants.is_empty());
    Browser::at(HOME).get(&desk, "/status").await.refused("no-token");
}

#[tokio::test]
async fn the_cookie_is_for_this_host_over_tls_and_for_no_script_and_no_other_site() {
    let desk = Desk::new();
    account(&desk, "lena", json!("own")).await;
    let answer = Browser::at(HOME).sign_in(&desk, "lena", PASSWORD).await;
    let cookies: Vec<&str> =
        answer.headers.get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2);
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
            assert!(cookie.split("; ").any(|found| found == attribute), "{attribute}: {cookie}");
        }
    }
}

#[tokio::test]
async fn csrf_a_change_under_a_session_takes_its_token_and_comes_from_this_site() {
    let (desk, browser) = signed_in(json!("operate")).await;
    let without = Browser { csrf: None, ..browser.clone() };
    let wrong = Browser { csrf: Some("A".repeat(43)), ..browser.clone() };
    let header = |name, value: &str| Browser { headers: vec![(name, value.to_owned())], ..browser.clone() };
    for mut forged in [
        without.clone(),
        wrong,
        browser.clone().on_a_page_of("https://evil.example"),
        browser.clone().on_a_page_of("https://pi.lan"),
        browser.clone().on_a_page_of(&format!("http://{HOST}")),
        browser.clone().on_a_page_of("null"),
        header("sec-fetch-site", "cross-site"),
        header("sec-fetch-site", "same-site"),
    ] {
        let answer = forged.post(&desk, "/products", product()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{forged:?}");
        answer.refused("forged");
        forged.send(&desk, Method::DELETE, "/session", Value::Null).await.refused("forged");
    }
    assert!(desk.store.catalogue().products().next().is_none());
    let mut own = browser.clone().on_a_page_of(&format!("https://{HOST}"));
    own.headers.push(("sec-fetch-site", "same-origin".to_owned()));
    assert_eq!(own.post(&desk, "/products", product()).await.status, StatusCode::CREATED);
    assert_eq!(
        without.clone().get(&desk, "/products").await.status,
        StatusCode::OK,
        "reading takes no token"
    );
}

#[tokio::test]
async fn csrf_the_token_of_one_session_is_none_for_another() {
    let (desk, browser) = signed_in(json!("operate")).await;
    let mut other = Browser::at(HOME);
    other.sign_in(&desk, "lena", PASSWORD).await.done();
    let mut mixed = Browser { csrf: other.csrf.clone(), ..browser };
    mixed.post(&desk, "/products", product()).await.refused("forged");
}

#[tokio::test]
async fn csrf_nobody_is_signed_in_by_another_sites_page() {
    let desk = Desk::new();
    account(&desk, "mallory", json!("read")).await;
    let mut browser = Browser::at(HOME).on_a_page_of("https://evil.example");
    browser.sign_in(&desk, "mallory", PASSWORD).await.refused("forged");
    assert_eq!(browser.session(), None);
}

#[tokio::test]
async fn session_fixation_a_sign_in_makes_a_secret_of_its_own() {
    let (desk, attacker) = signed_in(json!("read")).await;
    account(&desk, "ada", json!("own")).await;
    let planted = attacker.session().unwrap().to_owned();
    for planted in [planted.clone(), format!("otary_{}", "A".repeat(43)), "chosen".to_owned()] {
        let mut victim = Browser::at("192.168.1.30");
        victim.cookies.insert("__Host-otary".into(), planted.clone());
        victim.sign_in(&desk, "ada", PASSWORD).await.done();
        assert_ne!(victim.session(), Some(planted.as_str()));
        assert_eq!(victim.access(&desk).await.who.as_deref(), Some("ada"));
    }
    assert_eq!(attacker.clone().access(&desk).await.who, None, "what the browser showed before has ended");
}

#[tokio::test]
async fn beside_an_authorization_no_cookie_is_looked_at() {
    let (desk, mut browser) = signed_in(json!("operate")).await;
    browser.headers.push(("authorization", "Bearer hunter2".to_owned()));
    browser.get(&desk, "/status").await.refused("wrong-token");
    browser.get(&desk, "/access").await.refused("wrong-token");
}

#[tokio::test]
async fn a_sessions_secret_is_no_token_and_a_token_is_no_session() {
    let (desk, browser) = signed_in(json!("operate")).await;
    let from = Caller::Net(HOME, browser.session());
    desk.request(from, Method::GET, "/status", axum::body::Body::empty()).await.refused("wrong-token");
    let mut turned = Browser::at(HOME);
    turned.cookies.insert("__Host-otary".into(), desk.owner.expose().to_owned());
    turned.get(&desk, "/status").await.refused("signed-out");
}

#[tokio::test]
async fn a_session_ends_unused_and_when_it_is_old() {
    let (desk, mut browser) = signed_in(json!("read")).await;
    desk.clock.advance(Duration::from_hours(11));
    assert_eq!(browser.get(&desk, "/status").await.status, StatusCode::OK);
    desk.clock.advance(Duration::from_hours(11));
    assert_eq!(browser.get(&desk, "/status").await.status, StatusCode::OK, "it was used meanwhile");
    desk.clock.advance(Session::IDLE);
    browser.get(&desk, "/status").await.refused("signed-out");

    browser.sign_in(&desk, "lena", PASSWORD).await.done();
    for _ in 0..28 {
        assert_eq!(browser.get(&desk, "/status").await.status, StatusCode::OK);
        desk.clock.advance(Session::LONGEST / 28);
    }
    browser.get(&desk, "/status").await.refused("signed-out");
}

#[tokio::test]
async fn who_signs_out_has_no_session_any_more_also_elsewhere() {
    let (desk, mut browser) = signed_in(json!("read")).await;
    let mut copy = browser.clone();
    let answer = browser.send(&desk, Method::DELETE, "/session", Value::Null).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(browser.session(), None);
    copy.get(&desk, "/status").await.refused("signed-out");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let (desk, mut browser) = signed_in(json!("read")).await;
    let mut other = Browser::at("192.168.1.30");
    other.sign_in(&desk, "lena", PASSWORD).await.done();
    let change = |old: &str, new: &str| json!({ "old": old, "new": new });
    let path = "/session/password";
    browser
        .post(&desk, path, change("not this one at all", "another one entirely"))
        .await
        .refused("wrong-password");
    browser.post(&desk, path, change(PASSWORD, "short")).await.refused("short-password");
    let answer = browser.post(&desk, path, change(PASSWORD, "another one entirely")).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(browser.access(&desk).await.who.as_deref(), Some("lena"));
    assert_eq!(other.access(&desk).await.who, None);
    other.sign_in(&desk, "lena", PASSWORD).await.refused("wrong-password");
    assert_eq!(other.sign_in(&desk, "lena", "another one entirely").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn lock_out_nobody_keeps_the_owner_out_from_elsewhere_nor_from_a_known_browser() {
    let (desk, mut known) = signed_in(json!("own")).await;
    let guess = |address: &str| Browser::at(address);
    for n in 0..40 {
        let mut attacker = guess(&format!("10.0.0.{n}"));
        assert!(attacker.sign_in(&desk, "lena", "wrong password").await.status.is_client_error());
    }
    let mut attacker = guess(HOME);
    for _ in 0..5 {
        attacker.sign_in(&desk, "lena", "wrong password").await.refused("wrong-password");
    }
    let held = attacker.sign_in(&desk, "lena", PASSWORD).await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(held.headers.contains_key(header::RETRY_AFTER));
    held.refused("too-many-attempts");

    let elsewhere = guess("192.168.1.30").sign_in(&desk, "lena", PASSWORD).await;
    assert_eq!(elsewhere.status, StatusCode::CREATED, "who tries elsewhere keeps nobody out");
    known.send(&desk, Method::DELETE, "/session", Value::Null).await.done();
    let here = known.sign_in(&desk, "lena", PASSWORD).await;
    assert_eq!(here.status, StatusCode::CREATED, "nor, at the same address, a browser that signed in before");

    let code = crate::browser::setup_code(&desk).await;
    let setup = json!({ "code": code, "name": "lena", "password": "a way in at any time" });
    assert_eq!(
        attacker.post(&desk, "/setup", setup).await.status,
        StatusCode::CREATED,
        "and a code is always a way in"
    );
}

#[tokio::test]
async fn a_name_that_nobody_has_is_answered_as_a_wrong_password_is() {
    let desk = Desk::new();
    account(&desk, "lena", json!("own")).await;
    let mut answers = Vec::new();
    for name in ["lena", "nobody", "", "lena\r\nSet-Cookie: a=b"] {
        let answer = Browser::at(HOME).sign_in(&desk, name, "wrong password").await;
        answers.push((answer.status, answer.body));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn header_injection_no_name_gets_into_a_header_or_ends_a_line_of_the_log() {
    let desk = Desk::new();
    for name in
        ["lena\r\nSet-Cookie: a=b", "lena; Path=/x", "lena\0", "Lena", "l e", "local", "mirror", "notices"]
    {
        let body = json!({ "name": name, "password": PASSWORD, "grants": "read" });
        let answer = desk.send(Method::POST, "/people", body).await;
        assert!(answer.status.is_client_error(), "{name:?}");
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
    }
    let mut browser = Browser::at(HOME);
    browser.cookies.insert("__Host-otary-browser".into(), "a.b\" x".into());
    browser.sign_in(&desk, "lena\r\nx: y", PASSWORD).await.refused("wrong-password");
}

#[tokio::test]
async fn secrets_are_hashed_at_rest() {
    let (desk, browser) = signed_in(json!("own")).await;
    let session = browser.session().unwrap();
    let (accounts, sessions) = (desk.store.accounts().unwrap(), desk.store.sessions().unwrap());
    assert!(accounts[0].password.starts_with("$argon2id$"));
    assert_eq!(sessions[0].hash, Sha256::of(session.as_bytes()));
    let kept = format!("{accounts:?}{sessions:?}{}", serde_json::to_string(&(&accounts, &sessions)).unwrap());
    for secret in [session, PASSWORD, browser.csrf.as_deref().unwrap()] {
        assert!(!kept.contains(secret), "{kept}");
    }
    let query = otary_store::AuditQuery { limit: 100, ..otary_store::AuditQuery::default() };
    let log = format!("{:?}", desk.store.audit(&query).unwrap());
    assert!(log.contains("signed in") && log.contains(HOME), "{log}");
    for secret in [session, PASSWORD] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn a_person_has_a_bounded_number_of_sessions() {
    let (desk, mut first) = signed_in(json!("read")).await;
    for _ in 0..20 {
        desk.clock.advance(Duration::from_secs(1));
        assert_eq!(Browser::at(HOME).sign_in(&desk, "lena", PASSWORD).await.status, StatusCode::CREATED);
    }
    let people: Vec<PersonView> = desk.get("/people").await;
    assert_eq!(people[0].sessions, 20);
    assert_eq!(first.access(&desk).await.who, None, "the one that was used longest ago has ended");
}
