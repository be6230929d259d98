//! An operator's desk: the real router over a store in memory, a clock that the test moves, and boards that poll by the
//! real rules.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{Method, Request, StatusCode, header};
use otary_fleet::{
    Build, CheckIn, Chip, Decision, Delivery, Device, Dialect, Mac, Mode, Openings, ProductName, Time,
    Transport, View, decide, delivered, observe, read,
};
use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use otary_server::operator::{
    ByCampaign, LocalOwner, Operator, Part, Peer, ProblemDocument, Publication, Published, Secret, Site,
    Uploaded, router,
};
use otary_server::{Clock, Custody, Engine};
use otary_store::{Admit, Memory, Retention, Store};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

pub const DAY: Duration = Duration::from_hours(24);
pub const MAC: &str = "24:6F:28:AA:BB:CC";

/// The interface of a server, and who works with it.
pub struct Desk {
    pub store: Arc<dyn Store>,
    pub clock: Clock,
    pub owner: Secret,
    pub engine: Engine,
    router: Router,
}

/// What came back.
#[derive(Debug)]
#[must_use]
pub struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub body: Vec<u8>,
}

/// Who asks.
#[derive(Clone, Copy)]
pub enum Caller<'a> {
    /// The owner, in process.
    Here,
    /// Somebody on the net, with or without a token.
    Net(&'a str, Option<&'a str>),
    /// Somebody with this `Authorization`.
    Shows(&'a str),
}

/// When every desk is opened.
pub const OPENED: Time = Time::from_secs(1_795_000_000);

impl Desk {
    pub fn new() -> Self {
        Self::over(Arc::new(Memory::default()))
    }

    pub fn over(store: Arc<dyn Store>) -> Self {
        Self::open(store, None)
    }

    /// The desk of a server that presents what is in this custody.
    pub fn with_custody(custody: Arc<Custody>) -> Self {
        Self::open(Arc::new(Memory::default()), Some(custody))
    }

    fn open(store: Arc<dyn Store>, custody: Option<Arc<Custody>>) -> Self {
        let clock = Clock::standing_at(OPENED);
        let owner = Secret::generate().unwrap();
        let site = Site {
            data: "x".into(),
            fingerprint: Some("AB:CD".into()),
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
        let operator = Operator::new(Arc::clone(&store), clock.clone(), site, Some(&owner));
        let operator = match custody {
            Some(custody) => operator.with_custody(custody),
            None => operator,
        };
        operator.note_port(3443);
        Self { store, clock, owner, engine: operator.engine(), router: router(operator) }
    }

    pub async fn request(&self, from: Caller<'_>, method: Method, path: &str, body: Body) -> Answer {
        self.ask(from, method, &format!("/api/v1{path}"), body).await
    }

    /// A request with its whole path.
    pub async fn ask(&self, from: Caller<'_>, method: Method, path: &str, body: Body) -> Answer {
        self.request_with(from, method, path, &[], body).await
    }

    /// One with these headers.
    pub async fn request_with(
        &self,
        from: Caller<'_>,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let response = self.respond(from, method, path, headers, body).await;
        let (parts, body) = response.into_parts();
        // Events have no end.
        let is_endless =
            parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if is_endless { Vec::new() } else { to_bytes(body, 1 << 20).await.unwrap().to_vec() };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// What comes back before its body was read.
    pub async fn respond(
        &self,
        from: Caller<'_>,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Response {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap());
        }
        match from {
            Caller::Here => {
                request.extensions_mut().insert(LocalOwner);
            }
            Caller::Shows(authorization) => {
                request.headers_mut().insert(header::AUTHORIZATION, authorization.parse().unwrap());
            }
            Caller::Net(address, token) => {
                request.extensions_mut().insert(Peer(address.parse().unwrap()));
                if let Some(token) = token {
                    let value = format!("Bearer {token}").parse().unwrap();
                    request.headers_mut().insert(header::AUTHORIZATION, value);
                }
            }
        }
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Carries a request as it is.
    pub async fn carry(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The owner sends JSON.
    pub async fn send(&self, method: Method, path: &str, body: impl Serialize) -> Answer {
        let body = Body::from(serde_json::to_vec(&body).unwrap());
        self.request(Caller::Here, method, path, body).await
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        self.request(Caller::Here, Method::GET, path, Body::empty()).await.read()
    }

    pub async fn upload(&self, file: &str, bytes: Vec<u8>) -> Answer {
        self.request(Caller::Here, Method::POST, &format!("/artifacts?file={file}"), Body::from(bytes)).await
    }

    /// Uploads files and releases them as `version` of `product`.
    pub async fn push(&self, product: &str, version: &str, files: &[(&str, Vec<u8>)]) -> Answer {
        self.push_as(publication(product, version), files).await
    }

    pub async fn push_as(&self, mut publication: Publication, files: &[(&str, Vec<u8>)]) -> Answer {
        for (file, bytes) in files {
            let uploaded: Uploaded = self.upload(file, bytes.clone()).await.read();
            publication.artifacts.push(Part { id: uploaded.artifact.id, file: (*file).into(), raw: false });
        }
        self.send(Method::POST, "/releases", publication).await
    }

    /// A push that is to succeed.
    pub async fn publish(&self, product: &str, version: &str, firmware: &[u8]) -> Published {
        self.push(product, version, &[("firmware.bin", firmware.to_vec())]).await.read()
    }

    /// One poll by a board, a minute after whatever came before.
    pub fn poll(&self, check_in: &CheckIn) -> Decision {
        self.clock.advance(Duration::from_mins(1));
        let (now, catalogue) = (self.clock.now(), self.store.catalogue());
        let mut answered = None;
        self.with_device(check_in.device.unwrap(), |device| {
            let view = View { catalogue: &catalogue, device: Some(device), openings: Openings::SHUT };
            let decision = decide(check_in, view, now);
            let events = observe(device, check_in, &decision, &catalogue, now);
            answered = Some(decision);
            events
        });
        answered.unwrap()
    }

    /// A poll, and the whole of what it is offered.
    pub fn poll_and_take(&self, check_in: &CheckIn) -> Decision {
        let decision = self.poll(check_in);
        if let Some(artifact) = decision.offered() {
            let delivery =
                Delivery { claimant: check_in.claimant(), artifact, from: 0, asked: 1, bytes: 1, size: 1 };
            let now = self.clock.now();
            self.with_device(check_in.device.unwrap(), |device| {
                delivered(device, delivery, now).into_iter().collect()
            });
        }
        decision
    }

    fn with_device(&self, mac: Mac, mut visit: impl FnMut(&mut Device) -> Vec<otary_fleet::Event>) {
        let visit = &mut |device: Option<&mut Device>| visit(device.unwrap());
        self.store.with_device(mac, self.clock.now(), Admit::New, visit).unwrap();
    }
}

impl Answer {
    /// Asserts that what was asked for was done.
    pub fn done(&self) {
        assert!(self.status.is_success(), "{} {}", self.status, String::from_utf8_lossy(&self.body));
    }

    pub fn read<T: DeserializeOwned>(&self) -> T {
        self.done();
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The problem that it is, with its status checked against the document.
    pub fn problem(&self) -> ProblemDocument {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{self:?}");
        let problem: ProblemDocument = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status.as_u16());
        problem
    }

    /// Asserts that this is the problem `code`, and gives its sentence.
    pub fn refused(&self, code: &str) -> String {
        let problem = self.problem();
        assert_eq!(problem.code, code, "{}", problem.detail);
        problem.detail
    }
}

pub fn name(text: &str) -> ProductName {
    text.parse().unwrap()
}

pub fn publication(product: &str, version: &str) -> Publication {
    Publication {
        product: name(product),
        version: version.into(),
        channel: None,
        notes: String::new(),
        artifacts: Vec::new(),
        allow: std::collections::BTreeSet::new(),
        risks: std::collections::BTreeSet::new(),
        manifests: Vec::new(),
        sign: None,
        order: otary_fleet::Sequence::default(),
        via: None,
        campaign: ByCampaign::Usual,
        supersede: false,
        dry_run: false,
        keep_uploads: false,
    }
}

/// An app image for `chip`, of which no two texts make the same.
pub fn firmware(chip: Chip, text: &str) -> Vec<u8> {
    build(chip, text, None)
}

/// One whose descriptor names a project and a version.
pub fn firmware_of(chip: Chip, project: &str, version: &str) -> Vec<u8> {
    let text = format!("{project} {version}");
    build(
        chip,
        &text,
        Some(AppDescriptor { project, version, idf_version: "v5.4", ..AppDescriptor::default() }),
    )
}

/// One with these pieces among its constants, each ended by a zero as a compiler does.
pub fn firmware_with(chip: Chip, pieces: &[&[u8]]) -> Vec<u8> {
    let constants: Vec<u8> = pieces.iter().flat_map(|piece| [b"\0", *piece, b"\0"].concat()).collect();
    image(chip, &constants, None)
}

fn build(chip: Chip, text: &str, descriptor: Option<AppDescriptor<'_>>) -> Vec<u8> {
    image(chip, &text.as_bytes().repeat(64), descriptor)
}

fn image(chip: Chip, constants: &[u8], descriptor: Option<AppDescriptor<'_>>) -> Vec<u8> {
    let (data, code) =
        if chip == Chip::Esp32 { (0x3F40_0020, 0x400D_0020) } else { (0x3C00_0020, 0x4200_0020) };
    let segments = [
        AppSegment { address: data, data: constants },
        AppSegment { address: code, data: &[0x36, 0x41, 0x00, 0x1D].repeat(256) },
    ];
    let image = AppImage { descriptor, segments: &segments, entry: code, ..AppImage::new(chip) };
    let mut bytes = vec![0; image.image_len().unwrap() as usize];
    image.write(&mut bytes).unwrap();
    bytes
}

/// What a device reports while it runs `firmware`.
pub fn build_of(firmware: &[u8]) -> Build {
    let artifact = read(firmware, "x", Time::default(), false).unwrap().artifact;
    Build { md5: artifact.md5s.first().copied(), sha256: artifact.digests.first().copied() }
}

/// A board that runs `firmware` and calls it `version`.
pub fn board(mac: &str, firmware: &[u8], version: &str) -> CheckIn {
    CheckIn {
        dialect: Dialect::ArduinoEsp32,
        mode: Mode::Sketch,
        device: Some(mac.parse().unwrap()),
        product: None,
        chip: None,
        build: build_of(firmware),
        version: (!version.is_empty()).then(|| version.into()),
        free_space: Some(0x14_0000),
        chip_size: Some(4 << 20),
        sdk: Some("v4.4.5".into()),
        source: [192, 168, 1, 50].into(),
        transport: Transport::Https,
        proof: otary_fleet::Proof::None,
        handshake: None,
        agent: None,
        report: None,
        name: None,
    }
}
