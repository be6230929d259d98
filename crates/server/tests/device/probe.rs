//! A client that looks at what it is shown: it takes certain signatures alone, believes every chain, and says what it
//! saw. Its sessions last over several connections.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::aws_lc_rs::{default_provider, sign};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, HandshakeKind, SignatureScheme, StreamOwned,
    SupportedProtocolVersion,
};

use crate::site::Site;
use crate::wire::{HOME, connect};

/// The signatures of an ESP32 on stock settings, and of a client without elliptic curves.
pub const ANY: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA256,
];
pub const RSA: &[SignatureScheme] = &[SignatureScheme::RSA_PSS_SHA256, SignatureScheme::RSA_PKCS1_SHA256];

/// A client.
pub struct Probe {
    config: Arc<ClientConfig>,
    asked: Arc<AtomicBool>,
}

/// What a client saw.
pub struct Seen {
    pub stream: StreamOwned<ClientConnection, TcpStream>,
    /// The chain that it was shown.
    pub chain: Vec<CertificateDer<'static>>,
    pub resumed: bool,
    /// Whether it was asked for a certificate.
    pub asked: bool,
}

impl Probe {
    pub fn new(version: &'static SupportedProtocolVersion, signatures: &'static [SignatureScheme]) -> Self {
        Self::with_certificate(version, signatures, None)
    }

    /// One that has a certificate to show.
    pub fn with_certificate(
        version: &'static SupportedProtocolVersion,
        signatures: &'static [SignatureScheme],
        own: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    ) -> Self {
        let asked = Arc::new(AtomicBool::new(false));
        let own = own.map(|(certificate, key)| {
            let key = sign::any_supported_type(&key).unwrap();
            Arc::new(CertifiedKey::new(vec![certificate], key))
        });
        let mut config = ClientConfig::builder_with_protocol_versions(&[version])
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Believer(signatures)))
            .with_client_cert_resolver(Arc::new(Own { asked: Arc::clone(&asked), own }));
        config.resumption = Resumption::in_memory_sessions(16);
        Self { config: Arc::new(config), asked }
    }

    /// A handshake under this name, or address.
    pub fn meet(&self, site: &Site, name: &str) -> Seen {
        self.asked.store(false, Ordering::Relaxed);
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut session = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let mut socket = connect(HOME, site.addresses.https);
        while session.is_handshaking() {
            session.complete_io(&mut socket).unwrap();
        }
        Seen {
            chain: session.peer_certificates().unwrap().iter().map(|c| c.clone().into_owned()).collect(),
            resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
            asked: self.asked.load(Ordering::Relaxed),
            stream: StreamOwned::new(session, socket),
        }
    }
}

#[derive(Debug)]
struct Own {
    asked: Arc<AtomicBool>,
    own: Option<Arc<CertifiedKey>>,
}

impl ResolvesClientCert for Own {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.own.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Believer(&'static [SignatureScheme]);

impl ServerCertVerifier for Believer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.to_vec()
    }
}
