//! The one client that all servers meet: TLS as a device speaks it, with nothing left to the server's choice.
//!
//! One cipher suite (AES-128-GCM with ECDHE), X25519 preferred, no resumption, no ALPN. So every server does the
//! same arithmetic.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use socket2::{Domain, Socket, Type};

use crate::case::Version;

pub type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A server that says nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A board's TCP (lwIP as ESP-IDF and the Arduino cores set it): bytes in a segment, and of window.
const BOARD_SEGMENT: u32 = 1436;
const BOARD_WINDOW: usize = 4 * 1436;

/// What the client's TCP looks like to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Loopback as it is.
    Fast,
    /// Segments and window of a board. Without it, one burst would put a whole image into the kernel's buffers.
    Board,
}

#[derive(Clone)]
pub struct Client {
    tls12: Arc<ClientConfig>,
    tls13: Arc<ClientConfig>,
}

impl Client {
    /// Trusts this root alone.
    pub fn new(root: &Path) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(root).context("the root certificate")?)?;
        Ok(Self { tls12: configuration(roots.clone(), &TLS12)?, tls13: configuration(roots, &TLS13)? })
    }

    /// A connection whose handshake is complete.
    pub fn connect(&self, port: u16, version: Version, link: Link) -> anyhow::Result<Stream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        if link == Link::Board {
            socket.set_recv_buffer_size(BOARD_WINDOW)?;
            socket.set_tcp_mss(BOARD_SEGMENT)?;
        }
        socket.connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into(), PATIENCE)?;
        let mut socket = TcpStream::from(socket);
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let configuration = match version {
            Version::Tls12 => &self.tls12,
            Version::Tls13 => &self.tls13,
        };
        let name = ServerName::try_from("localhost").context("the server's name")?;
        let mut tls = ClientConnection::new(Arc::clone(configuration), name)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut socket)?;
        }
        Ok(StreamOwned::new(tls, socket))
    }
}

fn configuration(
    roots: RootCertStore,
    version: &'static SupportedProtocolVersion,
) -> anyhow::Result<Arc<ClientConfig>> {
    use aws_lc_rs::cipher_suite as suite;
    let provider = CryptoProvider {
        cipher_suites: vec![
            suite::TLS13_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ],
        // A server may show a P-256 certificate only to a client that names that curve (RFC 8422, 5.1).
        kx_groups: vec![aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1],
        ..aws_lc_rs::default_provider()
    };
    let builder =
        ClientConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&[version])?;
    let mut configuration = builder.with_root_certificates(roots).with_no_client_auth();
    configuration.resumption = Resumption::disabled();
    Ok(Arc::new(configuration))
}
