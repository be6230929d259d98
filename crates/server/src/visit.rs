//! What answers the requests of the device listeners: where each path leads.
//!
//! Over plain HTTP there is the authority's certificate, a page that says where to go, and updates for the products
//! that the operator marked for it; everything else is 403. Nothing is ever redirected: stock clients take a redirect
//! for a failure.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use http::header::{ALLOW, CONNECTION, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use otary_fleet::Transport;
use otary_store::Store;

use crate::Clock;
use crate::answer::{Answered, empty, sentence};
use crate::body::Body;
use crate::connection::Front;
use crate::identity::Shown;
use crate::meter::Meter;
use crate::newcomers::Newcomers;
use crate::trouble::Troubles;
use crate::{artifact, check_in, page};

/// What all connections of devices share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) shown: Arc<Shown>,
    pub(crate) newcomers: Newcomers,
    pub(crate) troubles: Arc<Troubles>,
    /// Transfers under way.
    pub(crate) transfers: AtomicUsize,
    /// The HTTPS listener's URL, for the pages.
    pub(crate) url: String,
}

/// The device side of one listener.
#[derive(Clone)]
pub(crate) struct Devices {
    pub(crate) shared: Arc<Shared>,
    pub(crate) transport: Transport,
}

/// One connection of a device, a browser or whoever came.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) shared: Arc<Shared>,
    pub(crate) transport: Transport,
    pub(crate) peer: IpAddr,
    pub(crate) meter: Arc<Meter>,
}

impl Front for Devices {
    type Body = Body;

    fn service(
        &self,
        peer: IpAddr,
        meter: Arc<Meter>,
    ) -> impl Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
    + Send
    + 'static {
        let visit = Visit { shared: Arc::clone(&self.shared), transport: self.transport, peer, meter };
        service_fn(move |request| {
            let visit = visit.clone();
            async move { Ok(visit.answer(request.into_parts().0).await) }
        })
    }
}

impl Visit {
    async fn answer(&self, head: Parts) -> Answered {
        let mut answer = self.route(&head).await;
        if head.version < Version::HTTP_11 {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }

    async fn route(&self, head: &Parts) -> Answered {
        if !matches!(head.method, Method::GET | Method::HEAD) {
            return only("GET, HEAD");
        }
        match head.uri.path() {
            "/update" | "/update/" => check_in::answer(self, head, None).await,
            "/" => page::welcome(self),
            "/ca.pem" => page::anchors(self),
            "/ca.crt" => page::root(self),
            path => match path.strip_prefix("/update/") {
                Some(product) => check_in::answer(self, head, Some(product)).await,
                None => match path.strip_prefix("/artifact/") {
                    Some(name) => artifact::answer(self, head, name).await,
                    None => self.elsewhere(),
                },
            },
        }
    }

    fn elsewhere(&self) -> Answered {
        match self.transport {
            Transport::Https => sentence(StatusCode::NOT_FOUND, "There is nothing here. See /\n"),
            Transport::Http => self.forbid("plain HTTP has only /, /ca.pem, /ca.crt and /update"),
        }
    }

    /// 403, with the reason in the log.
    pub(crate) fn forbid(&self, reason: &'static str) -> Answered {
        self.shared.troubles.refused(self.peer, reason);
        sentence(StatusCode::FORBIDDEN, "Not over plain HTTP. See /\n")
    }
}

/// 405 with the methods that there are.
pub(crate) fn only(methods: &'static str) -> Answered {
    let mut answer = empty(StatusCode::METHOD_NOT_ALLOWED);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    answer
}
