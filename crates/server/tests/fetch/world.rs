//! A little Internet: names with the addresses that they have at each lookup, whatever address is connected leads to a
//! server on loopback, and what was connected and shown is kept.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream as StdStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use otary_server::fetch::{Bounds, Connecting, FetchError, Fetched, Fetcher, Network, Permission, Resolving};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tokio::net::TcpStream;

/// What a server does with a request.
pub struct Answer {
    bytes: Vec<u8>,
    then: Then,
}

enum Then {
    Close,
    Repeat,
    Wait,
}

impl Answer {
    pub fn file(body: &[u8]) -> Self {
        Self::ok(body.len(), body, Then::Close)
    }

    /// Fewer bytes than were announced.
    pub fn cut_off(body: &[u8]) -> Self {
        Self::ok(body.len() + 1, body, Then::Close)
    }

    fn ok(length: usize, body: &[u8], then: Then) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        Self { bytes: [head.as_bytes(), body].concat(), then }
    }

    /// Bytes without end and without a length.
    pub fn endless() -> Self {
        Self { bytes: b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec(), then: Then::Repeat }
    }

    pub fn silence() -> Self {
        Self { bytes: Vec::new(), then: Then::Wait }
    }

    pub fn redirect(to: &str) -> Self {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        Self { bytes: head.into_bytes(), then: Then::Close }
    }

    pub fn status(status: &str) -> Self {
        let head = format!("HTTP/1.1 {status} \r\nConnection: close\r\n\r\n");
        Self { bytes: head.into_bytes(), then: Then::Close }
    }

    fn give(&self, stream: &mut dyn Stream) -> io::Result<()> {
        stream.write_all(&self.bytes)?;
        match self.then {
            Then::Close => stream.flush(),
            // Bounded: the client ends it.
            Then::Repeat => (0..1000).try_for_each(|_| stream.write_all(&[7; 100])),
            Then::Wait => {
                thread::sleep(Duration::from_secs(2));
                Ok(())
            }
        }
    }
}

type Names = HashMap<String, Vec<Vec<SocketAddr>>>;

#[derive(Default)]
struct Web {
    names: Names,
    server: Option<SocketAddr>,
    dialled: Vec<SocketAddr>,
    authorizations: Vec<String>,
}

/// The names, the server and what happened.
pub struct World {
    pub permission: Permission,
    pub bounds: Bounds,
    web: Arc<Mutex<Web>>,
    roots: RootCertStore,
}

struct Wires(Arc<Mutex<Web>>);

impl Network for Wires {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        let mut web = self.0.lock().unwrap();
        let number = host.parse().ok().map(|ip| vec![SocketAddr::new(ip, port)]);
        let found = number.or_else(|| {
            let turns = web.names.get_mut(host)?;
            let turn = if turns.len() > 1 { turns.remove(0) } else { turns.first()?.clone() };
            Some(turn.into_iter().map(|address| SocketAddr::new(address.ip(), port)).collect())
        });
        Box::pin(async move { found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)) })
    }

    fn connect(&self, address: SocketAddr) -> Connecting<'_> {
        let mut web = self.0.lock().unwrap();
        web.dialled.push(address);
        let server = web.server;
        Box::pin(async move { TcpStream::connect(server.ok_or(io::ErrorKind::ConnectionRefused)?).await })
    }
}

impl World {
    pub fn new() -> Self {
        Self {
            permission: Permission::default(),
            bounds: Bounds { bytes: 1 << 20, time: Duration::from_secs(20) },
            web: Arc::default(),
            roots: RootCertStore::empty(),
        }
    }

    /// A name, with its addresses at the first lookup, at the second, and so on; the last ones stay.
    pub fn name(&mut self, name: &str, turns: &[&[&str]]) {
        let address = |text: &&str| SocketAddr::new(text.parse().unwrap(), 0);
        let turns = turns.iter().map(|turn| turn.iter().map(address).collect()).collect();
        self.web.lock().unwrap().names.insert(name.into(), turns);
    }

    /// The server that every address leads to.
    pub fn http(&mut self, answer: impl Fn(&str) -> Answer + Send + 'static) {
        self.serve(answer, |stream, exchange| exchange(&mut { stream }));
    }

    /// The same over TLS, with a certificate for `name` by an authority that is trusted.
    pub fn https(&mut self, name: &str, answer: impl Fn(&str) -> Answer + Send + 'static) {
        let ca = CertifiedIssuer::self_signed(authority(), KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
        self.roots.add(ca.der().clone()).unwrap();
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![leaf.der().clone()], key.serialize_der().try_into().unwrap());
        let config = Arc::new(config.unwrap());
        self.serve(answer, move |stream, exchange| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            exchange(&mut stream)?;
            stream.conn.send_close_notify();
            stream.flush()
        });
    }

    fn serve(
        &mut self,
        answer: impl Fn(&str) -> Answer + Send + 'static,
        over: impl Fn(StdStream, &mut dyn FnMut(&mut dyn Stream) -> io::Result<()>) -> io::Result<()>
        + Send
        + 'static,
    ) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let web = Arc::clone(&self.web);
        web.lock().unwrap().server = Some(listener.local_addr().unwrap());
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let exchanged = over(stream, &mut |stream| {
                    let head = read_head(stream)?;
                    web.lock().unwrap().authorizations.push(field(&head, "authorization"));
                    answer(head.split(' ').nth(1).unwrap_or_default()).give(stream)
                });
                // A client that refuses a certificate or has read enough ends the connection.
                let _ = exchanged;
            }
        });
    }

    pub fn fetch(&mut self, url: &str) -> Result<Fetched, FetchError> {
        self.web.lock().unwrap().authorizations.clear();
        let fetcher = Fetcher::new(Wires(Arc::clone(&self.web)), self.roots.clone())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(fetcher.fetch(&url.parse()?, &self.permission, self.bounds))
    }

    /// The addresses that were connected to, in order.
    pub fn dialled(&self) -> Vec<SocketAddr> {
        self.web.lock().unwrap().dialled.clone()
    }

    /// The `Authorization` of each request of the last fetch.
    pub fn authorizations(&self) -> Vec<String> {
        self.web.lock().unwrap().authorizations.clone()
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params
}

fn read_head(stream: &mut dyn Stream) -> io::Result<String> {
    let (mut head, mut byte) = (String::new(), [0]);
    while !head.ends_with("\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        write!(head, "{}", char::from(byte[0])).unwrap();
    }
    Ok(head)
}

fn field(head: &str, name: &str) -> String {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
}
