//! A clock that cannot be right makes no key and no certificate, and stops nothing that is there.

use std::thread;
use std::time::{Duration, Instant};

use otary_fleet::{Event, EventKind, Time};
use otary_server::Clock;
use otary_store::{Disk, DiskOptions, Store};
use otary_trust::Authority;

use crate::house::House;

/// Puts a record of a later time into the store: the clock ran behind since.
pub fn record_from_the_future(house: &House, ahead: Duration) {
    let at: Time = Clock::system().now() + ahead;
    let store = Disk::open(house.data(), DiskOptions::default()).unwrap();
    let kind = EventKind::Operator { who: "local".into(), from: None, action: "a record".into() };
    store.append(Event { at, device: None, product: None, kind }).unwrap();
    store.flush().unwrap();
}

#[test]
fn without_any_key_it_waits_says_why_and_goes_on_by_itself() {
    let house = House::new();
    record_from_the_future(&house, Duration::from_secs(4));
    let begin = Instant::now();
    let waiting = house.start("");
    while !house.text("log").contains("waiting to make a key and a certificate: the clock shows ") {
        assert!(begin.elapsed() < Duration::from_secs(4), "it did not wait: {}", house.text("log"));
        thread::sleep(Duration::from_millis(20));
    }
    assert!(!house.data().join("trust").exists());
    while house.text("banner").is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(30), "it waits for ever: {}", house.text("log"));
        thread::sleep(Duration::from_millis(50));
    }
    assert!(begin.elapsed() >= Duration::from_secs(3));
    assert!(waiting.terminate().success());
    Authority::open(&house.data().join("trust")).unwrap();
}

#[test]
fn what_is_there_serves_on_and_nothing_new_is_made() {
    let house = House::new();
    house.serve("").terminate();
    let leaf = || Authority::open(&house.data().join("trust")).unwrap().leaf().unwrap().certificate().clone();
    let before = leaf();
    record_from_the_future(&house, Duration::from_hours(1));

    house.serve("--name new.lan").terminate();
    assert_eq!(leaf(), before);
    let log = house.text("log");
    assert!(log.contains("those there are serve on: the clock shows "), "{log}");
    assert!(log.contains("but the store holds a record of"), "{log}");
}
