//! What the server is told when it starts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use otary_store::Retention;

use crate::Limits;
use crate::recording::Recorder;

/// What the server is told when it starts. Port 0 lets the system choose; [`Server::addresses`](crate::Server::addresses)
/// says what it chose.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where devices speak HTTPS.
    pub https: SocketAddr,
    /// Where they find the authority's certificate, and where products that allow it are updated without TLS.
    pub http: Option<SocketAddr>,
    /// Where operators speak HTTPS.
    pub operator: SocketAddr,
    /// The name by which devices reach this server, for the pages that people read: no scheme, no port.
    pub host: String,
    /// Threads that serve devices; one per processor unless there is a reason.
    pub workers: usize,
    /// Descriptors that this process may have open, see [`raise_descriptor_limit`](crate::raise_descriptor_limit).
    pub descriptors: u64,
    /// How long running downloads may go on after a stop. A device that is cut off hangs for up to 42 minutes.
    pub drain: Duration,
    /// TLS with devices.
    pub tls: TlsRules,
    /// The same for devices that ask for one of these host names (SNI), which are in lower case.
    pub tls_of_names: BTreeMap<String, TlsRules>,
    /// How long things are kept.
    pub retention: Retention,
    /// The other limits.
    pub limits: Limits,
    /// Where what devices say is recorded, if it is.
    pub recorder: Option<Arc<Recorder>>,
}

/// How TLS is spoken with a device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TlsRules {
    /// The most plaintext in one TLS record sent to it, 512 to 16384 bytes. ESP8266 sketches with a small receive
    /// buffer ask for it by `max_fragment_length`, which rustls does not negotiate. None: 16384.
    pub max_record: Option<usize>,
    /// Whether it is asked for a client certificate. One that has none is served as well.
    pub client_certificates: bool,
}
