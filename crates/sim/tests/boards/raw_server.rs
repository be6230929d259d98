//! A server that sends exactly the bytes that it is told to, and keeps what it was sent.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What is done with one connection, once its request has been read.
#[derive(Debug, Clone)]
pub enum Step {
    Send(Vec<u8>),
    Pause(Duration),
    /// Keeps the connection open until the peer closes it.
    Hold,
}

pub struct RawServer {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl RawServer {
    /// Serves one connection after the other over plain TCP; the last script serves all that follow.
    pub fn plain(scripts: Vec<Vec<Step>>) -> Self {
        Self::start(scripts, None)
    }

    /// The same over TLS. A handshake that fails uses up no script.
    pub fn tls(config: ServerConfig, scripts: Vec<Vec<Step>>) -> Self {
        Self::start(scripts, Some(Arc::new(config)))
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    fn start(scripts: Vec<Vec<Step>>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        // The thread ends with the test's process.
        thread::spawn(move || {
            let mut next = 0;
            for socket in listener.incoming() {
                let socket = socket.unwrap();
                let script = scripts.get(next).or(scripts.last()).cloned().unwrap_or_default();
                let served = match &tls {
                    None => serve(socket, &script, &seen),
                    Some(config) => {
                        let session = ServerConnection::new(Arc::clone(config)).unwrap();
                        serve(StreamOwned::new(session, socket), &script, &seen)
                    }
                };
                next += usize::from(served);
            }
        });
        Self { address, requests }
    }
}

/// Says whether a request came. A client that goes away early is part of many tests.
fn serve(mut stream: impl Read + Write, script: &[Step], seen: &Mutex<Vec<String>>) -> bool {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return false,
        }
    }
    seen.lock().unwrap().push(String::from_utf8(head).unwrap());
    for step in script {
        match step {
            Step::Send(bytes) => {
                if stream.write_all(bytes).and_then(|()| stream.flush()).is_err() {
                    return true;
                }
            }
            Step::Pause(duration) => thread::sleep(*duration),
            Step::Hold => while matches!(stream.read(&mut byte), Ok(1)) {},
        }
    }
    true
}

/// A response whose head and body go out together.
pub fn respond(head: &str, body: &[u8]) -> Vec<Step> {
    vec![Step::Send([head.as_bytes(), b"\r\n\r\n", body].concat())]
}

/// 200 with a length and these header lines.
pub fn offer(body: &[u8], headers: &[&str]) -> Vec<Step> {
    let length = format!("Content-Length: {}", body.len());
    let lines = [&["HTTP/1.0 200 OK", &length], headers].concat();
    respond(&lines.join("\r\n"), body)
}
