//! Servers that mean no good, or are in pieces: an examination ends all the same, soon and in little memory, and says
//! what was wrong.

use std::io::{Read, Write};
use std::iter;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::clinic::Clinic;
use crate::server::{Authority, Leaf, Server};

/// An examination may take so long, on a busy machine, before a server that keeps every step waiting.
const SOON: Duration = Duration::from_mins(1);
/// Bytes of a server's record, less its header.
const RECORD: usize = 16_384;

/// What the doctor names as the cause before a server at this URL.
fn cause(clinic: &Clinic, words: &str) -> String {
    let began = Instant::now();
    let cause = clinic.cause(words);
    assert!(began.elapsed() < SOON, "{:?}: {cause}", began.elapsed());
    cause
}

/// The same of a server that is asked by this scheme, and of which nothing else is known.
fn cause_at(scheme: &str, server: &Server) -> String {
    cause(&Clinic::new(), &format!("{scheme}://ota.lan:{}/", server.address.port()))
}

/// The same of one that does this with every connection.
fn cause_before(deed: impl Fn(TcpStream) + Send + 'static) -> String {
    cause_at("https", &Server::raw(deed))
}

/// Sends these pieces, with a pause behind each, for as long as anybody takes them.
fn send(mut socket: TcpStream, pieces: impl IntoIterator<Item = Vec<u8>>, pause: Duration) {
    for piece in pieces {
        if socket.write_all(&piece).is_err() {
            return;
        }
        thread::sleep(pause);
    }
}

/// A record of TLS 1.2's handshake with this in it.
fn record(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[22, 3, 3][..], &length, content].concat()
}

/// The same of one that shows this chain to a device that trusts somebody else.
fn judged(chain: &[Vec<u8>]) -> String {
    let clinic = Clinic::new();
    clinic.write("ca.pem", Authority::new("test root").pem);
    let server = Server::tls(Leaf::named("ota.lan").serve(chain), "");
    cause(&clinic, &format!("https://ota.lan:{}/ --ca ca.pem", server.address.port()))
}

#[test]
fn those_that_keep_one_waiting() {
    let silent =
        || Server::raw(|mut socket| while socket.read(&mut [0; 512]).is_ok_and(|length| length > 0) {});
    let dripping = |bytes: Vec<u8>| {
        Server::raw(move |socket| {
            let pieces = bytes.iter().map(|byte| vec![*byte]);
            send(socket, pieces, Duration::from_millis(300));
        })
    };
    let hello = record(&[&[2, 0, 0, 70][..], &[0; 70]].concat());
    let head = [b"HTTP/1.1 200 OK\r\n".as_slice(), &[b'a'; 80]].concat();
    let servers = [
        ("https", silent(), "ota.lan takes the connection and then says nothing for 10 s"),
        ("https", dripping(hello), "ota.lan does not come to the end of its handshake within 10 s"),
        ("http", silent(), "the server takes the request and does not answer within 10 s"),
        ("http", dripping(head), "the server's answer does not end within 10 s"),
    ];
    let examine = |(scheme, server, expected): &(&str, Server, &str)| {
        assert_eq!(cause_at(scheme, server), *expected);
    };
    thread::scope(|scope| {
        for server in &servers {
            scope.spawn(|| examine(server));
        }
    });
}

#[test]
fn one_that_sends_bytes_without_an_end() {
    let endless = |byte: u8| {
        cause_before(move |socket| send(socket, iter::repeat_with(|| vec![byte; 65_536]), Duration::ZERO))
    };
    assert!(endless(b'x').ends_with("does not speak TLS"));
    assert!(endless(0x16).ends_with("does not speak TLS"), "a record's first byte, over and over");
}

#[test]
fn one_whose_handshake_has_no_end() {
    // A message that says of itself that it is as long as one can be.
    let first = record(&[&[11, 0xFF, 0xFF, 0xFF][..], &[0; RECORD - 4]].concat());
    let endless = cause_before(move |socket| {
        let records = iter::once(first.clone()).chain(iter::repeat_with(|| record(&[0; RECORD])));
        send(socket, records, Duration::ZERO);
    });
    assert_eq!(
        endless,
        "the server's handshake has a message of more than 64 KiB: no device has room for that"
    );
}

#[test]
fn an_answer_whose_head_or_body_has_no_end() {
    let before = |first: &'static str, more: &'static str| {
        let server = Server::raw(move |socket| {
            let more = iter::repeat_with(|| more.repeat(1000).into_bytes());
            send(socket, iter::once(first.into()).chain(more), Duration::ZERO);
        });
        cause_at("http", &server)
    };
    let head = "the answer's head has more than 16384 bytes or 100 fields";
    assert_eq!(before("HTTP/1.1 200 OK\r\n", "a: b\r\n"), head);
    assert_eq!(before("HTTP/1.1 200 OK\r\na: ", "b"), head);
    let body = "the server sends a body without saying its length (Content-Length)";
    assert_eq!(before("HTTP/1.1 200 OK\r\n\r\n", "\u{0}"), body);
}

#[test]
fn an_image_that_breaks_off() {
    let (clinic, authority) = (Clinic::new(), Authority::new("test root"));
    clinic.write("ca.pem", &authority.pem);
    let answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n\xE9".as_slice(), &[0; 999]].concat();
    let server = Server::tls(authority.serve(&Leaf::named("ota.lan")), answer);
    let broken = cause(&clinic, &format!("https://ota.lan:{}/ --ca ca.pem", server.address.port()));
    assert_eq!(broken, "the image breaks off: of its 60000 bytes 1000 come");
}

#[test]
fn a_certificate_that_is_none() {
    let garbage = judged(&[vec![0x30; 700]]);
    assert!(garbage.starts_with("the server's certificate is unreadable for this stack: "), "{garbage}");
    let empty = judged(&[Vec::new()]);
    assert!(empty.starts_with("the server's certificate is unreadable for this stack: "), "{empty}");
}

#[test]
fn a_chain_of_hundreds_of_certificates() {
    let (clinic, authority) = (Clinic::new(), Authority::new("test root"));
    let leaf = Leaf::named("lamp.lan");
    let chain = [vec![authority.certify(&leaf)], vec![authority.der(); 120]].concat();
    let server = Server::tls(leaf.serve(&chain), "");
    clinic.write("ca.pem", &authority.pem);
    let words = format!("https://ota.lan:{}/ --ca ca.pem", server.address.port());
    assert_eq!(cause(&clinic, &words), "the server's certificate is for lamp.lan, not for ota.lan");
    let done = clinic.doctor(&words);
    assert!(done.out.contains("with it: 117 more certificates"), "{done:#?}");
    assert!(done.out.lines().count() < 40, "{done:#?}");
}

#[test]
fn a_certificate_that_is_larger_than_a_handshake_may_be() {
    let huge = judged(&[vec![0x30; 66_000]]);
    assert_eq!(huge, "the server's handshake has a message of more than 64 KiB: no device has room for that");
}

#[test]
fn a_certificate_with_thousands_of_names() {
    let (clinic, authority) = (Clinic::new(), Authority::new("test root"));
    let names: Vec<String> = (0..2000).map(|number| format!("lamp-{number}.lan")).collect();
    let server = Server::tls(authority.serve(&Leaf::named_each(&names)), "");
    clinic.write("ca.pem", &authority.pem);
    let words = format!("https://ota.lan:{}/ --ca ca.pem", server.address.port());
    let expected =
        "the server's certificate is for lamp-0.lan, lamp-1.lan, lamp-2.lan and 1997 more, not for ota.lan";
    assert_eq!(cause(&clinic, &words), expected);
    assert!(clinic.doctor(&words).out.lines().all(|line| line.chars().count() < 300));
}
