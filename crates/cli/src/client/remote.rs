//! A server's operator listener over HTTPS: only the given certificates are trusted, the name is checked, and nothing is
//! sent before both hold.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use otary_server::operator::{Announcement, CSRF_HEADER, SESSION_COOKIE, Secret};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::Address;
use crate::advice::{Advise, advised};

/// The longest that a connection or a handshake may take.
const CONNECT: Duration = Duration::from_secs(15);

/// What to say when nobody answers.
const UNREACHABLE: &str =
    "is it running, and does its operator listener listen on more than 127.0.0.1 (`otary serve --operator`)?";

/// A server, and the connection to it once there is one.
pub(super) struct Remote {
    address: Address,
    tls: TlsConnector,
    shows: Shows,
    sender: Option<SendRequest<Body>>,
}

/// What a server is shown of who asks.
enum Shows {
    Nothing,
    Token(Secret),
    Session { cookie: HeaderValue, csrf: HeaderValue },
}

impl Remote {
    /// The server at `url`, which shows a certificate by one of `anchors` (PEM) and is shown `token`, if there is one.
    pub(super) fn new(url: &str, anchors: &[u8], token: Option<Secret>) -> anyhow::Result<Self> {
        let shows = token.map_or(Shows::Nothing, Shows::Token);
        Ok(Self { address: Address::parse(url)?, tls: connector(anchors)?, shows, sender: None })
    }

    /// Shows from now on the session that an answer's headers opened.
    pub(super) fn hold_session(&mut self, headers: &HeaderMap, csrf: Option<&str>) -> anyhow::Result<()> {
        let set = headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = set.filter_map(|text| text.split(';').next());
        let prefix = format!("{SESSION_COOKIE}=");
        let pair = pairs.find(|pair| pair.starts_with(&prefix)).context("the server opened no session")?;
        let mut cookie = HeaderValue::from_str(pair)?;
        cookie.set_sensitive(true);
        let csrf = HeaderValue::from_str(csrf.unwrap_or_default())?;
        self.shows = Shows::Session { cookie, csrf };
        Ok(())
    }

    /// The server that works on a data directory of this machine.
    pub(super) fn announced(announcement: &Announcement) -> anyhow::Result<Self> {
        Self::new(&announcement.url, announcement.ca.as_bytes(), Some(announcement.token.clone()))
    }

    /// Connects, if that has not happened yet.
    pub(super) async fn reach(&mut self) -> anyhow::Result<()> {
        self.sender().await.map(|_| ())
    }

    /// Sends a request with what the server is shown.
    pub(super) async fn send(&mut self, mut request: Request<Body>) -> anyhow::Result<Response<Incoming>> {
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_str(&self.host())?);
        match &self.shows {
            Shows::Nothing => {}
            Shows::Token(token) => {
                let mut token = HeaderValue::from_str(&format!("Bearer {}", token.expose()))?;
                token.set_sensitive(true);
                headers.insert(header::AUTHORIZATION, token);
            }
            Shows::Session { cookie, csrf } => {
                headers.insert(header::COOKIE, cookie.clone());
                headers.insert(CSRF_HEADER, csrf.clone());
            }
        }
        let sender = self.sender().await?;
        // The causes become text: a connection that broke is no closed pipe of ours.
        sender
            .send_request(request)
            .await
            .map_err(|error| anyhow!("the connection broke: {}", causes(&error)))
    }

    fn host(&self) -> String {
        let Address { host, port, .. } = &self.address;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// The connection that there is, else a new one.
    async fn sender(&mut self) -> anyhow::Result<&mut SendRequest<Body>> {
        let mut kept = self.sender.take();
        if let Some(sender) = &mut kept
            && sender.ready().await.is_err()
        {
            kept = None;
        }
        let sender = match kept {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        Ok(self.sender.insert(sender))
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Body>> {
        let Address { host, port, name } = &self.address;
        let connecting = timeout(CONNECT, TcpStream::connect((host.as_str(), *port))).await;
        let stream = connecting.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let stream = stream.with_context(|| format!("cannot reach {}", self.host())).help(UNREACHABLE)?;
        stream.set_nodelay(true)?;
        let shaking = timeout(CONNECT, self.tls.connect(name.clone(), stream)).await;
        let stream = shaking.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let stream = stream.map_err(|error| untrusted(&self.host(), &error))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // Whoever waits for an answer learns of it there.
            let _ = connection.await;
        });
        Ok(sender)
    }
}

fn connector(anchors: &[u8]) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(anchors) {
        let added = certificate.map_err(anyhow::Error::from).and_then(|found| Ok(roots.add(found)?));
        added.context("the certificate to trust is damaged")?;
    }
    if roots.is_empty() {
        return Err(anyhow!("no certificate in the file that is to be trusted"))
            .help("it begins with -----BEGIN CERTIFICATE-----");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Why a handshake failed, and what to do about it.
fn untrusted(host: &str, error: &io::Error) -> anyhow::Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    let said = anyhow!("no trusted connection to {host}: {error}");
    match cause {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            advised(said, "its certificate is by another authority than --ca: compare the fingerprints")
        }
        Some(rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => advised(said, "use a name that its certificate has, or add this one with `otary serve --name`"),
        _ => said,
    }
}

/// An error and its causes in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
