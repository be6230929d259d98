//! The decision whom to believe, in the form that rustls asks for it.

use std::sync::{Arc, Mutex, PoisonError};

use otary_fleet::Time;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use x509_parser::certificate::X509Certificate;

use super::{Anchors, Distrust, Stack, certificate, chain, name, signature};

/// Why the last server was not believed; for the person who watches, never for the sketch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict(Arc<Mutex<Option<Distrust>>>);

impl Verdict {
    /// The reason, if there was one.
    pub fn get(&self) -> Option<Distrust> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, distrust: Distrust) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(distrust);
    }
}

#[derive(Debug)]
pub(super) struct Verifier {
    stack: Stack,
    anchors: Option<Anchors>,
    host: String,
    dates: Option<Time>,
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
        let host = host.to_owned();
        let verifier = Self { stack, anchors, host, dates, algorithms, verdict: Verdict::default() };
        verifier.readable_anchors().map(drop)?;
        Ok(verifier)
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.verdict.clone()
    }

    /// The anchors that this stack can read. It passes over the others, unless none is left.
    fn readable_anchors(&self) -> Result<Vec<X509Certificate<'_>>, Distrust> {
        let Some(Anchors(anchors)) = &self.anchors else { return Ok(Vec::new()) };
        let (mut readable, mut fault) = (Vec::new(), "");
        for anchor in anchors.iter() {
            match certificate::read(anchor) {
                Ok(anchor) => readable.push(anchor),
                Err(why) => fault = why,
            }
        }
        if readable.is_empty() { Err(Distrust::UnreadableAnchors { why: fault }) } else { Ok(readable) }
    }

    /// Name before use, dates and chain: the order in which Mbed TLS chooses its alert.
    fn judge(&self, leaf: &[u8], others: &[CertificateDer<'_>]) -> Result<(), Distrust> {
        let leaf = certificate::read(leaf).map_err(|why| Distrust::Unreadable { position: 0, why })?;
        let others = (1..).zip(others).map(|(position, der)| {
            certificate::read(der).map_err(|why| Distrust::Unreadable { position, why })
        });
        let others: Vec<_> = others.collect::<Result<_, _>>()?;
        if self.anchors.is_none() {
            return Ok(());
        }
        if !name::matches(&leaf, &self.host, self.stack) {
            return Err(Distrust::WrongName { wanted: self.host.clone(), found: name::list(&leaf) });
        }
        check_usage(&leaf)?;
        for certificate in std::iter::once(&leaf).chain(&others) {
            self.check_dates(certificate)?;
        }
        chain::follow(&leaf, &others, &self.readable_anchors()?, self.algorithms.all)
    }

    fn check_dates(&self, certificate: &X509Certificate<'_>) -> Result<(), Distrust> {
        let Some(now) = self.dates.map(Time::secs) else { return Ok(()) };
        let validity = certificate.validity();
        let (from, until) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        let within = i64::try_from(now).is_ok_and(|now| (from..=until).contains(&now));
        if within { Ok(()) } else { Err(Distrust::Dates { now, from, until }) }
    }

    fn check_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let server = certificate::read(certificate).map_err(|_| CertificateError::BadEncoding)?;
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

/// A server signs its key exchange (Mbed TLS, `mbedtls_ssl_check_cert_usage`).
fn check_usage(leaf: &X509Certificate<'_>) -> Result<(), Distrust> {
    let usage = leaf.key_usage().ok().flatten();
    if usage.is_some_and(|extension| !extension.value.digital_signature()) {
        return Err(Distrust::Usage("keyUsage"));
    }
    let extended = leaf.extended_key_usage().ok().flatten();
    if extended.is_some_and(|extension| !extension.value.server_auth && !extension.value.any) {
        return Err(Distrust::Usage("extendedKeyUsage"));
    }
    Ok(())
}

/// The alert that Mbed TLS sends, by way of the rustls error that sends the same.
fn alert_of(distrust: &Distrust) -> CertificateError {
    match distrust {
        Distrust::Unreadable { .. } | Distrust::UnreadableAnchors { .. } => CertificateError::BadEncoding,
        Distrust::UnknownAuthority { .. } => CertificateError::UnknownIssuer,
        Distrust::WrongName { .. } => CertificateError::NotValidForName,
        Distrust::Usage(_) => CertificateError::InvalidPurpose,
        Distrust::Dates { .. } => CertificateError::Expired,
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
        self.judge(end_entity, intermediates).map(|()| ServerCertVerified::assertion()).map_err(|distrust| {
            let error = alert_of(&distrust);
            self.verdict.set(distrust);
            error.into()
        })
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

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::crypto::aws_lc_rs;

    use super::*;

    /// A verifier for `ota.lan`, and a certificate that it believes.
    fn believed() -> (Verifier, Vec<u8>) {
        let issuer_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&issuer_key).unwrap();
        let leaf = CertificateParams::new(vec!["ota.lan".to_owned()]).unwrap();
        let leaf = leaf
            .signed_by(&KeyPair::generate().unwrap(), &Issuer::from_params(&params, &issuer_key))
            .unwrap();
        let anchors = Anchors::from_pem(root.pem().as_bytes()).unwrap();
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        let verifier = Verifier::new(Stack::MbedTls3, Some(anchors), "ota.lan", None, algorithms).unwrap();
        assert_eq!(verifier.judge(leaf.der(), &[]), Ok(()));
        (verifier, leaf.der().to_vec())
    }

    #[test]
    fn no_certificate_with_a_changed_bit_is_believed() {
        let (verifier, leaf) = believed();
        for (at, bit) in (0..leaf.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut changed = leaf.clone();
            changed[at] ^= 1 << bit;
            assert!(verifier.judge(&changed, &[]).is_err(), "bit {bit} of byte {at}");
        }
    }

    #[test]
    fn no_certificate_that_was_cut_off_is_believed() {
        let (verifier, leaf) = believed();
        for len in 0..leaf.len() {
            assert!(verifier.judge(&leaf[..len], &[]).is_err(), "{len} bytes");
        }
    }
}
