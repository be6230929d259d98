//! Downloads: whole, cut off, slow; and what is counted of them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use otary_fleet::{Chip, Sha256};
use otary_store::{Disk, DiskOptions, Downloads};
use rustls::{ClientConnection, StreamOwned};

use crate::board::{Board, MAC, assert_no_update};
use crate::log;
use crate::site::{Site, firmware, options_with, sized_firmware};
use crate::wire::{HOME, connect_tls, parse, read_to_end};

pub const SIZE: usize = 1_300_000;

/// A lamp whose next release is as large as a real one.
pub fn large_lamp(site: Site) -> (Site, Sha256) {
    let site = site.with_lamp();
    let id = site.publish("lamp", "0.4", &large(), Some(Chip::Esp32));
    (site, id)
}

pub fn large() -> Vec<u8> {
    sized_firmware("lamp-0.4", SIZE)
}

/// A board that has asked for the large release; nothing of the answer is read yet.
pub fn begin(site: &Site) -> StreamOwned<ClientConnection, TcpStream> {
    let mut stream = connect_tls(site, HOME);
    // So that what is not read stays with the server.
    socket2::SockRef::from(&stream.sock).set_recv_buffer_size(64 * 1024).unwrap();
    stream.write_all(Board::esp32(&firmware("lamp-0.1"), "0.1").request().as_bytes()).unwrap();
    stream
}

/// Waits until a transfer of the artifact is counted.
pub fn wait_for_count(site: &Site, id: &Sha256, expected: Downloads) {
    for _ in 0..1000 {
        if site.store.downloads(id).unwrap() == expected {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{:?} instead of {expected:?}", site.store.downloads(id).unwrap());
}

#[test]
fn a_whole_download_is_counted_as_whole() {
    let (site, id) = large_lamp(Site::start());
    let response = parse(&read_to_end(&mut begin(&site)));
    assert!(response.body == large());
    wait_for_count(&site, &id, Downloads { whole: 1, cut_off: 0 });
    let attempt = site.device(MAC).unwrap().attempts.remove(0);
    assert_eq!((attempt.whole, attempt.cut_off, attempt.last_bytes), (1, 0, SIZE as u64));
    assert!(log::wait_for(&["download", MAC, &id.to_string(), "whole"]).contains("bytes=1300000"));
}

#[test]
fn a_client_that_hangs_up_with_the_last_byte_has_all_of_it() {
    let (site, id) = large_lamp(Site::start());
    let mut stream = begin(&site);
    let mut received = 0;
    let mut buffer = [0; 4096];
    while received < SIZE {
        received += stream.read(&mut buffer).unwrap();
    }
    // As stock clients do: no goodbye, and a reset.
    socket2::SockRef::from(&stream.sock).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
    wait_for_count(&site, &id, Downloads { whole: 1, cut_off: 0 });
}

#[test]
fn a_download_that_is_cut_off_counts_what_was_handed_over() {
    let (site, id) = large_lamp(Site::start());
    let mut stream = begin(&site);
    stream.read_exact(&mut vec![0; 200_000]).unwrap();
    drop(stream);
    wait_for_count(&site, &id, Downloads { whole: 0, cut_off: 1 });
    let attempt = site.device(MAC).unwrap().attempts.remove(0);
    assert_eq!((attempt.whole, attempt.cut_off), (0, 1));
    assert!((180_000..1_000_000).contains(&attempt.last_bytes), "{}", attempt.last_bytes);
}

#[test]
fn a_slow_reader_is_waited_for_and_one_that_takes_nothing_is_not() {
    let stall = Duration::from_millis(700);
    let (site, id) = large_lamp(Site::with(&options_with(|options| options.limits.stall = stall)));
    let mut slow = begin(&site);
    let mut received = 0;
    let mut buffer = vec![0; 65_536];
    // Longer than the stall limit in all, and always some progress.
    while received < SIZE {
        std::thread::sleep(Duration::from_millis(15));
        received += slow.read(&mut buffer).unwrap();
    }
    wait_for_count(&site, &id, Downloads { whole: 1, cut_off: 0 });
    let stalled = begin(&site);
    wait_for_count(&site, &id, Downloads { whole: 1, cut_off: 1 });
    drop(stalled);
}

#[test]
fn a_damaged_artifact_is_never_sent() {
    let folder = tempfile::TempDir::new().unwrap();
    let disk = Disk::open(folder.path().join("data"), DiskOptions::default()).unwrap();
    let site = Site::on(Arc::new(disk), &options_with(|_| {})).with_lamp();
    let id = Sha256::of(&firmware("lamp-0.3"));
    let mac = "24:6F:28:07:00:01";
    let file = find(folder.path(), &id.to_string()[2..]);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4000] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let board = Board::esp32(&firmware("lamp-0.1"), "0.1").mac(mac);
    assert_no_update(&board.ask(&site));
    log::wait_for(&["ERROR", "cannot be read", &id.to_string(), "damaged"]);
    std::fs::remove_file(&file).unwrap();
    assert_no_update(&board.ask(&site));
}

/// The file whose name ends so.
fn find(folder: &std::path::Path, end: &str) -> std::path::PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(end) {
                return path;
            }
        }
    }
    panic!("no file {end}");
}

/// The plaintext lengths of the records that answer a board's request.
fn records(site: &Site) -> Vec<usize> {
    lengths(begin(site))
}

/// The same of whatever comes over a session.
pub fn lengths(stream: StreamOwned<ClientConnection, TcpStream>) -> Vec<usize> {
    let StreamOwned { mut conn, mut sock, .. } = stream;
    let mut lengths = Vec::new();
    let mut plain = Vec::new();
    loop {
        let mut record = vec![0; 5];
        if sock.read_exact(&mut record).is_err() {
            return lengths;
        }
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        record.resize(5 + length, 0);
        sock.read_exact(&mut record[5..]).unwrap();
        let mut record = &record[..];
        while !record.is_empty() {
            conn.read_tls(&mut record).unwrap();
        }
        conn.process_new_packets().unwrap();
        let before = plain.len();
        // The end of the stream is an error or no bytes, both of which add nothing.
        let _ = conn.reader().read_to_end(&mut plain);
        lengths.extend(Some(plain.len() - before).filter(|length| *length > 0));
    }
}

#[test]
fn head_and_first_bytes_come_in_one_record() {
    let (site, _) = large_lamp(Site::start());
    assert_eq!(records(&site).first(), Some(&16_384));
}

#[test]
fn records_are_as_small_as_the_operator_says() {
    let (site, _) = large_lamp(Site::with(&options_with(|options| options.tls.max_record = Some(512))));
    let records = records(&site);
    assert_eq!(records.iter().max(), Some(&512));
    assert!(records.iter().sum::<usize>() > SIZE);
}
