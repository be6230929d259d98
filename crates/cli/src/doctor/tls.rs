//! The handshake, with the versions and suites of the device's stack. Everybody is believed here: whom the device
//! believes is judged from what the server showed.

mod failure;
mod witness;

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, StreamOwned, SupportedProtocolVersion};

use self::witness::Witness;
use super::patient::Patient;
use super::step::{Cause, Step};
use super::wire::Wire;

const STEP: &str = "tls";
/// How long a server may take for its part. An ESP8266 takes seconds for its own.
const PATIENCE: Duration = Duration::from_secs(10);

/// ECDHE with ChaCha20-Poly1305, which has no explicit nonce.
const CHACHA: [u16; 2] = [0xcca8, 0xcca9];

/// An open connection, and what the server showed.
pub struct Session {
    /// The connection.
    pub stream: StreamOwned<ClientConnection, Wire>,
    /// The server's certificates, its own first.
    pub chain: Vec<CertificateDer<'static>>,
}

/// Shakes hands as the device does.
pub fn shake_hands(patient: &Patient, socket: TcpStream) -> (Step, Option<Session>) {
    let began = Instant::now();
    let witness = Arc::new(Witness::default());
    let step = Step::new(STEP).saw(offered(patient));
    match open(patient, socket, &witness) {
        Ok(session) => {
            let took = began.elapsed().as_millis();
            let step = step.saw(format!("agreed on {} in {took} ms", session.described()));
            let step = if witness.is_forged() { step.fail(failure::forged(patient)) } else { step };
            (step, Some(session))
        }
        Err(cause) => (step.fail(cause), None),
    }
}

fn open(patient: &Patient, socket: TcpStream, witness: &Arc<Witness>) -> Result<Session, Cause> {
    let address = socket.peer_addr();
    let broken = |error: &io::Error, first: &[u8]| failure::broken(patient, error, !first.is_empty());
    let connection = connection(patient, witness).map_err(|error| failure::unable(patient, &error))?;
    let wire = Wire::new(socket, PATIENCE).map_err(|error| broken(&error, &[]))?;
    let mut stream = StreamOwned::new(connection, wire);
    while stream.conn.is_handshaking() {
        if let Err(error) = stream.conn.complete_io(&mut stream.sock) {
            let first = stream.sock.first().to_vec();
            // A server that has room for one connection has none for a second one before.
            drop(stream);
            return Err(if failure::speaks_http(&first, address.ok()) {
                failure::plain_http(patient)
            } else {
                broken(&error, &first)
            });
        }
    }
    Ok(Session { stream, chain: witness.chain() })
}

fn connection(patient: &Patient, witness: &Arc<Witness>) -> Result<ClientConnection, rustls::Error> {
    let offer = patient.stack.handshake();
    let mut provider = default_provider();
    provider.cipher_suites.retain(|suite| offer.suites.contains(&suite.suite().into()));
    let versions: Vec<&SupportedProtocolVersion> =
        [&TLS13, &TLS12].into_iter().filter(|known| offer.versions.contains(&known.version.into())).collect();
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&versions)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(witness) as _)
        .with_no_client_auth();
    // The update libraries open a new session every time.
    config.resumption = Resumption::disabled();
    let name = ServerName::try_from(patient.url.host.clone());
    let name = name.map_err(|_| rustls::Error::General("the host can be no TLS server name".to_owned()))?;
    ClientConnection::new(Arc::new(config), name)
}

/// What the device offers, as far as it is tried: of its suites the better ones.
fn offered(patient: &Patient) -> String {
    let suites = patient.stack.handshake().suites;
    let chacha = CHACHA.iter().any(|suite| suites.contains(suite));
    let ciphers = if chacha { "AES-GCM or ChaCha20-Poly1305" } else { "AES-GCM" };
    format!("offered {}, ECDHE with {ciphers}, as this stack does", versions(patient))
}

/// The versions that are tried: what the device has besides is older, and no server should speak it.
fn versions(patient: &Patient) -> String {
    let name = |version: &u16| match version {
        0x0303 => Some("TLS 1.2"),
        0x0304 => Some("TLS 1.3"),
        _ => None,
    };
    let names: Vec<&str> = patient.stack.handshake().versions.iter().filter_map(name).collect();
    names.join(" and ")
}

impl Session {
    /// Bytes that encryption adds to a record (RFC 5288, section 3; RFC 7905, section 2; RFC 8446, section 5.2).
    pub fn overhead(&self) -> usize {
        const TAG: usize = 16;
        const EXPLICIT_NONCE: usize = 8;
        const CONTENT_TYPE: usize = 1;
        let suite = self.stream.conn.negotiated_cipher_suite().map(|suite| u16::from(suite.suite()));
        match self.stream.conn.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => TAG + CONTENT_TYPE,
            _ if suite.is_some_and(|suite| CHACHA.contains(&suite)) => TAG,
            _ => TAG + EXPLICIT_NONCE,
        }
    }

    fn described(&self) -> String {
        let version = match self.stream.conn.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        };
        let suite = self.stream.conn.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
        let suite = suite.unwrap_or("a suite without a name");
        format!("{version}, {}", suite.trim_start_matches("TLS_").trim_start_matches("TLS13_"))
    }
}
