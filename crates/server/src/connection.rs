//! One HTTP connection: requests with bounded heads, one after the other, until it is idle for too long or a drain
//! begins. What is under way when a drain begins is finished.

use std::convert::Infallible;
use std::error::Error;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use crate::limits::{REQUEST_HEAD, REQUEST_HEADERS};
use crate::meter::Meter;

/// What answers the requests of a listener.
pub(crate) trait Front: Clone + Send + Sync + 'static {
    /// The bodies of its answers.
    type Body: http_body::Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static;

    /// A service for one connection.
    fn service(
        &self,
        peer: IpAddr,
        meter: Arc<Meter>,
    ) -> impl Service<
        Request<Incoming>,
        Response = Response<Self::Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Send
    + 'static;
}

/// Serves `stream` until it ends. `head`: how long a request head may take to come.
pub(crate) async fn serve<S, B>(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    service: S,
    head: Duration,
    draining: &mut watch::Receiver<bool>,
) -> Result<(), hyper::Error>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_headers(REQUEST_HEADERS)
        .max_buf_size(REQUEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = draining.wait_for(|draining| *draining) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}
