//! A dynamic-DNS provider on loopback, over real TLS: answers what it is told to, and keeps what it was asked.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use otary_fleet::Time;
use otary_trust::{Authority, Clock};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::house::House;

/// The provider, until the test ends.
pub struct Provider {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<VecDeque<(u16, String)>>,
    asked: Mutex<Vec<String>>,
}

impl Provider {
    /// One whose certificate is by an authority of its own, with the root in `provider.crt` of the house; answers these.
    pub fn start(house: &House, answers: &[(u16, &str)]) -> Self {
        let built = Time::from_secs(1_700_000_000);
        let clock = Clock { now: Time(u64::try_from(now_ms()).unwrap()), built, newest: built };
        let names = ["127.0.0.1".parse().unwrap()];
        let authority = Authority::open_or_create(&house.path("provider"), &names, &clock).unwrap();
        house.write("provider.crt", authority.root().pem());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let provider = Self { address, shared: Arc::default() };
        for (status, body) in answers {
            provider.answers(*status, body);
        }
        let (shared, tls) = (Arc::clone(&provider.shared), Arc::new(config(&authority)));
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that does not trust us goes away in the handshake.
                let _ = shared.serve(stream.unwrap(), Arc::clone(&tls));
            }
        });
        provider
    }

    /// Has it answer this, after what it is to answer already.
    pub fn answers(&self, status: u16, body: &str) {
        self.shared.answers.lock().unwrap().push_back((status, body.to_owned()));
    }

    /// The heads of the requests that came so far.
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Its URL with a path.
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }
}

impl Shared {
    fn serve(&self, tcp: TcpStream, tls: Arc<ServerConfig>) -> std::io::Result<()> {
        tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
        let connection = ServerConnection::new(tls).map_err(std::io::Error::other)?;
        let mut stream = BufReader::new(StreamOwned::new(connection, tcp));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        self.asked.lock().unwrap().push(head);
        let (status, body) = self.answers.lock().unwrap().pop_front().unwrap_or((200, "911".into()));
        let length = body.len();
        let stream = stream.get_mut();
        write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")?;
        stream.conn.send_close_notify();
        stream.flush()
    }
}

fn config(authority: &Authority) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let leaf = authority.leaf().unwrap();
    let chain = vec![leaf.certificate().der().clone()];
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    builder.with_no_client_auth().with_single_cert(chain, leaf.key().unwrap().to_der().clone_key()).unwrap()
}

fn now_ms() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis()
}
