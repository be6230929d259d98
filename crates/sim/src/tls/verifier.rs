//! The decision whom to believe, in the form that rustls asks for it.

use std::sync::{Arc, Mutex, PoisonError};

use otary_fleet::Time;
use otary_trust::verdict::{self, Flag, Flags, Meeting, Rules};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{Anchors, Distrust, Stack, signature};

/// Why the last server was not believed; for the person who watches, never for the sketch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict(Arc<Mutex<Option<(Distrust, Flags)>>>);

impl Verdict {
    /// The reason, if there was one, and all flags.
    pub fn get(&self) -> Option<(Distrust, Flags)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, distrust: Distrust, flags: Flags) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((distrust, flags));
    }
}

#[derive(Debug)]
pub(super) struct Verifier {
    rules: Rules,
    anchors: Option<Anchors>,
    host: String,
    now: Time,
    algorithms: WebPkiSupportedAlgorithms,
    verdict: Verdict,
}

impl Verifier {
    pub(super) fn new(
        stack: Stack,
        anchors: Option<Anchors>,
        host: &str,
        dates: Option<Time>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Result<Self, Distrust> {
        let (rules, host, now) = (stack.rules(dates.is_some()), host.to_owned(), dates.unwrap_or_default());
        let verifier = Self { rules, anchors, host, now, algorithms, verdict: Verdict::default() };
        if let Some(anchors) = verifier.anchors() {
            verdict::check_anchors(&rules, &anchors)?;
        }
        Ok(verifier)
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.verdict.clone()
    }

    fn anchors(&self) -> Option<Vec<&[u8]>> {
        let Anchors(anchors) = self.anchors.as_ref()?;
        Some(anchors.iter().map(AsRef::as_ref).collect())
    }

    /// Asks the stack's rules; of several faults, the one that decides the alert.
    fn judge(&self, leaf: &[u8], others: &[CertificateDer<'_>]) -> Result<(), (Distrust, Flags)> {
        let chain: Vec<&[u8]> = std::iter::once(leaf).chain(others.iter().map(AsRef::as_ref)).collect();
        let Some(anchors) = self.anchors() else {
            let readable = verdict::check_readable(&self.rules, &chain);
            return readable.map_err(|fault| (fault.clone(), fault.flag().into()));
        };
        let meeting = Meeting { anchors: &anchors, chain: &chain, name: &self.host, now: self.now };
        let verdict = verdict::judge(&self.rules, &meeting);
        verdict.decisive().map_or(Ok(()), |fault| Err((fault.clone(), verdict.flags)))
    }

    fn check_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let (_, server) =
            X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
        let of_scheme = self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
        let valid = of_scheme.is_some_and(|(_, algorithms)| {
            let verifies = |algorithm: &&'static dyn rustls::pki_types::SignatureVerificationAlgorithm| {
                signature::verifies(*algorithm, &server, message, signed.signature())
            };
            algorithms.iter().any(verifies)
        });
        if valid {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(CertificateError::BadSignature.into())
        }
    }
}

/// The alert that Mbed TLS sends, by way of the rustls error that sends the same.
fn alert_of(distrust: &Distrust) -> CertificateError {
    match distrust.flag() {
        Flag::Parse => CertificateError::BadEncoding,
        Flag::Trust => CertificateError::UnknownIssuer,
        Flag::Name => CertificateError::NotValidForName,
        Flag::Usage | Flag::WeakKey => CertificateError::InvalidPurpose,
        Flag::Expired => CertificateError::Expired,
        Flag::Future | Flag::WeakDigest | Flag::TooLong => {
            CertificateError::Other(OtherError(Arc::new(distrust.clone())))
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge(end_entity, intermediates).map(|()| ServerCertVerified::assertion()).map_err(
            |(distrust, flags)| {
                let error = alert_of(&distrust);
                self.verdict.set(distrust, flags);
                error.into()
            },
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, cert, dss)
    }

    /// All of rustls' but Ed25519, which Mbed TLS does not have.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.algorithms.supported_schemes();
        schemes.retain(|scheme| *scheme != SignatureScheme::ED25519);
        schemes
    }
}
