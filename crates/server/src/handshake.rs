//! The TLS handshake, and what is told of one that fails: a device can only say "-1", so the cause is said here.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use otary_fleet::Handshake;
use rustls::server::Acceptor;
use rustls::{AlertDescription, ServerConnection};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::client_certificate::Held;
use crate::front::Secured;
use crate::limits::TLS_SEND_BUFFER;
use crate::reception::Reception;
use crate::socket::{PlainHttp, Socket};

/// What a client that speaks plain HTTP to the HTTPS port is answered.
const WRONG_SCHEME: &[u8] = b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 40\r\n\
    Connection: close\r\n\r\nThis port speaks HTTPS: use https://...\n";

/// How a handshake failed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Failure {
    /// The client sent the alert of this number.
    Alert(u8),
    /// The client closed the connection without one, as BearSSL does whatever the cause.
    Closed,
    /// It did not finish in time.
    TimedOut,
    /// It speaks plain HTTP.
    PlainHttp,
    /// It was sent an alert for this.
    Refused(String),
    /// The connection was lost.
    Lost(ErrorKind),
}

/// Makes a handshake within `limit`.
pub(crate) async fn shake_hands(
    reception: &Reception,
    socket: Socket,
    limit: Duration,
) -> Result<(TlsStream<Socket>, Box<Secured>), Failure> {
    let deadline = Instant::now() + limit;
    let mut hello = LazyConfigAcceptor::new(Acceptor::default(), socket);
    let start = match timeout_at(deadline, &mut hello).await {
        Ok(Ok(start)) => start,
        Ok(Err(error)) => return Err(give_up(&error, hello.take_io(), limit).await),
        Err(_) => return Err(Failure::TimedOut),
    };
    let server_name = start.client_hello().server_name().map(str::to_ascii_lowercase);
    let face = reception.face(server_name.as_deref());
    let prepare = |session: &mut ServerConnection| session.set_buffer_limit(Some(TLS_SEND_BUFFER));
    let handshake = start.into_stream_with(face.config, prepare).into_fallible();
    let stream = match timeout_at(deadline, handshake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err((error, socket))) => return Err(give_up(&error, Some(socket), limit).await),
        Err(_) => return Err(Failure::TimedOut),
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(Held::of);
    let handshake = Handshake { server_name, presented: face.presented };
    Ok((stream, Box::new(Secured { handshake, certificate })))
}

/// Why a handshake failed. Who speaks plain HTTP is told so.
async fn give_up(error: &io::Error, socket: Option<Socket>, limit: Duration) -> Failure {
    let failure = Failure::from(error);
    if let Some(mut socket) = socket.filter(|_| failure == Failure::PlainHttp) {
        // Whether it arrives does not matter: the cause is logged.
        let _ = timeout(limit, socket.write_all(WRONG_SCHEME)).await;
    }
    failure
}

impl From<&io::Error> for Failure {
    fn from(error: &io::Error) -> Self {
        let inner = error.get_ref();
        if inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<PlainHttp>) {
            return Self::PlainHttp;
        }
        match inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::AlertReceived(alert)) => Self::Alert((*alert).into()),
            Some(refused) => Self::Refused(refused.to_string()),
            None => match error.kind() {
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Self::Closed,
                kind => Self::Lost(kind),
            },
        }
    }
}

impl Failure {
    /// One word of it: the alert's, or what happened instead.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Alert(alert) => match describe(AlertDescription::from(*alert)).0 {
                OF_ANOTHER_KIND => "other",
                name => name,
            },
            Self::Closed => "closed",
            Self::TimedOut => "timed_out",
            Self::PlainHttp => "plain_http",
            Self::Refused(_) => "refused",
            Self::Lost(_) => "lost",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alert(alert) => {
                let (name, meaning) = describe(AlertDescription::from(*alert));
                write!(f, "the client sent the alert {name}: {meaning}")
            }
            Self::Closed => f.write_str(
                "closed during handshake: an ESP8266 does so if it does not trust the authority, the name is \
                 another, or its clock is not set",
            ),
            Self::TimedOut => f.write_str("the handshake was not finished in time"),
            Self::PlainHttp => f.write_str("plain HTTP was spoken to the HTTPS port: the URL needs https://"),
            Self::Refused(error) => write!(f, "refused: {error}"),
            Self::Lost(kind) => write!(f, "the connection was lost during handshake: {kind}"),
        }
    }
}

/// Stands for the name of an alert that devices do not send.
const OF_ANOTHER_KIND: &str = "of another kind";

/// An alert's name (RFC 8446, section 6) and what it means from an ESP32 (mbedTLS) or curl (OpenSSL).
const fn describe(alert: AlertDescription) -> (&'static str, &'static str) {
    match alert {
        AlertDescription::UnknownCA => ("unknown_ca", "it does not hold this server's authority"),
        AlertDescription::BadCertificate => {
            ("bad_certificate", "the host in its URL is not a name of this server's certificate")
        }
        AlertDescription::CertificateExpired => {
            ("certificate_expired", "by its clock the certificate is not valid")
        }
        AlertDescription::CertificateUnknown => ("certificate_unknown", "it does not accept the certificate"),
        AlertDescription::UnsupportedCertificate => {
            ("unsupported_certificate", "it does not know this kind of certificate")
        }
        AlertDescription::DecryptError => ("decrypt_error", "a signature did not verify"),
        AlertDescription::HandshakeFailure => ("handshake_failure", "no common way to speak"),
        AlertDescription::ProtocolVersion => ("protocol_version", "it speaks neither TLS 1.2 nor 1.3"),
        AlertDescription::RecordOverflow => {
            ("record_overflow", "its receive buffer is small: set a maximum record size")
        }
        AlertDescription::UserCanceled => ("user_canceled", "it changed its mind"),
        AlertDescription::InternalError => ("internal_error", "it failed, mostly for want of memory"),
        AlertDescription::CloseNotify => ("close_notify", "it ended the handshake"),
        _ => (OF_ANOTHER_KIND, "see the client's own log"),
    }
}
