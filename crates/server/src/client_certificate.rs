//! Client certificates: asked for where the operator turned it on, never demanded, and no reason to end a handshake.
//!
//! What is checked here is that the client holds the certificate's key. Which certificates are good is in the devices'
//! records, by their digests: each was issued by the authority when its device was enrolled, and is good until it is
//! taken back (`otary device disenroll`). The chain and the dates would add nothing to that but ways to cut a device
//! off: by a wrong clock, or by the end of the root that signed it. A certificate that is in no record proves nothing,
//! and its client is served as if it had shown none.

use otary_fleet::{Mac, Sha256};
use otary_trust::Certificate;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, SignatureScheme};

/// Asks for a certificate and checks that the client holds its key, by these algorithms.
#[derive(Debug)]
pub(crate) struct AskedFor(pub(crate) WebPkiSupportedAlgorithms);

impl ClientCertVerifier for AskedFor {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// None: devices hold one certificate and send that, and names of authorities would take room in small buffers.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// A certificate whose key the client holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    /// SHA-256 of its DER form.
    pub(crate) digest: Sha256,
    /// The device that it was issued to, by its own word.
    pub(crate) device: Option<Mac>,
}

impl Held {
    /// What the client sent, its own certificate first.
    pub(crate) fn of(certificates: &[CertificateDer<'_>]) -> Option<Self> {
        let certificate = certificates.first()?;
        let read = Certificate::from_der(certificate).ok();
        let device = read.and_then(|read| read.common_name().parse().ok());
        Some(Self { digest: Sha256::of(certificate), device })
    }
}
