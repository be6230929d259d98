//! Why a handshake broke, from what came back: an alert, something that is no TLS, or nothing.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustls::{AlertDescription, Error, InvalidMessage};

use super::{PATIENCE, versions};
use crate::doctor::patient::Patient;
use crate::doctor::step::Cause;
use crate::doctor::tcp;

/// How long a server that did not understand TLS is given to answer in plain HTTP.
const PLAIN_PATIENCE: Duration = Duration::from_secs(2);

/// How an answer begins in plain HTTP.
const HTTP: &[u8] = b"HTTP/";

/// Whether a server speaks plain HTTP: by what it sent `first` or, where that is nothing, by how it answers a request.
/// One that began with TLS is not asked: many that speak TLS have a word in plain HTTP for those who do not.
pub(super) fn speaks_http(first: &[u8], address: Option<SocketAddr>) -> bool {
    first.starts_with(HTTP) || (first.is_empty() && address.is_some_and(answers_http))
}

fn answers_http(address: SocketAddr) -> bool {
    let ask = || -> io::Result<bool> {
        let mut socket = TcpStream::connect_timeout(&address, tcp::PATIENCE)?;
        socket.set_read_timeout(Some(PLAIN_PATIENCE))?;
        socket.write_all(b"GET / HTTP/1.0\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; HTTP.len()];
        socket.read_exact(&mut answer)?;
        Ok(answer == HTTP)
    };
    ask().unwrap_or(false)
}

/// The server speaks plain HTTP there.
pub(super) fn plain_http(patient: &Patient) -> Cause {
    let url = &patient.url;
    Cause::new(
        format!("port {} of {} speaks plain HTTP, and the URL says https", url.port, url.host),
        "put the port in the URL on which the server speaks HTTPS (`otary serve`: 3443); http:// in the URL would \
         reach this one, without any protection",
        patient.broken_handshake(),
    )
}

/// The server signed with a key that is not its certificate's.
pub(super) fn forged(patient: &Patient) -> Cause {
    Cause::new(
        "the server does not hold the key of the certificate that it shows: its signature does not verify",
        "give the server the key that belongs to its certificate",
        patient.broken_handshake(),
    )
}

/// The device's part could not even begin.
pub(super) fn unable(patient: &Patient, error: &Error) -> Cause {
    Cause::new(
        format!("no handshake can be made with {}: {error}", patient.url.host),
        "look at the host in the URL",
        patient.broken_handshake(),
    )
}

/// The handshake broke with `error`; the server `began` to answer or did not.
pub(super) fn broken(patient: &Patient, error: &io::Error, began: bool) -> Cause {
    let host = &patient.url.host;
    let said = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let (cause, help) = match said {
        Some(Error::AlertReceived(alert)) => alerted(patient, *alert),
        Some(Error::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
        )) => (
            "the server's handshake has a message of more than 64 KiB: no device has room for that".to_owned(),
            "look at the chain that the server is given: its own certificate and what leads to the root, no more"
                .to_owned(),
        ),
        Some(Error::InvalidMessage(_)) => (
            format!("what answers on port {} of {host} does not speak TLS", patient.url.port),
            "look whether the port in the URL is the one on which the server speaks HTTPS".to_owned(),
        ),
        Some(error) => (
            format!("the handshake breaks: {error}"),
            "look at the server's log, and at what stands between it and the device".to_owned(),
        ),
        None => silent(host, error, began),
    };
    Cause::new(cause, help, patient.broken_handshake())
}

fn alerted(patient: &Patient, alert: AlertDescription) -> (String, String) {
    let host = &patient.url.host;
    match alert {
        AlertDescription::HandshakeFailure => (
            format!("{host} takes nothing of what was offered (alert handshake_failure)"),
            "let the server offer ECDHE with AES-GCM, and give it a certificate with an RSA or P-256 key: no device \
             knows Ed25519. A server that has CBC suites alone would do for this stack, and was not tried"
                .to_owned(),
        ),
        AlertDescription::ProtocolVersion => (
            format!("{host} does not speak {} (alert protocol_version)", versions(patient)),
            "let the server speak TLS 1.2: no Arduino core speaks 1.3 unless it was built so".to_owned(),
        ),
        AlertDescription::UnrecognisedName => (
            format!("the server knows no {host} (alert unrecognized_name)"),
            format!("tell the server this name (`otary serve --name {host}`), or use one in the URL that it knows"),
        ),
        AlertDescription::CertificateRequired => (
            "the server asks for a client certificate (alert certificate_required)".to_owned(),
            "give the device one (setCertificate and setPrivateKey); it cannot be tried from here".to_owned(),
        ),
        alert => (
            format!("the server ends the handshake with the alert {alert:?}"),
            "look at the server's log for the same moment".to_owned(),
        ),
    }
}

fn silent(host: &str, error: &io::Error, began: bool) -> (String, String) {
    let help = "look at the server's log; a port of another program behaves so, a proxy in between, and a server whose \
                certificate has a key that no device knows (Ed25519)";
    let cause = match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock if began => {
            format!("{host} does not come to the end of its handshake within {} s", PATIENCE.as_secs())
        }
        ErrorKind::TimedOut | ErrorKind::WouldBlock => {
            format!("{host} takes the connection and then says nothing for {} s", PATIENCE.as_secs())
        }
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe if began => {
            format!("{host} closes the connection in the middle of the handshake")
        }
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            format!("{host} closes the connection as soon as the handshake begins")
        }
        _ => format!("the connection breaks during the handshake: {error}"),
    };
    (cause, help.to_owned())
}
