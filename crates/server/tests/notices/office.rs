//! A server's operator interface over a store that outlives it, and what is to go out of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header};
use otary_fleet::notice::Dispatch;
use otary_fleet::{
    Artifact, Campaign, CampaignId, Channel, Kind, Plan, Product, Release, ReleaseId, Sequence, State, Stop,
    Time,
};
use otary_server::Clock;
use otary_server::fetch::{Fetcher, Network, System};
use otary_server::mirror::Reaching;
use otary_server::notify::Mailer;
use otary_server::operator::{CreatedWebhook, LocalOwner, NewWebhook, Operator, Site, router};
use otary_store::{Memory, Retention, Store};
use rustls::RootCertStore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

pub const OPENED: Time = Time::from_secs(1_795_000_000);
const DAY: Duration = Duration::from_hours(24);

pub struct Office {
    pub store: Arc<dyn Store>,
    pub clock: Clock,
    pub operator: Arc<Operator>,
    router: Router,
    _data: tempfile::TempDir,
}

impl Office {
    pub fn new() -> Self {
        Self::over(Arc::new(Memory::default()), System, None)
    }

    pub fn with_mail(mailer: Mailer) -> Self {
        Self::over(Arc::new(Memory::default()), System, Some(mailer))
    }

    pub fn over(store: Arc<dyn Store>, network: impl Network + 'static, mailer: Option<Mailer>) -> Self {
        let (clock, data) = (Clock::standing_at(OPENED), tempfile::tempdir().unwrap());
        let site = Site {
            data: data.path().to_owned(),
            fingerprint: None,
            horizon: 1826 * DAY,
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
        let fetcher = Fetcher::new(network, RootCertStore::empty()).unwrap();
        let operator = Operator::new(Arc::clone(&store), clock.clone(), site, None).with_fetcher(fetcher);
        let operator = Arc::new(match mailer {
            Some(mailer) => operator.with_mailer(mailer),
            None => operator,
        });
        let router = router(Arc::clone(&operator));
        Self { store, clock, operator, router, _data: data }
    }

    /// The owner asks.
    pub async fn ask(&self, method: Method, path: &str, body: impl Serialize) -> (StatusCode, String) {
        self.ask_at(method, &format!("/api/v1{path}"), body).await
    }

    /// What Prometheus reads.
    pub async fn metrics(&self) -> String {
        self.ask_at(Method::GET, "/metrics", ()).await.1
    }

    async fn ask_at(&self, method: Method, path: &str, body: impl Serialize) -> (StatusCode, String) {
        let body = Body::from(serde_json::to_vec(&body).unwrap());
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        request.extensions_mut().insert(LocalOwner);
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    pub async fn read<T: DeserializeOwned>(&self, method: Method, path: &str, body: impl Serialize) -> T {
        let (status, body) = self.ask(method, path, body).await;
        assert!(status.is_success(), "{status} {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Adds a webhook that may reach this machine.
    pub async fn hook(&self, name: &str, url: &str) -> CreatedWebhook {
        let host = url.parse::<otary_server::fetch::Place>().unwrap().host().to_owned();
        let new = NewWebhook {
            name: name.parse().unwrap(),
            url: url.into(),
            about: BTreeSet::new(),
            reach: Reaching { plain_http: true, hosts: [host].into() },
        };
        self.read(Method::POST, "/webhooks", new).await
    }

    pub async fn deliveries(&self, name: &str) -> Vec<Dispatch> {
        self.read(Method::GET, &format!("/webhooks/{name}/deliveries"), ()).await
    }

    /// Looks what is worth telling and sends what is due, as a server does.
    pub async fn work(&self) {
        self.operator.look_for_notices().await;
        self.operator.send_what_is_due().await;
    }

    /// A campaign of this version, which stopped just now.
    pub fn stop_a_campaign(&self, version: &str) {
        let now = self.clock.now();
        let product = Product::new("lamp".parse().unwrap(), now);
        self.store.put_product(&product).unwrap();
        let id = ReleaseId { product: product.name.clone(), version: version.into() };
        let mut writer = self.store.begin_blob().unwrap();
        writer.write_all(b"firmware").unwrap();
        writer.commit().unwrap();
        let artifact: Artifact = otary_fleet::read(b"firmware", "a.bin", now, true).unwrap().artifact;
        let release = Release {
            id: id.clone(),
            channel: "stable".parse::<Channel>().unwrap(),
            artifacts: vec![artifact.id],
            order: Sequence::default(),
            via: None,
            manifests: Vec::new(),
            notes: String::new(),
            published: now,
            withdrawn: None,
            pinned: false,
        };
        self.store.publish(&release, &[artifact]).unwrap();
        let stop = Stop { at: now, offered: 20, installed: 4, failed: 15, silent: 1, devices: Vec::new() };
        let campaign = Campaign {
            id: CampaignId(1),
            product: product.name,
            kind: Kind::App,
            release: id,
            channel: "stable".parse().unwrap(),
            group: None,
            waves: Plan::default().waves(7, []),
            gate: otary_fleet::Gate::default(),
            window: None,
            pace: otary_fleet::Pace::default(),
            rules: otary_fleet::Rules::default(),
            rolls_back: None,
            state: State::Stopped(stop),
            wave: 0,
            wave_since: now,
            created: now,
            by: "local".into(),
            seed: 1,
        };
        self.store.put_campaign(&campaign).unwrap();
    }
}
