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
use otary_server::operator::{Operator, Secret, Site, SketchView, TrustView, Uploaded, router};
use otary_server::{Clock, Custody, Held};
use otary_store::{Memory, Retention};
use otary_trust::{Authority, PageAuthority};
use tower::ServiceExt;

const NOW: Time = Time::from_secs(1_795_000_000);
const PASSWORD: &str = "a lamp in every window";
const DAY: Duration = Duration::from_hours(24);
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

struct House {
    page: Router,
    /// What whoever asks shows.
    shown: String,
    folder: Arc<tempfile::TempDir>,
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
        let trust = folder.path().join("trust");
        let authority = Authority::open_or_create(&trust, &names, &clock).unwrap();
        let page = Some(PageAuthority::open_or_create(&trust, &names, &clock).unwrap());
        let custody = Custody::new(Held { authority, names, elsewhere: None, page }, NOW);
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
        let (page, shown) = (otary_page::over(router(operator)), owner.expose().to_owned());
        Self { page, shown, folder: Arc::new(folder) }
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

    async fn read<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.get(&format!("/api/v1{path}")).await;
        serde_json::from_str(&answer.text).unwrap_or_else(|error| panic!("{error}: {}", answer.text))
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

    /// The same house as somebody with a new token of this scope meets it.
    async fn as_one_who_may(&self, scope: &str) -> Self {
        let form = [("name", scope), ("everywhere", scope), ("days", "1")];
        let made = self.send("/settings/token", &form).await;
        let secret = told_once(&made.text).to_owned();
        Self { page: self.page.clone(), shown: secret, folder: Arc::clone(&self.folder) }
    }

    async fn ask(&self, method: Method, path: &str, media_type: &str, body: Body) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost:3444")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.shown))
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

/// A text of a template as it was before its marks were written as references.
fn unescaped(text: &str) -> String {
    let pairs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.into_iter().fold(text.to_owned(), |text, (reference, mark)| text.replace(reference, mark))
}

/// The secret on the page that answers a form.
fn told_once(page: &str) -> &str {
    let (_, secret) = page.split_once("<pre tabindex=\"0\">").unwrap();
    let secret = secret.split('<').next().unwrap();
    assert!(secret.len() > 20, "{secret}");
    secret
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
    assert_eq!(releases.text, "[]", "nothing was published");
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
    let secret = told_once(&made.text);
    let settings = house.get("/settings").await;
    assert!(settings.text.contains(">ci<") && !settings.text.contains(secret), "{}", settings.text);
}

#[tokio::test]
async fn a_webhook_is_added_shown_without_its_secrets_and_removed_by_its_name() {
    let house = House::new();
    let url = "https://example.org/hooks/Zm9yLW9uZS1yb29t";
    let new = [("name", "desk"), ("url", url), ("about", "campaign.stopped"), ("about", "trust.due")];
    let made = house.send("/settings/webhooks", &new).await;
    assert_eq!((made.status, made.location.as_str()), (StatusCode::OK, ""), "{}", made.text);
    let secret = told_once(&made.text);
    check_views(&house, &["/settings", "/settings/webhooks/desk"]).await;
    for view in ["/settings", "/settings/webhooks/desk"] {
        let shown = house.get(view).await.text;
        assert!(
            shown.contains("https://example.org") && shown.contains("campaign.stopped, trust.due"),
            "{shown}"
        );
        assert!(!shown.contains(secret) && !shown.contains("Zm9y"), "{shown}");
    }
    let mistyped = house.send("/settings/webhooks/desk/remove", &[("typed", "dusk")]).await;
    assert_eq!(mistyped.status, StatusCode::BAD_REQUEST);
    let removed = house.send("/settings/webhooks/desk/remove", &[("typed", "desk")]).await;
    assert_eq!(removed.location, "/settings?done=removed");
    assert_eq!(house.get("/settings/webhooks/desk").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_webhook_refuses_to_reach_is_told_with_a_way_out() {
    let house = House::new();
    let refused =
        house.send("/settings/webhooks", &[("name", "desk"), ("url", "http://example.org/x")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text.contains("webhook-url"), "{}", refused.text);
}

#[tokio::test]
async fn without_a_mail_server_the_settings_say_so() {
    let house = House::new();
    assert!(house.get("/settings").await.text.contains("mail.server"));
    assert_eq!(house.get("/settings/mail").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_pages_own_authority_is_shown_to_be_compared() {
    let house = House::new();
    let trust: TrustView = house.read("/trust").await;
    let own = trust.page.unwrap();
    let shown = house.get("/trust").await.text;
    assert!(shown.contains(&own.sha256) && shown.contains("href=\"/page-ca.crt\""), "{shown}");
    assert!(own.names.contains(&"ota.lan".to_owned()), "{own:?}");
}

#[tokio::test]
async fn the_sketch_on_the_page_is_the_apis() {
    let house = House::with_releases().await;
    for (kind, asked) in [
        ("kind=esp32", "board=esp32"),
        ("kind=esp8266&network=w5500", "board=esp8266&ethernet=w5500"),
        ("kind=tasmota", "client=tasmota"),
    ] {
        let sketch: SketchView = house.read(&format!("/sketch?product=lamp&{asked}")).await;
        assert!(sketch.text.contains("https://ota.lan:3443"), "{}", sketch.text);
        let file = house.get(&format!("/start/sketch?product=lamp&host=https://ota.lan:3443&{kind}")).await;
        assert_eq!(file.text, sketch.text);
        let shown = house.get(&format!("/start?product=lamp&{kind}")).await.text;
        let shown = shown.split_once("<pre tabindex=\"0\">").unwrap().1.split_once("</pre>").unwrap().0;
        assert_eq!(unescaped(shown), sketch.text);
    }
}

#[tokio::test]
async fn a_form_that_no_board_has_is_refused_on_the_page() {
    let shown = House::new().get("/start?kind=esp8266&network=lan8720").await.text;
    assert!(shown.contains("an ESP8266 has no RMII"), "{shown}");
}

#[tokio::test]
async fn a_raw_file_goes_by_way_of_another_version_as_the_form_says() {
    let house = House::with_releases().await;
    let patch =
        house.ask(Method::PATCH, "/api/v1/products/lamp", "application/json", r#"{"allow_raw":true}"#.into());
    assert_eq!(patch.await.status, StatusCode::OK);
    let bytes = Body::from("encrypted".repeat(64));
    let answer = house.ask(Method::POST, "/api/v1/artifacts?file=lamp.enc&raw=true", "", bytes).await;
    let uploaded: Uploaded = serde_json::from_str(&answer.text).unwrap();
    let file = format!("raw:{}:lamp.enc", uploaded.artifact.id);
    let form = [
        ("product", "lamp"),
        ("version", "3.0"),
        ("file", &file),
        ("via", "1.1"),
        ("order", "app-first"),
        ("supersede", "yes"),
    ];
    let review = house.review(&form).await;
    assert!(
        review.text.contains("opaque file") && review.text.contains("value=\"publish\""),
        "{}",
        review.text
    );
    let publish = [("step", "publish"), ("reviewed", &reviewed(&review.text))];
    let published = house.send("/upload", &[form.as_slice(), &publish].concat()).await;
    assert!(published.location.ends_with("?done=published"), "{}", published.text);
    let release: serde_json::Value = house.read("/releases/lamp/3.0").await;
    assert_eq!((&release["via"], &release["order"]), (&"1.1".into(), &"app-first".into()), "{release}");
}

#[tokio::test]
async fn people_have_roles_and_tokens_have_scopes() {
    let house = House::new();
    let person = [("name", "lena"), ("everywhere", "own"), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(house.send("/settings/add-person", &person).await.location, "/settings?done=added");
    house.send("/settings/token", &[("name", "ci"), ("everywhere", "push"), ("days", "30")]).await;
    let settings = house.get("/settings").await.text;
    assert!(settings.contains("<td>lena</td><td>owner</td>"), "{settings}");
    assert!(settings.contains("<td>ci</td><td>push</td>"), "{settings}");
}

#[tokio::test]
async fn a_test_that_does_not_arrive_is_in_the_log_of_its_webhook() {
    let house = House::new();
    house.send("/settings/webhooks", &[("name", "desk"), ("url", "https://example.org/x")]).await;
    let tried = house.send("/settings/webhooks/desk/test", &[]).await;
    assert_eq!(tried.location, "/settings/webhooks/desk?done=tried", "{}", tried.text);
    let log = house.get("/settings/webhooks/desk").await.text;
    assert!(log.contains("<code>test</code>") && log.contains("given up"), "{log}");
    assert!(house.get("/settings").await.text.contains("given up"));
}

#[tokio::test]
async fn who_is_told_is_shown_to_operators_and_changed_by_owners() {
    let house = House::new();
    house.send("/settings/webhooks", &[("name", "desk"), ("url", "https://example.org/x")]).await;
    let operator = house.as_one_who_may("operate").await;
    let settings = operator.get("/settings").await.text;
    assert!(
        settings.contains("/settings/webhooks/desk") && !settings.contains("Add a webhook"),
        "{settings}"
    );
    let log = operator.get("/settings/webhooks/desk").await.text;
    assert!(!log.contains("Send a test") && !log.contains("Remove it"), "{log}");
    let refused = operator.send("/settings/webhooks/desk/remove", &[("typed", "desk")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let viewer = house.as_one_who_may("read").await;
    assert!(!viewer.get("/settings").await.text.contains("Who is told"));
    assert_eq!(viewer.get("/settings/webhooks/desk").await.status, StatusCode::FORBIDDEN);
}
