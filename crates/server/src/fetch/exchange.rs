//! One request and its answer, over a connection to an address that was checked.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{FetchError, Network, Permission, Place, Reach, Reply};

/// Bytes of an answer's body that are read when a body was handed over.
const REPLY: usize = 1024;

/// What a server answered.
pub(super) enum Answer {
    /// The file, whole.
    File(Vec<u8>),
    /// Where it is instead.
    Elsewhere(String),
}

/// Makes connections and asks.
pub(super) struct Exchange {
    network: Box<dyn Network>,
    tls: TlsConnector,
}

impl Exchange {
    pub(super) fn new(network: Box<dyn Network>, roots: RootCertStore) -> Result<Self, FetchError> {
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(FetchError::NoTls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { network, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Asks for a file of at most `bound` bytes.
    pub(super) async fn get(
        &self,
        place: &Place,
        permission: &Permission,
        token: Option<&str>,
        bound: u64,
    ) -> Result<Answer, FetchError> {
        let stream = self.open(place, permission).await?;
        converse(stream, request(place, token), place, |answer| file(answer, place, bound)).await
    }

    /// Hands a body over, and gives what was answered: its status and the beginning of its body.
    pub(super) async fn post(
        &self,
        place: &Place,
        permission: &Permission,
        fields: HeaderMap,
        body: Bytes,
    ) -> Result<Reply, FetchError> {
        let stream = self.open(place, permission).await?;
        converse(stream, posting(place, fields, body), place, |answer| reply(answer, place)).await
    }

    /// A connection to where a place is, with TLS where that is due.
    async fn open(&self, place: &Place, permission: &Permission) -> Result<Box<dyn Wire>, FetchError> {
        let addresses = self.addresses(place, permission).await?;
        let stream = self.connect(place, &addresses).await?;
        if place.is_plain() {
            return Ok(Box::new(stream));
        }
        let failed = |source| FetchError::Tls { host: place.host().to_owned(), source };
        let name = ServerName::try_from(place.server()).map_err(|error| failed(io::Error::other(error)))?;
        Ok(Box::new(self.tls.connect(name, stream).await.map_err(failed)?))
    }

    /// The addresses that may be connected to, looked up now.
    async fn addresses(&self, place: &Place, permission: &Permission) -> Result<Vec<SocketAddr>, FetchError> {
        let host = place.server();
        let none = |source| FetchError::NoAddress { host: place.host().to_owned(), source };
        let found = self.network.resolve(&host, place.port()).await.map_err(none)?;
        let Some(first) = found.first().copied() else {
            return Err(none(io::Error::from(io::ErrorKind::NotFound)));
        };
        let goes = |address: &SocketAddr| Reach::of(address.ip()) == Reach::Public;
        let named = place.is_named_by(permission);
        let allowed: Vec<_> = found.into_iter().filter(|address| named || goes(address)).collect();
        if allowed.is_empty() {
            let (host, address) = (place.host().to_owned(), first.ip());
            return Err(FetchError::NotPublic { host, address, reach: Reach::of(address) });
        }
        Ok(allowed)
    }

    async fn connect(&self, place: &Place, addresses: &[SocketAddr]) -> Result<TcpStream, FetchError> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in addresses {
            match self.network.connect(*address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(FetchError::NoConnection { host: place.host().to_owned(), source: last })
    }
}

/// A connection, with TLS or without.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Sends a request and reads the answer while the connection is driven beside it.
async fn converse<T>(
    stream: Box<dyn Wire>,
    request: Request<Full<Bytes>>,
    place: &Place,
    read: impl AsyncFnOnce(Response<Incoming>) -> Result<T, FetchError>,
) -> Result<T, FetchError> {
    let broken = |source| FetchError::Http { place: place.clone(), source };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let answer = async move { read(sender.send_request(request).await.map_err(broken)?).await };
    let (mut connection, mut answer) = (std::pin::pin!(connection), std::pin::pin!(answer));
    tokio::select! {
        answer = &mut answer => answer,
        // A connection that ended well has handed over all that came.
        ended = &mut connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(broken(error)),
        },
    }
}

async fn file(answer: Response<Incoming>, place: &Place, bound: u64) -> Result<Answer, FetchError> {
    let (head, body) = answer.into_parts();
    match head.status {
        StatusCode::OK if head.headers.contains_key(header::CONTENT_ENCODING) => {
            Err(FetchError::Encoded { place: place.clone() })
        }
        StatusCode::OK => read(body, place, bound).await.map(Answer::File),
        status if redirects(status) => elsewhere(&head.headers, place),
        status => Err(FetchError::Status { place: place.clone(), status }),
    }
}

/// What is answered to a body: of its own body no more than the beginning, and what is longer is no failure.
async fn reply(answer: Response<Incoming>, place: &Place) -> Result<Reply, FetchError> {
    let (head, mut body) = answer.into_parts();
    let mut text = Vec::new();
    while text.len() < REPLY {
        let Some(frame) = body.frame().await else { break };
        let frame = frame.map_err(|source| FetchError::Http { place: place.clone(), source })?;
        if let Ok(piece) = frame.into_data() {
            text.extend_from_slice(piece.get(..REPLY.min(piece.len())).unwrap_or_default());
        }
    }
    Ok(Reply { status: head.status, text: String::from_utf8_lossy(&text).into_owned() })
}

/// Nothing of it can be wrong: the place was parsed, and a token that is no field value is left out.
fn request(place: &Place, token: Option<&str>) -> Request<Full<Bytes>> {
    let mut request = posting(place, HeaderMap::new(), Bytes::new());
    *request.method_mut() = Method::GET;
    let authorization = token.map(|token| format!("Bearer {token}"));
    let fields = [
        (header::ACCEPT, Some("*/*".to_owned())),
        (header::ACCEPT_ENCODING, Some("identity".to_owned())),
        (header::AUTHORIZATION, authorization),
    ];
    for (name, value) in fields {
        if let Some(Ok(mut value)) = value.map(http::HeaderValue::try_from) {
            value.set_sensitive(name == header::AUTHORIZATION);
            request.headers_mut().insert(name, value);
        }
    }
    request
}

/// A request that hands a body over.
fn posting(place: &Place, fields: HeaderMap, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = place.target().parse().unwrap_or_default();
    *request.headers_mut() = fields;
    let own = [
        (header::HOST, place.authority()),
        (header::USER_AGENT, concat!("otary/", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    for (name, value) in own {
        if let Ok(value) = http::HeaderValue::try_from(value) {
            request.headers_mut().insert(name, value);
        }
    }
    request
}

/// Those of RFC 9110, section 15.4, that name another place for the same file.
const fn redirects(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn elsewhere(headers: &HeaderMap, place: &Place) -> Result<Answer, FetchError> {
    let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| FetchError::RedirectsNowhere { place: place.clone() })?;
    Ok(Answer::Elsewhere(location.to_owned()))
}

/// Reads a body, and no byte more than the bound and one piece.
async fn read(mut body: Incoming, place: &Place, bound: u64) -> Result<Vec<u8>, FetchError> {
    let too_large = || FetchError::TooLarge { place: place.clone(), bound };
    let bound = usize::try_from(bound).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|source| FetchError::Http { place: place.clone(), source })?;
        let Ok(piece) = frame.into_data() else { continue };
        if piece.len() > bound.saturating_sub(bytes.len()) {
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
