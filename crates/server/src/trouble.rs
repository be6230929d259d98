//! What goes wrong before a request: handshakes, connections beyond the limits, sockets that the system does not give.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::Counters;
use crate::gate::Full;
use crate::handshake::Failure;
use crate::tally::Tally;

/// Logs trouble, each kind by peer and minute.
pub(crate) struct Troubles {
    handshakes: Tally<Failure>,
    full: Tally<Full>,
    accepting: Tally<io::ErrorKind>,
    refused: Tally<&'static str>,
    counters: Arc<Counters>,
}

/// Stands for this machine.
const OURSELVES: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

impl Troubles {
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        let (handshakes, full, accepting, refused) = (Tally::new(), Tally::new(), Tally::new(), Tally::new());
        Self { handshakes, full, accepting, refused, counters }
    }

    /// A handshake failed.
    pub(crate) fn handshake(&self, peer: IpAddr, failure: &Failure) {
        self.counters.handshake(failure.word());
        if self.handshakes.count(peer, failure) {
            tracing::warn!(target: "handshake", %peer, "{failure}");
        }
    }

    /// A connection met a limit.
    pub(crate) fn full(&self, peer: IpAddr, full: Full) {
        if self.full.count(peer, &full) {
            tracing::warn!(target: "connection", %peer, "turned away: {}", limit(full));
        }
    }

    /// A request was refused for `reason` before it was a check-in.
    pub(crate) fn refused(&self, peer: IpAddr, reason: &'static str) {
        if self.refused.count(peer, &reason) {
            tracing::info!(target: "request", %peer, "refused: {reason}");
        }
    }

    /// The system gave no connection.
    pub(crate) fn accepting(&self, error: &io::Error) {
        if self.accepting.count(OURSELVES, &error.kind()) {
            tracing::error!(target: "connection", %error, "cannot accept a connection");
        }
    }

    /// Ends the minute: logs what came again.
    pub(crate) fn sum_up(&self) {
        let handshakes = self.handshakes.sum_up();
        for (peer, failure, more) in handshakes.repeated {
            tracing::warn!(target: "handshake", %peer, more, "{failure}");
        }
        if handshakes.beyond > 0 {
            tracing::warn!(target: "handshake", more = handshakes.beyond, "handshakes of further peers failed");
        }
        let full = self.full.sum_up();
        for (peer, full, more) in full.repeated {
            tracing::warn!(target: "connection", %peer, more, "turned away: {}", limit(full));
        }
        if full.beyond > 0 {
            tracing::warn!(target: "connection", more = full.beyond, "connections of further peers turned away");
        }
        let refused = self.refused.sum_up();
        for (peer, reason, more) in refused.repeated {
            tracing::info!(target: "request", %peer, more, "refused: {reason}");
        }
        if refused.beyond > 0 {
            tracing::info!(target: "request", more = refused.beyond, "requests of further peers refused");
        }
        for (_, kind, more) in self.accepting.sum_up().repeated {
            tracing::error!(target: "connection", more, "cannot accept a connection: {kind}");
        }
    }
}

const fn limit(full: Full) -> &'static str {
    match full {
        Full::InAll => "as many connections as there may be",
        Full::FromOne => "as many connections as one address may have",
    }
}
