//! TLS as devices speak it: versions 1.2 and 1.3, ECDHE with AES-GCM or ChaCha20-Poly1305.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use rustls::server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions};
use rustls::version::{TLS12, TLS13};

use crate::client_certificate::AskedFor;
use crate::identity::Chains;
use crate::limits::SESSIONS;
use crate::{ServeError, TlsRules};

/// Record sizes that can be asked for: those of `max_fragment_length` (RFC 6066, section 4) and the full one.
const RECORD_SIZES: std::ops::RangeInclusive<usize> = 512..=16_384;

/// What rustls counts as part of a fragment besides its plaintext: the record header.
const RECORD_HEADER: usize = 5;

/// What sessions are resumed by. Tickets are made by a key that changes every six hours, so that nothing is remembered
/// per client. TLS 1.2 clients without tickets (BearSSL) resume by session id, out of a table of bounded size.
pub(crate) struct Sessions {
    tickets: Arc<dyn ProducesTickets>,
    ids: Arc<dyn StoresServerSessions>,
}

impl Sessions {
    pub(crate) fn new() -> Result<Self, ServeError> {
        let tickets = Ticketer::new().map_err(ServeError::Certificate)?;
        Ok(Self { tickets, ids: ServerSessionMemoryCache::new(SESSIONS) })
    }
}

/// The configuration that shows one of `chains`.
///
/// One ticket per TLS 1.3 handshake, since a stock client makes one connection and not the two of a browser. No ALPN:
/// nothing but HTTP/1 is spoken, and a client that offers something else besides is not turned away.
pub(crate) fn config(
    chains: &Arc<Chains>,
    sessions: &Sessions,
    rules: TlsRules,
) -> Result<Arc<ServerConfig>, ServeError> {
    if let Some(size) = rules.max_record.filter(|size| !RECORD_SIZES.contains(size)) {
        return Err(ServeError::RecordSize(size));
    }
    let provider = Arc::new(default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(ServeError::Certificate)?;
    let builder = if rules.client_certificates {
        builder.with_client_cert_verifier(Arc::new(AskedFor(algorithms)))
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_cert_resolver(Arc::clone(chains) as _);
    config.ticketer = Arc::clone(&sessions.tickets);
    config.session_storage = Arc::clone(&sessions.ids);
    config.send_tls13_tickets = 1;
    config.max_fragment_size = rules.max_record.map(|size| size + RECORD_HEADER);
    Ok(Arc::new(config))
}
