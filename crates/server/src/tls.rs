//! TLS as devices speak it: versions 1.2 and 1.3, ECDHE with AES-GCM or ChaCha20-Poly1305.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use rustls::server::{ResolvesServerCert, ServerSessionMemoryCache};
use rustls::version::{TLS12, TLS13};

use crate::ServeError;
use crate::limits::SESSIONS;

/// Record sizes that can be asked for: those of `max_fragment_length` (RFC 6066, section 4) and the full one.
const RECORD_SIZES: std::ops::RangeInclusive<usize> = 512..=16_384;

/// What rustls counts as part of a fragment besides its plaintext: the record header.
const RECORD_HEADER: usize = 5;

/// The configuration of a listener.
///
/// One ticket per TLS 1.3 handshake, since a stock client makes one connection and not the two of a browser; made by a
/// key that changes every six hours, so that nothing is remembered per client. TLS 1.2 clients without tickets
/// (BearSSL) resume by session id, out of a table of bounded size. No ALPN: nothing but HTTP/1 is spoken, and
/// a client that offers something else besides is not turned away.
pub(crate) fn config(
    identity: Arc<dyn ResolvesServerCert>,
    max_record: Option<usize>,
) -> Result<Arc<ServerConfig>, ServeError> {
    if let Some(size) = max_record.filter(|size| !RECORD_SIZES.contains(size)) {
        return Err(ServeError::RecordSize(size));
    }
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(ServeError::Certificate)?
        .with_no_client_auth()
        .with_cert_resolver(identity);
    config.ticketer = Ticketer::new().map_err(ServeError::Certificate)?;
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    config.send_tls13_tickets = 1;
    config.max_fragment_size = max_record.map(|size| size + RECORD_HEADER);
    Ok(Arc::new(config))
}
