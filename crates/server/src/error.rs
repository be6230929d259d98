//! What keeps the server from serving, or from showing another certificate.

use std::net::SocketAddr;

use thiserror::Error;

/// Why the server did not start, or goes on showing the certificate that it showed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate and key cannot be served.
    #[error("the server certificate cannot be used")]
    Certificate(#[source] rustls::Error),
    /// The authority has no server certificate.
    #[error("there is no server certificate")]
    NoLeaf,
    /// A generation is to be presented of which there is no chain.
    #[error("there is no server certificate of generation {0}")]
    NoChain(otary_fleet::GenerationId),
    /// The root records of signed releases cannot be served.
    #[error(transparent)]
    Chain(#[from] crate::BrokenChain),
    /// The cap on record sizes is out of bounds.
    #[error("records cannot be capped at {0} bytes: the least is 512, the most 16384")]
    RecordSize(usize),
    /// The system gave no thread or no event queue.
    #[error("cannot start a worker")]
    Worker(#[source] std::io::Error),
}
