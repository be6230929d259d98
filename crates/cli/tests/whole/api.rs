//! The operator interface as a program speaks it, without our client: HTTP by hand over real TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use otary_server::operator::Announcement;
use otary_trust::Certificate;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::house::House;

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub body: Value,
}

/// Posts `body` to the server of the house, as its owner.
pub fn post(house: &House, path: &str, body: &[u8]) -> Answer {
    let announced = Announcement::read(&house.data()).unwrap().unwrap();
    let address = announced.url.strip_prefix("https://").unwrap();
    let (token, length) = (announced.token.expose(), body.len());
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    exchange(&announced, head.as_bytes(), body)
}

/// Gets what is at `path` on the operator listener, under this name and as nobody.
pub fn get_as(house: &House, host: &str, path: &str) -> Answer {
    let announced = Announcement::read(&house.data()).unwrap().unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    exchange(&announced, head.as_bytes(), b"")
}

/// Gets what is at `path` on the operator listener, as the owner of the house.
pub fn get(house: &House, path: &str) -> Answer {
    let announced = Announcement::read(&house.data()).unwrap().unwrap();
    let address = announced.url.strip_prefix("https://").unwrap();
    let token = announced.token.expose();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    exchange(&announced, head.as_bytes(), b"")
}

fn exchange(announced: &Announcement, head: &[u8], body: &[u8]) -> Answer {
    let address = announced.url.strip_prefix("https://").unwrap();
    let host = address.rsplit_once(':').unwrap().0;
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let connection = ClientConnection::new(Arc::new(config(&announced.ca)), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    stream.write_all(head).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    // A server may close the connection without a word of TLS; the length is what counts, and JSON cut off is none.
    let _ = stream.read_to_end(&mut answer);
    Answer::read(&String::from_utf8(answer).unwrap())
}

/// A client that trusts these certificates.
pub fn config(ca: &str) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for root in Certificate::chain_from_pem(ca.as_bytes()).unwrap() {
        roots.add(root.der().clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    builder.with_root_certificates(roots).with_no_client_auth()
}

impl Answer {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let kind = lines.find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-type").then(|| value.to_owned())
        });
        let kind = kind.unwrap_or_default();
        let is_json = kind.contains("json");
        let body = if is_json { serde_json::from_str(body).unwrap() } else { Value::String(body.into()) };
        Self { status, kind, body }
    }
}
