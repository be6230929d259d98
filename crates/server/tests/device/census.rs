//! The census as check-ins, transfers and time keep it: at every moment what a pass over the records says.

use std::time::Duration;

use otary_server::{Count, Engine};

use crate::board::{Board, assert_image};
use crate::site::{Site, firmware, sized_firmware};

/// What the server knows without reading, beside what its records say.
#[track_caller]
fn assert_counted(site: &Site) -> Count {
    while site.engine.census.is_counting() {
        std::thread::yield_now();
    }
    let kept = site.engine.census.count().unwrap();
    let read = Engine::new(&site.store, &site.clock).census.count().unwrap();
    assert_eq!(kept, read);
    kept
}

fn board(number: u8, firmware: &[u8], version: &str) -> Board {
    Board::esp32(firmware, version).mac(&format!("24:6F:28:0C:00:{number:02X}"))
}

#[test]
fn every_poll_is_counted_as_the_records_have_it() {
    let site = Site::lamp();
    assert_eq!(assert_counted(&site).devices, 0);
    for number in 0..5 {
        board(number, &firmware("lamp-0.1"), "0.1").ask(&site);
        board(number + 5, &firmware("own"), "0.2").ask(&site);
        board(number + 10, &firmware("lamp-0.3"), "0.3").ask(&site);
        assert_counted(&site);
    }
    // They took what they were offered.
    site.clock.advance(Duration::from_mins(15));
    for number in 0..5 {
        board(number, &firmware("lamp-0.3"), "0.3").ask(&site);
    }
    let count = assert_counted(&site);
    assert_eq!((count.devices, count.strangers), (15, 10), "five were updated");
    let running = count.runs.iter().map(|row| (row.release.as_ref().map(ToString::to_string), row.devices));
    assert_eq!(running.collect::<Vec<_>>(), [(Some("0.3".into()), 10), (None, 5)]);
}

#[test]
fn a_device_that_loops_and_is_let_go_is_counted_so() {
    let site = Site::lamp();
    let board = board(1, &firmware("lamp-0.1"), "0.1");
    for _ in 0..3 {
        assert_image(&board.ask(&site), &firmware("lamp-0.3"), "0.3");
    }
    let held = (0..1000).find(|_| {
        std::thread::sleep(Duration::from_millis(5));
        board.ask(&site).status == 304
    });
    assert!(held.is_some(), "it is held");
    assert_eq!(assert_counted(&site).looping, 1);
    site.publish("lamp", "0.4", &sized_firmware("lamp-0.4", 9000), Some(otary_fleet::Chip::Esp32));
    board.ask(&site);
    assert_eq!(assert_counted(&site).looping, 0);
}

#[test]
fn what_a_server_knew_another_one_knows() {
    let mut site = Site::lamp();
    for number in 0..9 {
        board(number, &firmware("lamp-0.1"), "0.1").ask(&site);
    }
    let before = assert_counted(&site);
    site.restart();
    assert_eq!(assert_counted(&site), before);
}
