//! The operator API as the person who looks may use it: in this process, with the cookie and the address of their request.

use std::net::{IpAddr, Ipv4Addr};

use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Limited};
use otary_server::operator::{CampaignPage, CampaignView, Peer, ProblemDocument, ReleasePage, ReleaseView};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

use crate::failure::Failure;
use crate::words::segment;

/// What a form of a session shows, so that no other site can send one in its name.
pub(crate) const CSRF: HeaderName = HeaderName::from_static("x-otary-csrf");

/// The longest answer of the API that a view is made of, in bytes.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// Releases or campaigns that are read at once: so many are less than the longest answer, whatever their notes say.
const PER_PAGE: usize = 100;

/// What of a browser's request says who sent it, and where from.
const PASSED_ON: [HeaderName; 5] = [
    header::COOKIE,
    header::AUTHORIZATION,
    header::HOST,
    header::ORIGIN,
    HeaderName::from_static("sec-fetch-site"),
];

/// The API in the hands of one person.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    router: Router,
    peer: IpAddr,
    shown: HeaderMap,
}

/// What the API answered.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    body: Bytes,
}

impl Api {
    /// Reads what is at `path`, which begins behind `/api/v1`.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.send(Method::GET, path, Body::empty()).await?.read()
    }

    /// Reads every release, or those of one product.
    pub(crate) async fn releases(&self, product: Option<&str>) -> Result<Vec<ReleaseView>, Failure> {
        self.all("releases", product, |page: ReleasePage| (page.releases, page.next)).await
    }

    /// Reads every campaign, or those of one product, the latest first.
    pub(crate) async fn campaigns(&self, product: Option<&str>) -> Result<Vec<CampaignView>, Failure> {
        self.all("campaigns", product, |page: CampaignPage| (page.campaigns, page.next)).await
    }

    async fn all<P: DeserializeOwned, T>(
        &self,
        list: &str,
        product: Option<&str>,
        parts: impl Fn(P) -> (Vec<T>, Option<String>),
    ) -> Result<Vec<T>, Failure> {
        let of = product.map(|product| format!("&product={}", segment(product))).unwrap_or_default();
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let (page, next) = parts(self.get(&format!("/{list}?limit={PER_PAGE}{of}{after}")).await?);
            all.extend(page);
            let Some(next) = next else { return Ok(all) };
            after = format!("&after={}", segment(&next));
        }
    }

    /// Has `body` done at `path`.
    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, Failure> {
        self.change(Method::POST, path, body).await
    }

    /// Has something at `path` changed as `body` says.
    pub(crate) async fn change(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Answer, Failure> {
        let body = serde_json::to_vec(body).map_err(Failure::internal)?;
        self.send(method, path, Body::from(body)).await
    }

    /// The same with what a form of the session shows.
    pub(crate) fn with_csrf(mut self, csrf: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(csrf) {
            self.shown.insert(CSRF, value);
        }
        self
    }

    /// The name and port under which the browser asked.
    pub(crate) fn host(&self) -> Option<&str> {
        self.shown.get(header::HOST)?.to_str().ok()
    }

    /// Sends a request; a problem is a failure.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Body) -> Result<Answer, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .body(body)
            .map_err(Failure::internal)?;
        *request.headers_mut() = self.shown.clone();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        request.extensions_mut().insert(Peer(self.peer));
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(Failure::internal)?.to_bytes();
        if parts.status.is_success() {
            return Ok(Answer { headers: parts.headers, body });
        }
        match serde_json::from_slice::<ProblemDocument>(&body) {
            Ok(problem) => Err(Failure::Refused(Box::new(problem))),
            Err(error) => {
                Err(Failure::internal(format!("{} with no problem document: {error}", parts.status)))
            }
        }
    }
}

impl Answer {
    /// What was answered, as the type that it is.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(Failure::internal)
    }
}

impl FromRequestParts<Router> for Api {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, router: &Router) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<Peer>().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0);
        let mut shown = HeaderMap::new();
        for name in PASSED_ON {
            if let Some(value) = parts.headers.get(&name) {
                shown.insert(name, value.clone());
            }
        }
        Ok(Self { router: router.clone(), peer, shown })
    }
}
