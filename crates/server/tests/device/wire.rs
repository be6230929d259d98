//! Raw requests over real sockets.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use socket2::{Domain, Socket, Type};

use crate::site::Site;

/// The address that requests come from unless a test says otherwise.
pub const HOME: &str = "127.0.1.10";

/// What came back.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub version: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The values of a header field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values =
            self.headers.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is repeated");
        value
    }
}

pub fn connect(from: &str, to: SocketAddr) -> TcpStream {
    let from: IpAddr = from.parse().unwrap();
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(from, 0).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream: TcpStream = socket.into();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A TLS session with a client that trusts this server's authority.
pub fn connect_tls(site: &Site, from: &str) -> StreamOwned<ClientConnection, TcpStream> {
    connect_tls_to(site, site.addresses.https, "serverota.local", from).unwrap()
}

/// The same with any of the site's listeners, under any name.
pub fn connect_tls_to(
    site: &Site,
    to: SocketAddr,
    name: &str,
    from: &str,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(site.authority.root().der().clone()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = connect(from, to);
    while session.is_handshaking() {
        session.complete_io(&mut socket)?;
    }
    Ok(StreamOwned::new(session, socket))
}

/// Sends a request over TLS and reads until the server closes.
pub fn ask(site: &Site, from: &str, request: &str) -> Response {
    exchange(connect_tls(site, from), request)
}

/// Sends a request over plain HTTP and reads until the server closes.
pub fn ask_plain(site: &Site, from: &str, request: &str) -> Response {
    exchange(connect(from, site.addresses.http.unwrap()), request)
}

/// A request without a device's headers.
pub fn get(path: &str) -> String {
    request("GET", path, "")
}

pub fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: serverota.local\r\nConnection: close\r\n{headers}\r\n")
}

pub fn exchange(mut stream: impl Read + Write, request: &str) -> Response {
    stream.write_all(request.as_bytes()).unwrap();
    parse(&read_to_end(&mut stream))
}

/// What comes until the peer closes, with or without TLS's own goodbye.
pub fn read_to_end(stream: &mut impl Read) -> Vec<u8> {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => bytes,
        Err(error) if matches!(error.kind(), UnexpectedEof | ConnectionReset | BrokenPipe) => bytes,
        Err(error) => panic!("{error}, after {} bytes", bytes.len()),
    }
}

/// Reads one response off a connection that stays open.
pub fn read_one(stream: &mut impl Read) -> Response {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let mut response = parse(&head);
    let length = response.header("content-length").map_or(0, |text| text.parse().unwrap());
    response.body = vec![0; length];
    stream.read_exact(&mut response.body).unwrap();
    response
}

pub fn parse(bytes: &[u8]) -> Response {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no response head in {:?}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut status_line = lines.next().unwrap().splitn(3, ' ');
    let version = status_line.next().unwrap().to_owned();
    let status = status_line.next().unwrap().parse().unwrap();
    let field = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_lowercase(), value.to_owned())
    };
    Response { status, version, headers: lines.map(field).collect(), body: bytes[end + 4..].to_vec() }
}
