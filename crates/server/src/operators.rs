//! The operator listener's front: the operator router behind TLS, told who asks.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use tower::ServiceExt;

use crate::connection::Front;
use crate::meter::Meter;
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
    type Body = axum::body::Body;

    fn service(
        &self,
        peer: IpAddr,
        _: Arc<Meter>,
    ) -> impl Service<
        Request<Incoming>,
        Response = Response<Self::Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Send
    + 'static {
        let router = self.0.clone();
        service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            router.clone().oneshot(request)
        })
    }
}
