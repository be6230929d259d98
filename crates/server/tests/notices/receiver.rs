//! A receiver of webhooks: an HTTP server on loopback that keeps what it is told and answers what a test says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use http::{HeaderMap, HeaderName, HeaderValue};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Told {
    pub line: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

pub struct Receiver {
    pub address: SocketAddr,
    told: Arc<Mutex<Vec<Told>>>,
    answer: Arc<Mutex<String>>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (told, answer): (Arc<Mutex<Vec<Told>>>, _) =
            (Arc::default(), Arc::new(Mutex::new("200 OK".to_owned())));
        let receiver = Self { address, told: Arc::clone(&told), answer: Arc::clone(&answer) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let status = answer.lock().unwrap().clone();
                told.lock().unwrap().push(serve(&mut stream.unwrap(), &status));
            }
        });
        receiver
    }

    /// What it is reached by; the path is a secret of its own.
    pub fn url(&self) -> String {
        format!("http://{}/hooks/capability-4711?key=5", self.address)
    }

    /// Answers this status, and fields behind it, from now on.
    pub fn answers(&self, status: &str) {
        status.clone_into(&mut self.answer.lock().unwrap());
    }

    pub fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }
}

fn serve(stream: &mut TcpStream, status: &str) -> Told {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    let told = loop {
        let length = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..length]);
        if let Some(told) = parse(&bytes) {
            break told;
        }
        assert!(length > 0, "cut off: {}", String::from_utf8_lossy(&bytes));
    };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    told
}

/// A request, if it is whole.
fn parse(bytes: &[u8]) -> Option<Told> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let (line, fields) = head.split_once("\r\n").unwrap();
    let field = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
    };
    let headers: HeaderMap = fields.split("\r\n").map(field).collect();
    let length: usize = headers["content-length"].to_str().unwrap().parse().unwrap();
    let body = bytes.get(end + 4..end + 4 + length)?.to_vec();
    Some(Told { line: line.to_owned(), headers, body })
}
