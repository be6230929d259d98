//! A listener: accepts connections within the limits, makes the handshake where TLS is due, serves what comes.

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;

use tokio::io::{AsyncBufRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::Limits;
use crate::drain::Draining;
use crate::front::{Caller, Front};
use crate::gate::{Gate, Permit};
use crate::handshake::shake_hands;
use crate::http1::{Lazy, Rules};
use crate::limits::{ACCEPT_PAUSE, TLS_SEND_BUFFER};
use crate::platform;
use crate::reception::Reception;
use crate::socket::Socket;
use crate::trouble::Troubles;

/// A listening socket with all that its connections share.
#[derive(Clone)]
pub(crate) struct Listener<F> {
    pub(crate) front: F,
    /// None: plain HTTP.
    pub(crate) tls: Option<Arc<Reception>>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) limits: Limits,
    pub(crate) troubles: Arc<Troubles>,
}

impl<F: Front> Listener<F> {
    /// Accepts until a drain begins. Runs on the runtime that its connections are to run on.
    pub(crate) async fn listen(self, socket: TcpListener, draining: Draining) {
        let mut begun = pin!(draining.begun());
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = &mut begun => return,
            };
            match accepted {
                Ok((stream, address)) => self.admit(stream, address.ip().to_canonical(), &draining),
                Err(error) => {
                    self.troubles.accepting(&error);
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: IpAddr, draining: &Draining) {
        match self.gate.enter(peer) {
            Ok(permit) => {
                tokio::spawn(self.clone().attend(stream, peer, permit, draining.clone()));
            }
            Err(full) => self.troubles.full(peer, full),
        }
    }

    async fn attend(self, stream: TcpStream, peer: IpAddr, _permit: Permit, draining: Draining) {
        if let Err(error) = platform::tune(&stream) {
            // The peer is gone already.
            return tracing::debug!(target: "connection", %peer, %error, "not served");
        }
        let socket = Socket::new(stream, self.limits.stall, self.tls.is_some());
        let Some(reception) = &self.tls else {
            let caller = Caller { peer, held_back: 0, secured: None };
            return self.serve(Lazy::new(socket), caller, draining).await;
        };
        // In boxes of their own: a task would keep room for the largest of its states, several times over.
        let handshake = Box::pin(shake_hands(reception, socket, self.limits.handshake));
        let shaken = tokio::select! {
            shaken = handshake => shaken,
            () = draining.begun() => return,
        };
        match shaken {
            Ok((stream, secured)) => {
                let caller = Caller { peer, held_back: TLS_SEND_BUFFER as u64, secured: Some(secured) };
                self.serve(Box::new(stream), caller, draining).await;
            }
            Err(failure) => self.troubles.handshake(peer, &failure),
        }
    }

    async fn serve<S>(&self, stream: S, caller: Caller, draining: Draining)
    where
        S: AsyncBufRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (rules, peer) = (Rules { head: self.limits.head, draining }, caller.peer);
        // Clients that hang up are no error: stock ones do so with the last byte, often by a reset.
        if let Err(error) = self.front.serve(stream, caller, rules).await {
            tracing::debug!(target: "connection", %peer, %error, "ended");
        }
    }
}

/// A socket that listens already, for the runtime that is entered.
pub(crate) fn adopt(socket: std::net::TcpListener) -> io::Result<TcpListener> {
    TcpListener::from_std(socket)
}
