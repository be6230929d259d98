//! What strangers say under other devices' addresses, and in masses: no device loses its update.

use std::io::Write;

use otary_fleet::Outcome;

use crate::board::{Board, MAC, assert_image, assert_no_update};
use crate::site::{Site, firmware};
use crate::wire::{HOME, connect_tls, read_one};

#[test]
fn a_spoofed_brake_does_not_hold_the_device() {
    let site = Site::lamp();
    let board = Board::esp32(&firmware("lamp-0.1"), "0.1");
    let stranger = board.clone().from("127.0.6.1");
    for _ in 0..3 {
        assert_eq!(stranger.ask(&site).status, 200);
    }
    for _ in 0..1000 {
        let attempts = site.device(MAC).unwrap().attempts;
        if attempts.iter().any(|attempt| attempt.outcome == Some(Outcome::Looping)) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_no_update(&stranger.ask(&site));
    assert_image(&board.ask(&site), &firmware("lamp-0.3"), "0.3");
}

#[test]
fn a_spoofed_success_does_not_take_the_update_away() {
    let site = Site::lamp();
    let board = Board::esp32(&firmware("lamp-0.1"), "0.1");
    let stranger = Board::esp32(&firmware("lamp-0.3"), "0.3").from("127.0.6.2");
    for _ in 0..3 {
        assert_no_update(&stranger.ask(&site));
        assert_image(&board.ask(&site), &firmware("lamp-0.3"), "0.3");
        assert!(site.device(MAC).unwrap().installed.is_none(), "nobody was seen to run what was sent there");
        site.operate(MAC, otary_fleet::Device::release_brakes);
    }
}

#[test]
fn fifty_thousand_invented_addresses_leave_the_store_small_and_the_devices_served() {
    let site = Site::lamp();
    let known = Board::esp32(&firmware("lamp-0.1"), "0.1");
    assert_image(&known.ask(&site), &firmware("lamp-0.3"), "0.3");
    site.operate(MAC, |device| device.channel = Some("stable".parse().unwrap()));

    std::thread::scope(|scope| {
        for network in 0..50 {
            let site = &site;
            scope.spawn(move || flood(site, network, 1000));
        }
    });

    let devices = site.store.count_devices().unwrap();
    assert!((1000..=10_001).contains(&devices), "{devices} on record");
    assert!(site.device(MAC).is_some(), "the operator spoke of it: it stays");
    let stranger = Board::esp32(&firmware("lamp-0.1"), "0.1").mac("24:6F:28:06:00:01");
    for board in [known, stranger] {
        assert_image(&board.from(HOME).ask(&site), &firmware("lamp-0.3"), "0.3");
    }
}

/// So many devices from one address, over one connection.
fn flood(site: &Site, network: u8, many: u16) {
    let mut stream = connect_tls(site, &format!("127.0.{}.1", 100 + network));
    for number in 0..many {
        let [high, low] = number.to_be_bytes();
        let board = Board::esp32(&firmware("lamp-0.3"), "0.3")
            .mac(&format!("02:00:00:{network:02X}:{high:02X}:{low:02X}"));
        let request = board.request().replace("HTTP/1.0", "HTTP/1.1").replace("Connection: close\r\n", "");
        stream.write_all(request.as_bytes()).unwrap();
        assert_eq!(read_one(&mut stream).status, 304);
    }
}
