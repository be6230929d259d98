//! Servers that are broken in one way, and the certificates for it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
    date_time_ymd,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
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
        Self::raw(move |socket| match &tls {
            None => answer_once(socket, &answer),
            Some(config) => {
                let session = ServerConnection::new(Arc::clone(config)).unwrap();
                answer_once(StreamOwned::new(session, socket), &answer);
            }
        })
    }

    /// Does this with every connection, one after the other.
    pub fn raw(deed: impl Fn(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || listener.incoming().for_each(|socket| deed(socket.unwrap())));
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
        leaf.serve_by(&[self.certify(leaf)], versions)
    }

    /// `leaf` as a certificate (DER), signed by this authority.
    pub fn certify(&self, leaf: &Leaf) -> Vec<u8> {
        let issuer = Issuer::from_params(&self.params, &self.key);
        leaf.params.signed_by(&leaf.key, &issuer).unwrap().der().to_vec()
    }

    /// Its own certificate (DER).
    pub fn der(&self) -> Vec<u8> {
        self.params.self_signed(&self.key).unwrap().der().to_vec()
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

    /// For all of these names.
    pub fn named_each(names: &[String]) -> Self {
        Self::with(names.iter().map(|name| SanType::DnsName(name.as_str().try_into().unwrap())).collect())
    }

    /// What a server needs to show this chain, whatever is in it, and to sign with this leaf's key.
    pub fn serve(&self, chain: &[Vec<u8>]) -> ServerConfig {
        self.serve_by(chain, &[&TLS13, &TLS12])
    }

    fn serve_by(&self, chain: &[Vec<u8>], versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let key = default_provider().key_provider.load_private_key(key).unwrap();
        let chain = chain.iter().cloned().map(CertificateDer::from).collect();
        ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))))
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
