//! What answers the requests of the device listeners: where each path leads.
//!
//! Over plain HTTP there are the authority's certificates, a page that says where to go, and updates for the products
//! that the operator marked for it; everything else is 403. Nothing is ever redirected: stock clients take a redirect
//! for a failure.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use otary_fleet::Transport;
use otary_store::Store;
use tokio::io::{AsyncBufRead, AsyncWrite};

use crate::begun::Begun;
use crate::dialect::Place;
use crate::dialect::ddi::{self, Describing, Telling};
use crate::front::{Caller, Front, Secured};
use crate::http1::{Handler, Head, Method, Reply, Rules, Status, serve};
use crate::legacy_digest::LegacyDigests;
use crate::limits::DEVICE_BODY;
use crate::link::Link;
use crate::newcomers::Newcomers;
use crate::recording::Recorder;
use crate::sending::Sending;
use crate::shown::Shown;
use crate::trouble::Troubles;
use crate::{Census, Clock, Counters, Rollout, anchor, artifact, check_in, page, placed};

/// What all connections of devices share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) shown: Arc<Shown>,
    pub(crate) newcomers: Newcomers,
    pub(crate) troubles: Arc<Troubles>,
    /// Downloads of clients that do not say who they are.
    pub(crate) begun: Begun,
    /// Transfers under way.
    pub(crate) transfers: AtomicUsize,
    pub(crate) legacy_digests: LegacyDigests,
    /// The HTTPS listener's URL, for the pages.
    pub(crate) url: String,
    /// When an agent is to ask again, in seconds.
    pub(crate) poll_after: u32,
    pub(crate) recorder: Option<Arc<Recorder>>,
    pub(crate) rollout: Arc<Rollout>,
    pub(crate) census: Arc<Census>,
    pub(crate) counters: Arc<Counters>,
}

/// The device side of one listener.
#[derive(Clone)]
pub(crate) struct Devices {
    pub(crate) shared: Arc<Shared>,
    pub(crate) transport: Transport,
}

/// One connection of a device, a browser or whoever came.
pub(crate) struct Visit {
    pub(crate) shared: Arc<Shared>,
    pub(crate) transport: Transport,
    pub(crate) peer: IpAddr,
    /// The same as text, made once: every check-in is logged.
    pub(crate) source: Box<str>,
    /// Bytes that the connection may have taken and not handed to the socket.
    pub(crate) held_back: u64,
    /// What TLS found out; none over plain HTTP.
    pub(crate) secured: Option<Box<Secured>>,
}

/// What a request comes to.
pub(crate) enum Plan {
    /// This answer.
    Reply(Reply),
    /// An artifact, which has to be read first.
    Send(Box<Sending>),
    /// What an action of hawkBit's asks for, of which digests have to be made first.
    Describe(Box<Describing>),
    /// What a hawkBit client tells, whose body has to be read first.
    Tell(Box<Telling>),
}

impl Front for Devices {
    async fn serve<S>(&self, stream: S, caller: Caller, rules: Rules) -> io::Result<()>
    where
        S: AsyncBufRead + AsyncWrite + Unpin + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let Caller { peer, held_back, secured } = caller;
        let source = peer.to_string().into();
        let visit = Visit { shared, transport: self.transport, peer, source, held_back, secured };
        serve(stream, &visit, rules).await
    }
}

impl Handler for Visit {
    type Plan = Plan;

    fn plan(&self, head: &Head<'_>) -> Plan {
        let (link, path) = Link::split(head.path);
        if let Some(call) = ddi::call(path) {
            return ddi::answer(self, head, link, call);
        }
        if !matches!(head.method, Method::Get | Method::Head) {
            return only("GET, HEAD");
        }
        match path {
            "/update" | "/update/" => check_in::answer(self, head, link, None),
            "/" => page::welcome(self).into(),
            "/ca.pem" => page::anchors(self).into(),
            "/ca.crt" => page::root(self).into(),
            path => {
                if let Some(product) = path.strip_prefix("/update/") {
                    check_in::answer(self, head, link, Some(product))
                } else if let Some(name) = path.strip_prefix("/anchor/") {
                    anchor::answer(self, name)
                } else if let Some(name) = path.strip_prefix("/artifact/") {
                    artifact::answer(self, head, link, name)
                } else if let Some(place) = Place::find(path) {
                    placed::answer(self, head, link, &place)
                } else {
                    self.elsewhere()
                }
            }
        }
    }

    fn takes(&self, plan: &Plan) -> Option<usize> {
        matches!(plan, Plan::Tell(_)).then_some(DEVICE_BODY)
    }

    async fn answer(&self, plan: Plan, body: Vec<u8>) -> Reply {
        match plan {
            Plan::Reply(reply) => reply,
            Plan::Send(sending) => sending.begin(self).await,
            Plan::Describe(describing) => describing.begin(self).await,
            Plan::Tell(telling) => telling.take(self, &body),
        }
    }
}

impl Visit {
    fn elsewhere(&self) -> Plan {
        match self.transport {
            Transport::Https => Reply::sentence(Status::NotFound, "There is nothing here. See /\n").into(),
            Transport::Http => self
                .forbid("plain HTTP has only /, /ca.pem, /ca.crt, /anchor and what clients ask for updates"),
        }
    }

    /// 403, with the reason in the log.
    pub(crate) fn forbid(&self, reason: &'static str) -> Plan {
        self.shared.troubles.refused(self.peer, reason);
        Reply::sentence(Status::Forbidden, "Not over plain HTTP. See /\n").into()
    }
}

impl From<Reply> for Plan {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

/// 405 with the methods that there are.
pub(crate) fn only(methods: &'static str) -> Plan {
    Reply::empty(Status::MethodNotAllowed).field("Allow", methods).into()
}
