//! A thief of the server: he has its TLS key, the key that signs orders, and everything that the owner ever signed. He
//! stands between a board and the real server, passes on what the board says, and answers its check-ins himself.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use otary_fleet::Sha256;
use otary_trust::signing::SigningKey;
use otary_wire::{Action, CheckIn, Offer, Order, UnixSeconds, sign};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::house::House;

/// What he answers.
pub struct Lie {
    /// The manifest that he orders to be installed; to wait without.
    pub manifest: Option<Vec<u8>>,
    /// The time that he says it is.
    pub time: UnixSeconds,
}

/// Starts in front of `server` and gives his address. He stays until the test's process ends.
pub fn start(house: &House, server: SocketAddr, lie: Lie) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let thief = Thief {
        shown: shown(house),
        trusting: trusting(house),
        server,
        order_key: key(house, "x/trust/order.key").to_wire(),
        lie,
    };
    thread::spawn(move || {
        for socket in listener.incoming() {
            // A board that hangs up is none of his business.
            let _ = thief.visit(socket.unwrap());
        }
    });
    address
}

/// A signing key in a file of the house.
pub fn key(house: &House, name: &str) -> SigningKey {
    SigningKey::unlock(&fs::read(house.path(name)).unwrap(), None).unwrap()
}

struct Thief {
    shown: Arc<ServerConfig>,
    trusting: Arc<ClientConfig>,
    server: SocketAddr,
    order_key: sign::SigningKey,
    lie: Lie,
}

/// The certificate of the real server.
fn shown(house: &House) -> Arc<ServerConfig> {
    let [chain, key] =
        ["leaf.crt", "leaf.key"].map(|name| fs::read(house.data().join("trust").join(name)).unwrap());
    let chain = CertificateDer::pem_slice_iter(&chain).collect::<Result<_, _>>().unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(config.with_single_cert(chain, PrivateKeyDer::from_pem_slice(&key).unwrap()).unwrap())
}

fn trusting(house: &House) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let root = fs::read(house.data().join("trust/root.crt")).unwrap();
    roots.add(CertificateDer::from_pem_slice(&root).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

impl Thief {
    fn visit(&self, socket: TcpStream) -> io::Result<()> {
        let session = ServerConnection::new(Arc::clone(&self.shown)).map_err(io::Error::other)?;
        let mut board = StreamOwned::new(session, socket);
        let request = head(&mut board)?;
        let name = self.server.ip().into();
        let session = ClientConnection::new(Arc::clone(&self.trusting), name).map_err(io::Error::other)?;
        let mut server = StreamOwned::new(session, TcpStream::connect(self.server)?);
        server.write_all(request.as_bytes())?;
        let mut answer = head(&mut server)?;
        let length = field(&answer, "Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        server.read_exact(&mut body)?;
        // A request for a payload carries the check-in too.
        let check_in = field(&request, CheckIn::HEADER).filter(|_| request.starts_with("GET /update"));
        if let Some(text) = check_in {
            body = self.answer(text);
            answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
        }
        board.write_all(answer.as_bytes())?;
        board.write_all(&body)?;
        board.flush()
    }

    /// An offer with his manifest, and a good order for it.
    fn answer(&self, check_in: &str) -> Vec<u8> {
        let mut bytes = [0; CheckIn::MAX_LEN];
        let check_in = CheckIn::from_text(check_in, &mut bytes).unwrap();
        let manifest = self.lie.manifest.as_deref();
        let digest = manifest.map(|manifest| Sha256::of(manifest).0);
        let order = Order {
            nonce: check_in.nonce,
            time: self.lie.time,
            device: check_in.device,
            action: digest.as_ref().map_or(Action::Wait, Action::Install),
            poll_after: 60,
        };
        let mut order_bytes = [0; Order::MAX_LEN];
        let order = sign::order(&order, &self.order_key, &mut order_bytes).unwrap();
        let offer = Offer { root: None, manifest, order: Some(order), retry_after: None };
        offer.encode(&mut [0; Offer::MAX_LEN]).unwrap().to_vec()
    }
}

/// Reads to the end of a head.
fn head(stream: &mut impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        bytes.extend(byte);
    }
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
