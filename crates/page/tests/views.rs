//! Every view over the real operator router: it is drawn whole, small enough for a phone, and with nothing in it that the page's
//! policy would refuse; and a release is published only as it was looked at.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header};
use otary_fleet::{Chip, Time};
use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use otary_server::operator::{Operator, Secret, Site, Uploaded, router};
use otary_server::{Clock, Custody, Held};
use otary_store::{Memory, Retention};
use otary_trust::Authority;
use tower::ServiceExt;

const NOW: Time = Time::from_secs(1_795_000_000);
const DAY: Duration = Duration::from_hours(24);
/// What a view weighs at most, in bytes.
const HEAVIEST: usize = 100 * 1024;
/// Every view; the releases in them are published by [`House::with_releases`].
const VIEWS: [&str; 17] = [
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
];

struct House {
    page: Router,
    owner: Secret,
    _folder: tempfile::TempDir,
}

struct Answer {
    status: StatusCode,
    location: String,
    text: String,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let names = vec!["ota.lan".parse().unwrap()];
        let clock = otary_trust::Clock { now: NOW, built: NOW, newest: NOW };
        let authority = Authority::open_or_create(&folder.path().join("trust"), &names, &clock).unwrap();
        let custody = Custody::new(Held { authority, names, elsewhere: None, page: None }, NOW);
        let owner = Secret::generate().unwrap();
        let site = Site {
            data: "x".into(),
            fingerprint: Some("AB:CD".into()),
            horizon: DAY,
            retention: Retention {
                events: 90 * DAY,
                max_events: 1000,
                unreferenced: DAY,
                withdrawn: 30 * DAY,
                max_artifact_bytes: 1 << 30,
            },
            max_strangers: 10_000,
            open_files: None,
        };
        let operator =
            Operator::new(Arc::new(Memory::default()), Clock::standing_at(NOW), site, Some(&owner));
        let operator = operator.with_custody(Arc::new(custody));
        operator.note_port(3443);
        Self { page: otary_page::over(router(operator)), owner, _folder: folder }
    }

    /// Two releases, of which the second one goes out by a campaign.
    async fn with_releases() -> Self {
        let house = Self::new();
        for (version, how) in [("1.0", "at-once"), ("1.1", "waves")] {
            let file = house.upload("lamp", version).await;
            let form = [("product", "lamp"), ("version", version), ("file", &file), ("how", how)];
            let review = house.review(&form).await;
            assert!(review.location.is_empty(), "a review leads nowhere: {}", review.text);
            let reviewed = reviewed(&review.text);
            let publish = [("step", "publish"), ("reviewed", reviewed.as_str())];
            let published = house.send("/upload", &[form.as_slice(), &publish].concat()).await;
            assert!(published.location.ends_with("?done=published"), "{}", published.text);
        }
        house
    }

    async fn upload(&self, project: &str, version: &str) -> String {
        let bytes = Body::from(firmware(project, version));
        let answer = self.ask(Method::POST, "/api/v1/artifacts?file=lamp.bin", "", bytes).await;
        let uploaded: Uploaded = serde_json::from_str(&answer.text).unwrap();
        format!("{}:lamp.bin", uploaded.artifact.id)
    }

    async fn review(&self, form: &[(&str, &str)]) -> Answer {
        self.send("/upload", &[form, &[("step", "review")]].concat()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "", Body::empty()).await
    }

    async fn send(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.ask(Method::POST, path, "application/x-www-form-urlencoded", Body::from(body)).await
    }

    async fn ask(&self, method: Method, path: &str, media_type: &str, body: Body) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost:3444")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.owner.expose()))
            .header(header::CONTENT_TYPE, media_type)
            .body(body)
            .unwrap();
        let (parts, body) = self.page.clone().oneshot(request).await.unwrap().into_parts();
        let location = parts.headers.get(header::LOCATION);
        Answer {
            status: parts.status,
            location: location.map(|path| path.to_str().unwrap().to_owned()).unwrap_or_default(),
            text: String::from_utf8(to_bytes(body, 1 << 22).await.unwrap().to_vec()).unwrap(),
        }
    }
}

/// What a review says that it looked at.
fn reviewed(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"reviewed\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn firmware(project: &str, version: &str) -> Vec<u8> {
    let segments = [
        AppSegment { address: 0x3F40_0020, data: &version.as_bytes().repeat(64) },
        AppSegment { address: 0x400D_0020, data: &[0x36, 0x41, 0x00, 0x1D].repeat(256) },
    ];
    let descriptor = AppDescriptor { project, version, idf_version: "v5.4", ..AppDescriptor::default() };
    let image = AppImage {
        descriptor: Some(descriptor),
        segments: &segments,
        entry: 0x400D_0020,
        ..AppImage::new(Chip::Esp32)
    };
    let mut bytes = vec![0; image.image_len().unwrap() as usize];
    image.write(&mut bytes).unwrap();
    bytes
}

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

#[tokio::test]
async fn what_was_changed_after_it_was_looked_at_is_looked_at_again() {
    let house = House::new();
    let file = house.upload("lamp", "1.0").await;
    let form = [("product", "lamp"), ("file", file.as_str()), ("how", "usual")];
    let review = house.review(&[form.as_slice(), &[("version", "1.0")]].concat()).await;
    assert!(review.text.contains("value=\"publish\""), "{}", review.text);
    let reviewed = reviewed(&review.text);
    let changed = [("version", "2.0"), ("step", "publish"), ("reviewed", &reviewed)];
    let again = house.send("/upload", &[form.as_slice(), &changed].concat()).await;
    assert!(again.location.is_empty() && again.text.contains("lamp 2.0 would go"), "{}", again.text);
    let releases = house.get("/api/v1/releases").await;
    assert_eq!(releases.text, r#"{"releases":[],"next":null}"#, "nothing was published");
}

#[tokio::test]
async fn the_log_of_a_device_begins_with_what_was_last_and_goes_on_to_what_was_first() {
    let house = House::with_releases().await;
    let assign = "/api/v1/devices/24:6F:28:AA:BB:CC/assign";
    for _ in 0..130 {
        let said = Body::from(r#"{"product":"lamp"}"#);
        house.ask(Method::POST, assign, "application/json", said).await;
    }
    let numbers = |answer: &Answer| -> Vec<u64> {
        let cells = answer.text.split("<td class=\"num quiet\">").skip(1);
        cells.map(|cell| cell.split('<').next().unwrap().parse().unwrap()).collect()
    };
    let newest = house.get("/audit?device=24:6F:28:AA:BB:CC").await;
    assert!(newest.text.contains("rel=\"next\""), "{}", newest.text);
    let mut seen = numbers(&newest);
    assert_eq!(seen.len(), 100);
    let older = format!("/audit?device=24:6F:28:AA:BB:CC&before={}", seen[99]);
    seen.extend(numbers(&house.get(&older).await));
    assert_eq!(seen.len(), 130);
    assert!(seen.is_sorted_by(|one, next| *one == next + 1), "{seen:?}");
}

#[tokio::test]
async fn what_is_refused_can_be_meant_and_the_files_stay_for_it() {
    let house = House::with_releases().await;
    let file = house.upload("toaster", "0.9").await;
    let form = [("product", "lamp"), ("version", "2.0"), ("file", file.as_str())];
    let refused = house.review(&form).await;
    assert!(
        refused.status.is_client_error() && refused.text.contains("value=\"other-project\""),
        "{}",
        refused.text
    );
    let meant =
        house.review(&[form.as_slice(), &[("allow", "other-project"), ("supersede", "yes")]].concat()).await;
    assert_eq!(meant.status, StatusCode::OK, "{}", meant.text);
    assert!(meant.text.contains("value=\"publish\""), "{}", meant.text);
}

#[tokio::test]
async fn a_secret_is_on_the_page_that_answers_the_form_and_on_no_other() {
    let house = House::new();
    let made = house.send("/settings/token", &[("name", "ci"), ("everywhere", "push"), ("days", "30")]).await;
    assert_eq!((made.status, made.location.as_str()), (StatusCode::OK, ""), "{}", made.text);
    let (_, secret) = made.text.split_once("<pre tabindex=\"0\">").unwrap();
    let secret = secret.split('<').next().unwrap();
    assert!(secret.len() > 20, "{secret}");
    let settings = house.get("/settings").await;
    assert!(settings.text.contains(">ci<") && !settings.text.contains(secret), "{}", settings.text);
}
