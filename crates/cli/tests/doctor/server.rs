//! Servers that are broken in one way, and the certificates for it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
    date_time_ymd,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

/// "No update".
pub const NOTHING_NEW: &str = "HTTP/1.1 304 Not Modified\r\n\r\n";

/// A server on a free port of this machine; it ends with the test's process.
pub struct Server {
    pub address: SocketAddr,
}

/// An authority that a device may trust.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub pem: String,
}

/// A server's certificate, before it is signed.
pub struct Leaf {
    params: CertificateParams,
    key: KeyPair,
}

impl Server {
    /// Speaks plain HTTP, and always answers this.
    pub fn plain(answer: impl Into<Vec<u8>>) -> Self {
        Self::start(answer.into(), None)
    }

    /// Speaks TLS, and always answers this.
    pub fn tls(config: ServerConfig, answer: impl Into<Vec<u8>>) -> Self {
        Self::start(answer.into(), Some(Arc::new(config)))
    }

    fn start(answer: Vec<u8>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for socket in listener.incoming() {
                let socket = socket.unwrap();
                match &tls {
                    None => answer_once(socket, &answer),
                    Some(config) => {
                        let session = ServerConnection::new(Arc::clone(config)).unwrap();
                        answer_once(StreamOwned::new(session, socket), &answer);
                    }
                }
            }
        });
        Self { address }
    }
}

/// Reads a request to its end and answers it. What does not begin as one is answered at once, as HTTP servers do.
fn answer_once(mut stream: impl Read + Write, answer: &[u8]) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.first().is_none_or(u8::is_ascii_alphabetic) {
        match stream.read(&mut byte) {
            Ok(1) if head.len() < 4096 => head.push(byte[0]),
            _ => return,
        }
    }
    // The client may have gone.
    let _ = stream.write_all(answer).and_then(|()| stream.flush());
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { params, key, pem }
    }

    /// What a server needs to show `leaf`, signed by this authority; it speaks TLS 1.2 and 1.3.
    pub fn serve(&self, leaf: &Leaf) -> ServerConfig {
        self.serve_by(leaf, &[&TLS13, &TLS12])
    }

    /// The certificate and its key, as PEM.
    pub fn sign(&self, leaf: &Leaf) -> (String, String) {
        let issuer = Issuer::from_params(&self.params, &self.key);
        (leaf.params.signed_by(&leaf.key, &issuer).unwrap().pem(), leaf.key.serialize_pem())
    }

    /// What it needs to speak these versions alone.
    pub fn serve_by(&self, leaf: &Leaf, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = leaf.params.signed_by(&leaf.key, &issuer).unwrap();
        let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
        let key = PrivateKeyDer::try_from(leaf.key.serialize_der()).unwrap();
        ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap()
    }
}

impl Leaf {
    /// For this name, as dNSName.
    pub fn named(name: &str) -> Self {
        Self::with(vec![SanType::DnsName(name.try_into().unwrap())])
    }

    /// For this machine's loopback address, as iPAddress alone.
    pub fn address() -> Self {
        Self::with(vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())])
    }

    fn with(names: Vec<SanType>) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "a server");
        params.subject_alt_names = names;
        params.not_before = date_time_ymd(2020, 1, 1);
        Self { params, key: KeyPair::generate().unwrap() }
    }

    /// The same, but it ended on New Year 2024.
    pub fn expired(mut self) -> Self {
        self.params.not_after = date_time_ymd(2024, 1, 1);
        self
    }
}
