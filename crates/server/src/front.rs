//! What a listener's connections are served by.

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncBufRead, AsyncWrite};

use crate::http1::Rules;

/// Serves the connections of a listener: one for devices, one for operators.
pub(crate) trait Front: Clone + Send + Sync + 'static {
    /// Serves a connection until it ends. `held_back`: bytes that `stream` may have taken and not handed to the socket.
    fn serve<S>(
        &self,
        stream: S,
        peer: IpAddr,
        held_back: u64,
        rules: Rules,
    ) -> impl Future<Output = io::Result<()>> + Send
    where
        S: AsyncBufRead + AsyncWrite + Unpin + Send + 'static;
}
