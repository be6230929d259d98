//! A house with a server, and whoever asks it: the page over the real operator router.

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
use otary_trust::{Authority, PageAuthority};
use tower::ServiceExt;

pub const NOW: Time = Time::from_secs(1_795_000_000);
const DAY: Duration = Duration::from_hours(24);

pub struct House {
    page: Router,
    pub store: Arc<Memory>,
    /// What whoever asks shows.
    shown: String,
    folder: Arc<tempfile::TempDir>,
}

pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub text: String,
}

impl House {
    pub fn new() -> Self {
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
        let store = Arc::new(Memory::default());
        let operator = Operator::new(Arc::clone(&store) as _, Clock::standing_at(NOW), site, Some(&owner));
        let operator = operator.with_custody(Arc::new(custody));
        operator.note_port(3443);
        let (page, shown) = (otary_page::over(router(operator)), owner.expose().to_owned());
        Self { page, store, shown, folder: Arc::new(folder) }
    }

    /// Two releases, of which the second one goes out by a campaign.
    pub async fn with_releases() -> Self {
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

    pub async fn upload(&self, project: &str, version: &str) -> String {
        let bytes = Body::from(firmware(project, version));
        let answer = self.ask(Method::POST, "/api/v1/artifacts?file=lamp.bin", "", bytes).await;
        let uploaded: Uploaded = serde_json::from_str(&answer.text).unwrap();
        format!("{}:lamp.bin", uploaded.artifact.id)
    }

    pub async fn read<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.get(&format!("/api/v1{path}")).await;
        serde_json::from_str(&answer.text).unwrap_or_else(|error| panic!("{error}: {}", answer.text))
    }

    pub async fn review(&self, form: &[(&str, &str)]) -> Answer {
        self.send("/upload", &[form, &[("step", "review")]].concat()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "", Body::empty()).await
    }

    pub async fn send(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.ask(Method::POST, path, "application/x-www-form-urlencoded", Body::from(body)).await
    }

    /// The same house as somebody with a new token of this scope meets it.
    pub async fn as_one_who_may(&self, scope: &str) -> Self {
        let form = [("name", scope), ("everywhere", scope), ("days", "1")];
        let made = self.send("/settings/token", &form).await;
        let secret = told_once(&made.text).to_owned();
        let (page, store) = (self.page.clone(), Arc::clone(&self.store));
        Self { page, store, shown: secret, folder: Arc::clone(&self.folder) }
    }

    pub async fn ask(&self, method: Method, path: &str, media_type: &str, body: Body) -> Answer {
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
pub fn reviewed(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"reviewed\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// The secret on the page that answers a form.
pub fn told_once(page: &str) -> &str {
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
