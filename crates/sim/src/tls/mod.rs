//! What a device's TLS stack accepts, so that a server can be tried against it without a device.
//!
//! Rustls speaks the protocol; the decision whom to believe is made here, as Mbed TLS makes it. rustls-webpki is not
//! asked: it refuses what these stacks accept (a self-signed server certificate as its own anchor, expired dates,
//! names that a constraint forbids) and accepts what they refuse (an anchor that is no CA). The rules were measured
//! on Mbed TLS 2.28.3 and 3.6.5.

mod certificate;
mod chain;
mod name;
mod signature;
mod verifier;

use std::sync::Arc;

use otary_fleet::Time;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, SupportedProtocolVersion};
use thiserror::Error;

pub(crate) use verifier::Verdict;
use verifier::Verifier;

use crate::link::ConnectError;

/// A TLS library, as the Arduino cores ship it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// Mbed TLS 2.28 (core 2.x, ESP-IDF 4.4): iPAddress entries are ignored; TLS 1.2.
    MbedTls2,
    /// Mbed TLS 3.6 (core 3.x, ESP-IDF 5.x): iPAddress entries count; TLS 1.2.
    MbedTls3,
    /// Mbed TLS 3.6 built with TLS 1.3, which the cores leave out.
    MbedTls3WithTls13,
}

impl Stack {
    fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        static OLD: [&SupportedProtocolVersion; 1] = [&TLS12];
        static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        if self == Self::MbedTls3WithTls13 { &BOTH } else { &OLD }
    }

    fn matches_addresses(self) -> bool {
        self != Self::MbedTls2
    }
}

/// Certificates that a sketch trusts (`setCACert`).
#[derive(Debug, Clone)]
pub struct Anchors(Arc<[CertificateDer<'static>]>);

/// Why a text holds no anchors.
#[derive(Debug, Error)]
pub enum AnchorError {
    /// There is no certificate in it.
    #[error("expected PEM text with at least one certificate, found none")]
    None,
    /// A PEM block is broken.
    #[error("PEM block that does not decode")]
    Pem(#[source] rustls::pki_types::pem::Error),
}

impl Anchors {
    /// The certificates of a PEM text, several allowed. Whether a stack can read each is seen when it connects, as on
    /// the device.
    pub fn from_pem(text: &[u8]) -> Result<Self, AnchorError> {
        let anchors: Vec<_> =
            CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(AnchorError::Pem)?;
        if anchors.is_empty() { Err(AnchorError::None) } else { Ok(Self(anchors.into())) }
    }
}

/// What a sketch told its client before it connects.
#[derive(Debug, Clone)]
pub enum Trust {
    /// Nothing: every connection fails at once, without a packet.
    Unset,
    /// `setInsecure()`: anybody is believed.
    Insecure,
    /// `setCACert(pem)`.
    Anchors(Anchors),
}

/// Why a stack does not believe a server. A sketch never learns it: all it sees is -1.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum Distrust {
    /// A certificate of the server's, or every anchor, cannot be read by this stack.
    #[error("certificate {position} is unreadable for this stack: {why}")]
    Unreadable {
        /// Position in the chain; 0 is the server's.
        position: usize,
        /// What the stack stumbles over.
        why: &'static str,
    },
    /// None of the anchors can be read by this stack.
    #[error("none of the CA certificates is readable for this stack: {why}")]
    UnreadableAnchors {
        /// What the stack stumbles over in the last one.
        why: &'static str,
    },
    /// No anchor vouches for the chain.
    #[error("no trusted CA has signed it (issuer: {issuer})")]
    UnknownAuthority {
        /// Who issued the last certificate that could be followed.
        issuer: String,
    },
    /// The certificate is for others.
    #[error("it is for {found}, not for {wanted}")]
    WrongName {
        /// The host of the URL.
        wanted: String,
        /// The names in the certificate.
        found: String,
    },
    /// The certificate may not be used by a server.
    #[error("its {0} allows no server")]
    Usage(&'static str),
    /// The clock of the board is not within the certificate's dates.
    #[error("the board's clock says {now}, the certificate is valid from {from} to {until}")]
    Dates {
        /// What the board takes for now, in seconds since 1970.
        now: u64,
        /// First second of its life.
        from: i64,
        /// Last second of its life.
        until: i64,
    },
}

/// Settings of one connection, and where its verdict is found afterwards. Without anchors anybody is believed; `dates`
/// is the board's clock, if its stack looks at dates.
pub(crate) fn client(
    stack: Stack,
    anchors: Option<&Anchors>,
    host: &str,
    dates: Option<Time>,
) -> Result<(ClientConfig, Verdict), ConnectError> {
    let provider = provider();
    let algorithms = provider.signature_verification_algorithms;
    let verifier = Arc::new(Verifier::new(stack, anchors.cloned(), host, dates, algorithms)?);
    let verdict = verifier.verdict();
    let builder = ClientConfig::builder_with_provider(Arc::new(provider));
    let builder = builder.with_protocol_versions(stack.versions()).map_err(ConnectError::Handshake)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = builder.with_no_client_auth();
    // The update library opens a new session every time.
    config.resumption = Resumption::disabled();
    Ok((config, verdict))
}

/// Groups that Mbed TLS has; its suites are a superset of rustls'.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups.retain(|group| {
        use rustls::NamedGroup::{X25519, secp256r1, secp384r1};
        matches!(group.name(), X25519 | secp256r1 | secp384r1)
    });
    provider
}
