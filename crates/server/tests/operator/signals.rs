//! What watches a server: the page for Prometheus, and whether the server lives and is ready.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::body::Body;
use http::{Method, StatusCode, header};
use otary_fleet::Chip;
use otary_server::operator::{ByCampaign, CampaignSettings, CreatedToken, Health};
use otary_server::{Custody, Held};
use otary_trust::{Authority, Clock};
use serde_json::json;

use crate::desk::{Answer, Caller, DAY, Desk, OPENED, firmware, publication};

const PROMETHEUS: &str = "192.168.1.9";

async fn get(desk: &Desk, token: Option<&str>, path: &str) -> Answer {
    desk.ask(Caller::Net(PROMETHEUS, token), Method::GET, path, Body::empty()).await
}

async fn page(desk: &Desk) -> String {
    let answer = desk.ask(Caller::Here, Method::GET, "/metrics", Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/plain; version=0.0.4");
    String::from_utf8(answer.body).unwrap()
}

/// A desk with an authority of its own.
fn with_authority() -> (Desk, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let names = vec!["ota.lan".parse().unwrap()];
    let clock = Clock { now: OPENED, built: OPENED, newest: OPENED };
    let authority = Authority::open_or_create(&folder.path().join("trust"), &names, &clock).unwrap();
    let custody = Custody::new(Held { authority, names, elsewhere: None, page: None }, OPENED);
    (Desk::with_custody(Arc::new(custody)), folder)
}

/// What Debian's `promtool` says of a text; nothing where it is not installed.
fn promtool(words: &[&str], input: &str) -> Option<(bool, String)> {
    let started = Command::new("promtool")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = started else {
        println!("skipped: promtool is not installed");
        return None;
    };
    promtool.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = promtool.wait_with_output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    Some((done.status.success(), String::from_utf8(said).unwrap()))
}

#[tokio::test]
async fn the_page_takes_a_token_to_look() {
    let desk = Desk::new();
    get(&desk, None, "/metrics").await.refused("no-token");
    let token = json!({ "name": "prometheus", "scope": "read" });
    let token: CreatedToken = desk.send(Method::POST, "/tokens", token).await.read();
    let answer = get(&desk, Some(token.secret.expose()), "/metrics").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_a_page() {
    let (desk, _folder) = with_authority();
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "one")).await;
    let publication = otary_server::operator::Publication {
        campaign: ByCampaign::Like(CampaignSettings::default()),
        ..publication("lamp", "0.2")
    };
    let pushed = desk.push_as(publication, &[("firmware.bin", firmware(Chip::Esp32, "two"))]).await;
    assert!(pushed.status.is_success(), "{pushed:?}");
    let page = page(&desk).await;
    for line in [
        "otary_build_info{version=",
        "otary_campaign_state{campaign=\"1\",product=\"lamp\",state=\"running\"} 1\n",
        "otary_campaign_state{campaign=\"1\",product=\"lamp\",state=\"stopped\"} 0\n",
        "otary_campaign_wave{campaign=\"1\",product=\"lamp\"} 1\n",
        "otary_certificate_not_after_seconds{generation=\"1\",key=\"P-256\"} ",
        "otary_trust_due_seconds{act=\"begin\"} ",
        "otary_store_releases 2\n",
        "# TYPE otary_download_bytes_total counter\n",
    ] {
        assert!(page.contains(line), "no {line} in\n{page}");
    }
    if let Some((well, said)) = promtool(&["check", "metrics"], &page) {
        assert!(well && said.is_empty(), "{said}");
    }
}

#[tokio::test]
async fn who_watches_needs_no_token_and_is_told_no_more_than_that() {
    let (desk, _folder) = with_authority();
    let alive = get(&desk, None, "/health").await;
    assert_eq!((alive.status, alive.body.as_slice()), (StatusCode::OK, b"alive\n".as_slice()));
    let ready = get(&desk, None, "/ready").await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(ready.body, br#"{"store":true,"certificate":true,"clock":true}"#);
}

#[tokio::test]
async fn a_server_whose_certificate_has_ended_is_not_ready() {
    let (desk, _folder) = with_authority();
    desk.clock.advance(400 * DAY);
    let ready = get(&desk, None, "/ready").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    let health: Health = serde_json::from_slice(&ready.body).unwrap();
    assert!(health.store && !health.certificate && !health.is_ready(), "{health:?}");
}
