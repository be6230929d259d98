//! What a server presents: its chain, as it sends it, whether or not anybody would trust it.
//!
//! The connection is for looking only: nothing but the handshake goes over it, and it ends within a bound.

use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use otary_trust::Certificate;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::advice::advised;

/// The longest that all of it may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// A server.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
}

impl Target {
    /// Reads `HOST:PORT`, also as the beginning of a URL.
    pub fn parse(text: &str) -> Option<Self> {
        let bare = text.strip_prefix("https://").unwrap_or(text);
        let (host, port) = bare.split('/').next()?.rsplit_once(':')?;
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_whole = inner.is_some() || !host.contains(':');
        let host = inner.unwrap_or(host);
        (is_whole && !host.is_empty()).then_some(())?;
        Some(Self { host: host.to_owned(), port: port.parse().ok().filter(|port| *port > 0)? })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// The chain that a server presents to who asks for this host.
pub fn fetch(target: &Target) -> Result<Vec<Certificate>> {
    let seen = Arc::new(Seen::default());
    let name = ServerName::try_from(target.host.clone());
    let name = name.with_context(|| format!("{:?} is no host name", target.host))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let looking = look(target, name, Arc::clone(&seen));
    let looked = runtime.block_on(async { timeout(PATIENCE, looking).await });
    let shown = seen.0.get();
    match (shown, looked.unwrap_or_else(|_| Err(late(target)))) {
        // A handshake that failed later, for want of a client certificate say, has shown what was asked for.
        (Some(chain), _) => read(target, chain),
        (None, Err(error)) => Err(error),
        (None, Ok(())) => Err(anyhow!("{target} showed no certificate")),
    }
}

fn late(target: &Target) -> anyhow::Error {
    anyhow!("{target} did not finish the handshake within {} s", PATIENCE.as_secs())
}

fn read(target: &Target, chain: &[Vec<u8>]) -> Result<Vec<Certificate>> {
    let read = |(index, der): (usize, &Vec<u8>)| {
        Certificate::from_der(der).with_context(|| format!("certificate {} of {target}", index + 1))
    };
    chain.iter().take(Certificate::MAX_CHAIN).enumerate().map(read).collect()
}

async fn look(target: &Target, name: ServerName<'static>, seen: Arc<Seen>) -> Result<()> {
    let stream = TcpStream::connect((target.host.as_str(), target.port)).await;
    let stream = stream.with_context(|| format!("cannot reach {target}"))?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(seen)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    shaken.map(|_| ()).map_err(|error| failed(target, &error))
}

fn failed(target: &Target, error: &io::Error) -> anyhow::Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    let said = anyhow!("no handshake with {target}: {error}");
    match cause {
        Some(rustls::Error::InvalidMessage(_)) => advised(said, "does it speak TLS at this port?"),
        Some(_) => said,
        None => advised(said, "the connection broke off: does it speak TLS at this port?"),
    }
}

/// Keeps what a server shows, and believes everything: nothing is ever said to that server.
#[derive(Debug, Default)]
struct Seen(OnceLock<Vec<Vec<u8>>>);

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = [leaf].into_iter().chain(others).map(|found| found.to_vec());
        self.0.get_or_init(|| chain.collect());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureScheme::ED25519,
            SignatureScheme::ED448,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
            SignatureScheme::RSA_PKCS1_SHA1,
            SignatureScheme::ECDSA_SHA1_Legacy,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_and_a_port_also_in_a_url() {
        let parsed = |text| Target::parse(text).map(|target| (target.host, target.port));
        assert_eq!(parsed("a.lan:3443"), Some(("a.lan".into(), 3443)));
        assert_eq!(parsed("https://10.0.0.1:443/update?x"), Some(("10.0.0.1".into(), 443)));
        assert_eq!(parsed("[fd00::7]:443"), Some(("fd00::7".into(), 443)));
        for text in ["a.lan", "a.lan:", ":443", "a.lan:0", "a.lan:99999", "fd00::7:443", ""] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
