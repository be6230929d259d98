//! What a listener's connections are served by.

use std::io;
use std::net::IpAddr;

use otary_fleet::Handshake;
use tokio::io::{AsyncBufRead, AsyncWrite};

use crate::client_certificate::Held;
use crate::http1::Rules;

/// The other end of a connection.
pub(crate) struct Caller {
    pub(crate) peer: IpAddr,
    /// Bytes that the connection may have taken and not handed to the socket.
    pub(crate) held_back: u64,
    /// None: plain HTTP.
    pub(crate) secured: Option<Box<Secured>>,
}

/// What TLS found out before the first request.
#[derive(Debug)]
pub(crate) struct Secured {
    pub(crate) handshake: Handshake,
    /// The certificate that the client showed of itself.
    pub(crate) certificate: Option<Held>,
}

/// Serves the connections of a listener: one for devices, one for operators.
pub(crate) trait Front: Clone + Send + Sync + 'static {
    /// Serves a connection until it ends.
    fn serve<S>(
        &self,
        stream: S,
        caller: Caller,
        rules: Rules,
    ) -> impl Future<Output = io::Result<()>> + Send
    where
        S: AsyncBufRead + AsyncWrite + Unpin + Send + 'static;
}
