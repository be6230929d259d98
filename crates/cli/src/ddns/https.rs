//! One HTTPS request to a server on the internet: its certificate is checked by the system's roots, or by those of a
//! file; nothing is sent before; answers and patience are bounded.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::endpoint::Endpoint;
use crate::advice::Advise;
use crate::file::read_file;
use crate::roots::system_roots;

/// The longest that everything together may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes: a word, or a page with an address in it.
const MAX_ANSWER: usize = 16 * 1024;
/// The largest file of certificates, in bytes.
const MAX_CA: u64 = 1024 * 1024;

/// A client that trusts some certificates.
pub struct Client(TlsConnector);

/// An answer.
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its text; what is no UTF-8 is replaced.
    pub body: String,
}

impl Client {
    /// A client that trusts the certificates in `ca` (PEM), or the system's.
    pub fn new(ca: Option<&Path>) -> Result<Self> {
        let roots = match ca {
            Some(file) => roots_in(file)?,
            None => system_roots().help("or name a file with ddns.ca_file")?,
        };
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Sends a request; its URI is a path.
    pub async fn send(&self, endpoint: &Endpoint, request: Request<()>) -> Result<Reply> {
        let exchange = timeout(PATIENCE, self.exchange(endpoint, request)).await;
        exchange.with_context(|| format!("no answer within {} s", PATIENCE.as_secs()))?
    }

    async fn exchange(&self, endpoint: &Endpoint, request: Request<()>) -> Result<Reply> {
        let Endpoint { host, port, name, .. } = endpoint;
        let stream = TcpStream::connect((host.as_str(), *port)).await;
        let stream = stream.with_context(|| format!("connecting to {}", endpoint.authority()))?;
        let stream = self.0.connect(name.clone(), stream).await;
        let stream = stream.with_context(|| format!("no trusted connection to {}", endpoint.authority()))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let answer = async {
            let response = sender.send_request(request.map(|()| Empty::<Bytes>::new())).await?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
            let body = body.map_err(|error| anyhow!("the answer broke off: {error}"))?.to_bytes();
            Ok(Reply { status, body: String::from_utf8_lossy(&body).into_owned() })
        };
        let mut connection = std::pin::pin!(connection);
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            answer = &mut answer => answer,
            // A connection that ended well has handed over all that came.
            ended = &mut connection => match ended {
                Ok(()) => answer.await,
                Err(error) => Err(error.into()),
            },
        }
    }
}

fn roots_in(file: &Path) -> Result<RootCertStore> {
    let pem = read_file(file, MAX_CA)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let added = certificate.map_err(anyhow::Error::from).and_then(|found| Ok(roots.add(found)?));
        added.with_context(|| format!("a certificate in {} is damaged", file.display()))?;
    }
    if roots.is_empty() {
        return Err(anyhow!("there is no certificate in {}", file.display()))
            .help("it begins with -----BEGIN CERTIFICATE-----");
    }
    Ok(roots)
}
