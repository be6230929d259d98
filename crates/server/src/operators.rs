//! The operator listener's front: the operator router behind TLS, told who asks. hyper serves it, since it takes bodies.

use std::io;
use std::pin::pin;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncBufRead, AsyncWrite};
use tower::ServiceExt;
use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};

use crate::SPANS;
use crate::front::{Caller, Front};
use crate::http1::Rules;
use crate::limits::{REQUEST_HEAD, REQUEST_HEADERS};
use crate::operator::Peer;

/// Passes requests on to the operator router.
#[derive(Clone)]
pub(crate) struct Operators(Router);

impl Operators {
    pub(crate) const fn new(router: Router) -> Self {
        Self(router)
    }
}

impl Front for Operators {
    async fn serve<S>(&self, stream: S, caller: Caller, rules: Rules) -> io::Result<()>
    where
        S: AsyncBufRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(caller.peer));
            request.extensions_mut().insert(rules.draining.clone());
            let (method, path) = (request.method(), request.uri().path());
            let span = info_span!(target: SPANS, "operator-request", %method, path, status = Empty);
            let answer = self.0.clone().oneshot(request);
            async move {
                let answer = answer.await;
                if let Ok(response) = &answer {
                    Span::current().record("status", response.status().as_u16());
                }
                answer
            }
            .instrument(span)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(rules.head)
            .max_headers(REQUEST_HEADERS)
            .max_buf_size(REQUEST_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = rules.draining.begun() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        ended.map_err(io::Error::other)
    }
}
