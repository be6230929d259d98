//! The end: what was begun is finished, within a bound.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use otary_store::Downloads;

use crate::log;
use crate::site::{Site, options_with};
use crate::transfers::{begin, large, large_lamp, wait_for_count};
use crate::wire::{HOME, connect_tls, parse, read_one, read_to_end};

#[test]
fn running_downloads_are_finished_and_idle_connections_closed_at_once() {
    let (mut site, id) = large_lamp(Site::start());
    let mut idle = connect_tls(&site, HOME);
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(read_one(&mut idle).status, 200);
    let mut download = begin(&site);
    let mut received = vec![0; 1000];
    download.read_exact(&mut received).unwrap();

    site.handle.stop();
    let began = Instant::now();
    assert!(read_to_end(&mut idle).is_empty());
    assert!(began.elapsed() < Duration::from_secs(2), "idle ones are not waited for");
    std::thread::sleep(Duration::from_millis(100));
    assert!(std::net::TcpStream::connect(site.addresses.https).is_err(), "nobody new is let in");

    received.extend(read_to_end(&mut download));
    assert!(parse(&received).body == large());
    site.wait();
    assert!(began.elapsed() < Duration::from_secs(8), "it ends with the last download");
    wait_for_count(&site, &id, Downloads { whole: 1, cut_off: 0 });
}

#[test]
fn the_wait_has_a_bound() {
    let bound = Duration::from_millis(500);
    let (mut site, id) = large_lamp(Site::with(&options_with(|options| options.drain = bound)));
    let mut download = begin(&site);
    download.read_exact(&mut [0; 1000]).unwrap();
    let began = Instant::now();
    site.handle.stop();
    site.wait();
    assert!((bound..Duration::from_secs(5)).contains(&began.elapsed()), "{:?}", began.elapsed());
    wait_for_count(&site, &id, Downloads { whole: 0, cut_off: 1 });
    log::wait_for(&["drain", "cut off"]);
}

#[test]
fn a_second_stop_ends_at_once() {
    let (mut site, _) = large_lamp(Site::start());
    let mut download = begin(&site);
    download.read_exact(&mut [0; 1000]).unwrap();
    let began = Instant::now();
    site.handle.stop();
    std::thread::sleep(Duration::from_millis(100));
    log::wait_for(&["waiting for running downloads"]);
    site.handle.stop();
    site.wait();
    assert!(began.elapsed() < Duration::from_secs(3));
}
