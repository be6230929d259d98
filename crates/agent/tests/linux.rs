//! The front page's example, run: over real TLS it updates the "flash" in a file, restarts, confirms and reports.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the scenarios vary more than is varied here")]
#[path = "scenarios/server.rs"]
mod fleet;
#[expect(dead_code, reason = "its main is for the command line")]
#[path = "../examples/linux.rs"]
mod linux;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use fleet::{Release, RootPlan, Server};
use otary_agent::STORE_NAME;
use otary_agent::wire::Outcome;
use otary_image::emit::{AppImage, AppSegment};
use otary_image::{Chip, Partition, TABLE_OFFSET, TABLE_SIZE, Usage, emit_table};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const SLOTS: [usize; 2] = [0x1_0000, 0x2_0000];

fn image(seed: u8, length: usize) -> Vec<u8> {
    let data = vec![seed; length];
    let app = AppImage {
        segments: &[AppSegment { address: 0x3FC8_0000, data: &data }],
        ..AppImage::new(Chip::Esp32C3)
    };
    let mut bytes = vec![0; app.image_len().unwrap() as usize];
    app.write(&mut bytes).unwrap();
    bytes
}

/// A flash as on a device: table, otadata, two slots of 64 KiB of which the first holds `app`, and the agent's store.
fn flash_with(app: &[u8]) -> Vec<u8> {
    let mut flash = vec![0xFF; 0x4_0000];
    let table = [
        Partition::new(Usage::Otadata, "otadata", 0xE000, 0x2000),
        Partition::new(Usage::Slot(0), "ota_0", 0x1_0000, 0x1_0000),
        Partition::new(Usage::Slot(1), "ota_1", 0x2_0000, 0x1_0000),
        Partition::new(Usage::Undefined, STORE_NAME, 0x3_0000, 0x6000),
    ];
    let mut bytes = [0; TABLE_SIZE];
    emit_table(&table, &mut bytes).unwrap();
    flash[TABLE_OFFSET as usize..][..TABLE_SIZE].copy_from_slice(&bytes);
    flash[SLOTS[0]..][..app.len()].copy_from_slice(app);
    flash
}

/// Answers one request: status line, fields, body.
fn respond(server: &mut Server, request: &[String]) -> Vec<u8> {
    let path = request[0].split(' ').nth(1).unwrap();
    let field = |name: &str| request.iter().find_map(|line| line.strip_prefix(name));
    if let Some(digest) = path.strip_prefix("/artifact/") {
        let bytes: Vec<u8> =
            (0..32).map(|n| u8::from_str_radix(&digest[2 * n..][..2], 16).unwrap()).collect();
        let payload = server.payload(&bytes.try_into().unwrap()).expect("a payload that was offered");
        let from: usize = field("Range: bytes=").unwrap().trim_end_matches('-').parse().unwrap();
        assert!(field("Otary-Check-In: ").is_some(), "the device that fetches it is named");
        let range = format!("bytes {from}-{}/{}", payload.len() - 1, payload.len());
        let head = format!("HTTP/1.1 206 Partial Content\r\nContent-Range: {range}\r\n");
        return [head.as_bytes(), &with_length(&payload[from..])].concat();
    }
    let answer = server.answer(field("Otary-Check-In: ").unwrap());
    [b"HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\n", &*with_length(&answer)].concat()
}

fn with_length(body: &[u8]) -> Vec<u8> {
    [format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

/// Serves until a device has reported; gives the server with what was said.
fn serve(listener: &TcpListener, tls: &Arc<ServerConfig>, mut server: Server) -> Server {
    while server.reported().is_none() {
        let (socket, _) = listener.accept().unwrap();
        let mut stream =
            BufReader::new(StreamOwned::new(ServerConnection::new(tls.clone()).unwrap(), socket));
        let lines = stream.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty());
        let request: Vec<String> = lines.collect();
        let answer = respond(&mut server, &request);
        stream.get_mut().write_all(&answer).unwrap();
        stream.get_mut().conn.send_close_notify();
        stream.get_mut().flush().unwrap();
    }
    server
}

#[test]
fn the_linux_example_updates_its_file_over_tls() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = certified.signing_key.serialize_der().try_into().unwrap();
    let tls = ServerConfig::builder().with_no_client_auth();
    let tls = Arc::new(tls.with_single_cert(vec![certificate.clone()], key).unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());

    let (old, new) = (image(1, 20_000), image(2, 40_000));
    let mut release = Release::new(7, new.clone());
    release.hardware = "linux";
    let server = Server { device: [2; 6], hardware: "linux", ..Server::offering(release) };

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flash.bin");
    let flash = flash_with(&old);
    std::fs::write(&file, &flash).unwrap();
    let path = file.clone();
    thread::spawn(move || {
        let mut flash = linux::Flash::new(path, flash.len()).unwrap();
        loop {
            linux::power_cycle(&mut flash, (&address, &certificate), &RootPlan::first().sign()).unwrap();
        }
    });

    let server = serve(&listener, &tls, server);
    assert_eq!(server.reported(), Some((7, Outcome::Installed, None, 1)));
    let flash = std::fs::read(&file).unwrap();
    assert_eq!(flash[SLOTS[1]..][..new.len()], new[..]);
    assert_eq!(flash[SLOTS[0]..][..old.len()], old[..]);
}
