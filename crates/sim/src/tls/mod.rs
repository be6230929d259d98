//! What a device's TLS stack accepts, so that a server can be tried against it without a device.
//!
//! Rustls speaks the protocol; whom to believe is decided by the rules of the device's library
//! ([`otary_trust::verdict`]). rustls-webpki is not asked: it refuses what these stacks accept (a self-signed server
//! certificate as its own anchor, expired dates, names that a constraint forbids) and accepts what they refuse (an
//! anchor that is no CA).

mod signature;
mod verifier;

use std::sync::Arc;

use otary_fleet::Time;
use otary_trust::verdict::{Library, Rules};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, SupportedProtocolVersion};
use thiserror::Error;

pub use otary_trust::verdict::Fault as Distrust;
pub(crate) use verifier::Verdict;
use verifier::Verifier;

use crate::link::ConnectError;

/// A TLS library, as the Arduino cores have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// Mbed TLS 2.28 (core 2.x, ESP-IDF 4.4): iPAddress entries are ignored; TLS 1.2.
    MbedTls2,
    /// Mbed TLS 3.6 (core 3.x, ESP-IDF 5.x): iPAddress entries count; TLS 1.2.
    MbedTls3,
    /// Mbed TLS 3.6 built with TLS 1.3, which the cores leave out.
    MbedTls3WithTls13,
    /// BearSSL (the ESP8266): looks at dates, ignores iPAddress entries; TLS 1.2.
    BearSsl,
}

impl Stack {
    /// Whether it looks at dates however it was built.
    pub const fn always_checks_dates(self) -> bool {
        matches!(self, Self::BearSsl)
    }

    fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        static OLD: [&SupportedProtocolVersion; 1] = [&TLS12];
        static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        if self == Self::MbedTls3WithTls13 { &BOTH } else { &OLD }
    }

    const fn rules(self, dates: bool) -> Rules {
        let library = match self {
            Self::MbedTls2 => Library::MbedTls2,
            Self::MbedTls3 | Self::MbedTls3WithTls13 => Library::MbedTls3,
            Self::BearSsl => Library::BearSsl,
        };
        Rules::of(library, dates)
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

    /// Certificates in DER.
    pub(crate) fn from_der(anchors: Vec<Vec<u8>>) -> Self {
        Self(anchors.into_iter().map(CertificateDer::from).collect())
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
