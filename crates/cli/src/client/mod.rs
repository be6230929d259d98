//! The operator interface's client. Every operation is a request to its router: in process on the data directory, over
//! HTTPS to a server that works on that directory, or over HTTPS to one elsewhere. Commands do not know which.

mod address;
mod connection;
mod local;
mod login;
mod refused;
mod remote;
mod upload;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Limited};
use otary_server::operator::{Access, LocalOwner, Secret, SignIn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tower::ServiceExt;

pub use connection::Connection;
pub use login::Login;
pub use otary_server::operator::{encode, path};
pub use upload::PushedFile;

use crate::data::DataDir;
use crate::global::Global;
use local::{Keys, Place};
use remote::Remote;

/// The longest that an answer is waited for, uploads included.
const PATIENCE: Duration = Duration::from_mins(10);
/// The largest answer that is read, in bytes: a page of a thousand devices is about one MiB.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// A way to the operator interface.
pub struct Client {
    runtime: Runtime,
    target: Target,
}

enum Target {
    Local(Router),
    Remote(Box<Remote>),
}

impl Client {
    /// Finds the way: to the server that `connection` names, else to the data directory, else to the server that has
    /// the data directory open.
    pub fn open(global: &Global, connection: &Connection) -> anyhow::Result<Self> {
        match connection.remote(global)? {
            Some(remote) => Ok(Self { runtime: runtime()?, target: Target::Remote(Box::new(remote)) }),
            None => Self::at_home(global),
        }
    }

    /// The server at `url`, which shows a certificate by one of `ca` (PEM); shown a token, or nothing until somebody signs in.
    pub fn to(url: &str, ca: &str, token: Option<Secret>) -> anyhow::Result<Self> {
        let remote = Remote::new(url, ca.as_bytes(), token)?;
        Ok(Self { runtime: runtime()?, target: Target::Remote(Box::new(remote)) })
    }

    /// Signs in: what is asked afterwards is asked under that session.
    pub fn sign_in(&mut self, path: &str, body: &SignIn) -> anyhow::Result<Access> {
        let request = request(Method::POST, path, Body::from(serde_json::to_vec(body)?))?;
        let (parts, body) = self.answer(request)?;
        let access: Access = serde_json::from_slice(&body)?;
        if let Target::Remote(remote) = &mut self.target {
            remote.hold_session(&parts.headers, access.csrf.as_deref())?;
        }
        Ok(access)
    }

    /// The same for what takes the authority's keys, as [`Self::at_home_with_keys`] does.
    pub fn open_with_keys(global: &Global, connection: &Connection) -> anyhow::Result<Self> {
        match connection.remote(global)? {
            Some(remote) => Ok(Self { runtime: runtime()?, target: Target::Remote(Box::new(remote)) }),
            None => Self::at_home_with_keys(global),
        }
    }

    /// Finds the way to the data directory, or to the server that has it open, whichever server was named. Without a
    /// server, keys that are under a passphrase stay closed.
    pub fn at_home(global: &Global) -> anyhow::Result<Self> {
        Self::to_home(global, Keys::Closed)
    }

    /// The same for what takes the authority's keys: without a server, their passphrase is found or asked for.
    pub fn at_home_with_keys(global: &Global) -> anyhow::Result<Self> {
        Self::to_home(global, Keys::Open)
    }

    fn to_home(global: &Global, keys: Keys) -> anyhow::Result<Self> {
        let runtime = runtime()?;
        let target = match local::open(global, &runtime, keys)? {
            Place::Here(router) => Target::Local(router),
            Place::Served(remote) => Target::Remote(remote),
        };
        Ok(Self { runtime, target })
    }

    /// Reads what is at `path`.
    pub fn get<T: DeserializeOwned>(&mut self, path: &str) -> anyhow::Result<T> {
        self.ask(Method::GET, path, Body::empty())
    }

    /// Reads every page of the list at `path`, which has a query. `parts` gives what is on a page, and where the next one begins.
    pub fn all<P: DeserializeOwned, T>(
        &mut self,
        path: &str,
        parts: impl Fn(P) -> (Vec<T>, Option<String>),
    ) -> anyhow::Result<Vec<T>> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let (page, next) = parts(self.get(&format!("{path}{after}"))?);
            all.extend(page);
            let Some(next) = next else { return Ok(all) };
            after = format!("&after={}", encode(&next));
        }
    }

    /// Has `body` made into something new, or done.
    pub fn post<T: DeserializeOwned>(&mut self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        self.ask(Method::POST, path, Body::from(serde_json::to_vec(body)?))
    }

    /// Has `body` made into something new, once: under a key of its own, so that whatever stands between here and the server may
    /// send it again.
    pub fn post_once<T: DeserializeOwned>(&mut self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        let mut request = request(Method::POST, path, Body::from(serde_json::to_vec(body)?))?;
        request.headers_mut().insert(KEY, new_key()?);
        read(&self.exchange(request)?)
    }

    /// Has `body` put there, in the place of what was there.
    pub fn put<T: DeserializeOwned>(&mut self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        self.ask(Method::PUT, path, Body::from(serde_json::to_vec(body)?))
    }

    /// Has something changed as `body` says.
    pub fn patch<T: DeserializeOwned>(&mut self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        self.ask(Method::PATCH, path, Body::from(serde_json::to_vec(body)?))
    }

    /// Has done what `path` names.
    pub fn act<T: DeserializeOwned>(&mut self, path: &str) -> anyhow::Result<T> {
        self.ask(Method::POST, path, Body::empty())
    }

    /// Has removed what is at `path`.
    pub fn delete(&mut self, path: &str) -> anyhow::Result<()> {
        self.exchange(request(Method::DELETE, path, Body::empty())?).map(|_| ())
    }

    fn ask<T: DeserializeOwned>(&mut self, method: Method, path: &str, body: Body) -> anyhow::Result<T> {
        read(&self.exchange(request(method, path, body)?)?)
    }

    /// Sends a request and gives the body of its answer; a problem is an error.
    fn exchange(&mut self, request: Request<Body>) -> anyhow::Result<Bytes> {
        self.answer(request).map(|(_, body)| body)
    }

    fn answer(&mut self, request: Request<Body>) -> anyhow::Result<(http::response::Parts, Bytes)> {
        let Self { runtime, target } = self;
        let exchanged = runtime.block_on(async { timeout(PATIENCE, target.exchange(request)).await });
        let (parts, body) = exchanged.context("no answer came")??;
        if parts.status.is_success() { Ok((parts, body)) } else { Err(refused::error(&parts, &body)) }
    }
}

/// Where the server that works on a data directory speaks HTTPS to devices; none if no server does.
pub fn served_at(data: &DataDir) -> anyhow::Result<Option<SocketAddr>> {
    Ok(local::reach(data, &runtime()?)?.map(|(_, announced)| announced.https))
}

fn runtime() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

impl Target {
    async fn exchange(
        &mut self,
        mut request: Request<Body>,
    ) -> anyhow::Result<(http::response::Parts, Bytes)> {
        let (parts, body) = match self {
            Self::Local(router) => {
                request.extensions_mut().insert(LocalOwner);
                let response = match router.clone().oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                let (parts, body) = response.into_parts();
                (parts, Limited::new(body, MAX_ANSWER).collect().await)
            }
            Self::Remote(remote) => {
                let (parts, body) = remote.send(request).await?.into_parts();
                (parts, Limited::new(body, MAX_ANSWER).collect().await)
            }
        };
        // The cause's own type goes: an answer that broke off is no closed pipe of ours.
        let body = body.map_err(|error| anyhow::anyhow!("the answer broke off: {error}"))?;
        Ok((parts, body.to_bytes()))
    }
}

/// The header of what is carried out once.
const KEY: &str = "idempotency-key";

/// A key that nobody else has.
fn new_key() -> anyhow::Result<HeaderValue> {
    let random = Secret::generate().map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    let text = random.hash().to_string();
    Ok(HeaderValue::from_str(&text)?)
}

fn read<T: DeserializeOwned>(answer: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(answer)
        .context("the answer is of another otary's making: are both of one version?")
}

fn request(method: Method, path: &str, body: Body) -> anyhow::Result<Request<Body>> {
    let request =
        Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    Ok(request.body(body)?)
}
