//! The decision table, a test per row: what a board asks over the wire, and what comes back.

use std::time::Duration;

use otary_fleet::{Chip, Md5, Outcome};

use crate::board::{Board, MAC, assert_image, assert_no_update};
use crate::log;
use crate::site::{Site, firmware, name};

/// Two products of one chip each, so that nothing goes by itself.
fn lamp_and_camera() -> Site {
    let site = Site::lamp();
    site.product("camera", |_| {});
    site.publish("camera", "2.0", &firmware("camera-2.0"), Some(Chip::Esp32));
    site
}

#[test]
fn product_the_path_comes_first() {
    let site = lamp_and_camera();
    let board = Board::esp32(&firmware("lamp-0.1"), "0.1").path("/update/camera");
    assert_image(&board.ask(&site), &firmware("camera-2.0"), "2.0");
    assert_eq!(board.path("/update/kettle").ask(&site).status, 404);
}

#[test]
fn product_then_the_digest_of_what_runs() {
    let site = lamp_and_camera();
    assert_image(&Board::esp32(&firmware("lamp-0.1"), "").ask(&site), &firmware("lamp-0.3"), "0.3");
}

#[test]
fn product_then_the_operators_assignment() {
    let site = lamp_and_camera();
    let board = Board::esp32(&firmware("strange"), "0.1");
    assert_no_update(&board.ask(&site));
    site.operate(MAC, |device| device.product = Some(name("lamp")));
    assert_image(&board.ask(&site), &firmware("lamp-0.3"), "0.3");
}

#[test]
fn product_then_the_only_one() {
    let site = Site::lamp();
    assert_image(&Board::esp32(&firmware("strange"), "0.1").ask(&site), &firmware("lamp-0.3"), "0.3");
}

#[test]
fn product_otherwise_nothing_and_the_log_says_how_to_assign_it() {
    let site = lamp_and_camera();
    let mac = "24:6F:28:00:00:01";
    assert_no_update(&Board::esp32(&firmware("strange"), "0.1").mac(mac).ask(&site));
    let line = log::wait_for(&["check_in", mac]);
    for text in ["unknown build", "no product", "no-product", &format!("otary device assign {mac} PRODUCT")] {
        assert!(line.contains(text), "{text} in {line}");
    }
}

/// A lamp for two chips.
fn lamp_for_two_chips() -> Site {
    let site = Site::start();
    site.product("lamp", |product| product.chips = [Chip::Esp32, Chip::Esp32C3].into());
    site.publish("lamp", "0.1", &firmware("lamp-0.1-c3"), Some(Chip::Esp32C3));
    site.publish("lamp", "0.2", &firmware("lamp-0.2"), Some(Chip::Esp32));
    site.publish("lamp", "0.3", &firmware("lamp-0.3-c3"), Some(Chip::Esp32C3));
    site
}

#[test]
fn chip_from_the_digest_then_the_query_then_the_operator_else_held() {
    let site = lamp_for_two_chips();
    let known = Board::esp32(&firmware("lamp-0.1-c3"), "0.1").path("/update?chip=esp32");
    assert_image(&known.ask(&site), &firmware("lamp-0.3-c3"), "0.3");

    let strange = Board::esp32(&firmware("strange"), "0.1").mac("24:6F:28:00:00:02");
    let said = strange.clone().path("/update?chip=ESP32C3");
    assert_image(&said.ask(&site), &firmware("lamp-0.3-c3"), "0.3");
    assert_no_update(&strange.ask(&site));
    assert!(log::wait_for(&["check_in", "24:6F:28:00:00:02", "chip-unknown"]).contains("?chip="));
    site.operate("24:6F:28:00:00:02", |device| device.chip = Some(Chip::Esp32));
    assert_image(&strange.ask(&site), &firmware("lamp-0.2"), "0.2");
}

#[test]
fn chip_else_the_products_only_one() {
    let site = Site::lamp();
    assert_image(&Board::esp32(&firmware("strange"), "0.1").ask(&site), &firmware("lamp-0.3"), "0.3");
}

#[test]
fn an_image_for_another_chip_is_not_sent() {
    let site = Site::lamp();
    assert_no_update(&Board::esp8266(&firmware("strange"), "0.1").ask(&site));
    let c3 = Board::esp32(&firmware("strange"), "0.1").path("/update?chip=esp32c3");
    assert_no_update(&c3.ask(&site));
}

#[test]
fn an_image_larger_than_the_free_space_is_not_sent() {
    let site = Site::lamp();
    let mut board = Board::esp32(&firmware("lamp-0.1"), "0.1");
    for (free_space, status) in [(8191, 304), (0, 304), (8192, 200)] {
        board.free_space = free_space;
        assert_eq!(board.ask(&site).status, status, "{free_space}");
    }
}

#[test]
fn a_device_that_runs_the_bytes_waits_whatever_its_version_text_says() {
    let site = Site::start();
    site.product("lamp", |_| {});
    let (signed, unpacked) = (firmware("signed"), firmware("unpacked"));
    site.release("lamp", "0.3", "stable", &signed, |artifact| {
        artifact.chip = Some(Chip::Esp32);
        artifact.md5s.extend([Md5::of(b"without the signature"), Md5::of(&unpacked)]);
    });
    let board = Board::esp32(&signed, "0.1");
    let only_md5 = |md5: Md5| Board { sha256: None, md5: Some(md5.to_string()), ..board.clone() };
    assert_no_update(&board.ask(&site));
    assert_no_update(&Board { md5: None, ..board.clone() }.ask(&site));
    for md5 in [Md5::of(&signed), Md5::of(b"without the signature"), Md5::of(&unpacked)] {
        assert_no_update(&only_md5(md5).ask(&site));
    }
    assert_eq!(only_md5(Md5::of(b"other")).mac("24:6F:28:00:00:03").ask(&site).status, 200);
}

#[test]
fn a_known_digest_wins_over_any_version_text() {
    let site = Site::lamp();
    assert_image(&Board::esp32(&firmware("lamp-0.1"), "9.9").ask(&site), &firmware("lamp-0.3"), "0.3");
}

#[test]
fn of_an_unknown_digest_the_version_text_decides() {
    let site = Site::start();
    site.product("lamp", |_| {});
    site.publish("lamp", "0.10", &firmware("lamp-0.10"), Some(Chip::Esp32));
    for (number, (version, status)) in
        [("0.9", 200), ("0.10", 304), ("v0.10.0", 304), ("0.11", 304), ("blue", 200)].into_iter().enumerate()
    {
        let board = Board::esp32(&firmware("strange"), version).mac(&format!("24:6F:28:01:00:{number:02}"));
        assert_eq!(board.ask(&site).status, status, "{version}");
    }
}

#[test]
fn an_unknown_digest_without_a_version_is_offered_once() {
    let site = Site::lamp();
    let board = Board::esp32(&firmware("strange"), "");
    assert_image(&board.ask(&site), &firmware("lamp-0.3"), "0.3");
    wait_for_delivery(&site, 1);
    assert_no_update(&board.ask(&site));
}

#[test]
fn an_old_core_that_says_neither_gets_one_complete_download_per_release() {
    let site = Site::lamp();
    let board = Board::esp32(&firmware("strange"), "").without_digests();
    assert_image(&board.ask(&site), &firmware("lamp-0.3"), "0.3");
    wait_for_delivery(&site, 1);
    assert_no_update(&board.ask(&site));
    site.publish("lamp", "0.4", &firmware("lamp-0.4"), Some(Chip::Esp32));
    assert_image(&board.ask(&site), &firmware("lamp-0.4"), "0.4");
}

/// Waits until so many complete downloads are on the board's record: the client has the last byte a little earlier.
fn wait_for_delivery(site: &Site, whole: u32) {
    for _ in 0..1000 {
        let device = site.device(MAC).unwrap();
        if device.attempts.iter().map(|attempt| attempt.whole).max() >= Some(whole) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("not on record: {:?}", site.device(MAC).unwrap().attempts);
}

#[test]
fn looping_the_same_image_three_times_is_held_for_an_hour_then_two() {
    let site = Site::lamp();
    let board = Board::esp32(&firmware("lamp-0.1"), "0.1");
    for taken in 1..=3 {
        assert_image(&board.ask(&site), &firmware("lamp-0.3"), "0.3");
        wait_for_delivery(&site, taken);
    }
    assert_no_update(&board.ask(&site));
    assert_eq!(site.device(MAC).unwrap().attempts[0].outcome, Some(Outcome::Looping));
    site.clock.advance(Duration::from_mins(59));
    assert_no_update(&board.ask(&site));
    site.clock.advance(Duration::from_mins(1));
    assert_eq!(board.ask(&site).status, 200);
    wait_for_delivery(&site, 4);
    site.clock.advance(Duration::from_mins(61));
    assert_no_update(&board.ask(&site));
    site.clock.advance(Duration::from_hours(1));
    assert_eq!(board.ask(&site).status, 200);
}

#[test]
fn looping_ends_with_a_newer_release_or_by_the_operator() {
    let site = Site::lamp();
    let board = Board::esp32(&firmware("lamp-0.1"), "0.1");
    let loop_it = |first: u32| {
        for taken in first..first + 3 {
            assert_eq!(board.ask(&site).status, 200);
            wait_for_delivery(&site, taken);
        }
        assert_no_update(&board.ask(&site));
    };
    loop_it(1);
    site.operate(MAC, otary_fleet::Device::release_brakes);
    loop_it(1);
    site.publish("lamp", "0.4", &firmware("lamp-0.4"), Some(Chip::Esp32));
    assert_image(&board.ask(&site), &firmware("lamp-0.4"), "0.4");
}

/// A lamp that otary has updated to 0.3.
fn updated_lamp() -> Site {
    let site = Site::lamp();
    assert_eq!(Board::esp32(&firmware("lamp-0.1"), "0.1").ask(&site).status, 200);
    wait_for_delivery(&site, 1);
    assert_no_update(&Board::esp32(&firmware("lamp-0.3"), "0.3").ask(&site));
    assert!(site.device(MAC).unwrap().installed.is_some(), "success is inferred from the next poll");
    site
}

#[test]
fn a_device_reflashed_by_hand_is_held_until_the_operator_resumes() {
    let site = updated_lamp();
    site.clock.advance(Duration::from_hours(1));
    let camera = Board::esp32(&firmware("my camera"), "0.0.1");
    assert_no_update(&camera.ask(&site));
    let line = log::wait_for(&["check_in", MAC, "reflashed"]);
    assert!(line.contains("otary device resume"), "{line}");
    site.operate(MAC, otary_fleet::Device::resume);
    assert_eq!(camera.ask(&site).status, 200);
}

#[test]
fn a_device_reflashed_by_hand_may_say_itself_what_it_is() {
    let site = updated_lamp();
    site.clock.advance(Duration::from_hours(1));
    assert_no_update(&Board::esp32(&firmware("my lamp"), "").path("/update/lamp").ask(&site));
    assert_eq!(Board::esp32(&firmware("my lamp"), "0.0.1").path("/update/lamp").ask(&site).status, 200);
}

#[test]
fn builds_that_take_turns_under_one_mac_are_shown_as_contested_and_never_held() {
    let site = Site::lamp();
    let (old, new) = (Board::esp32(&firmware("lamp-0.1"), "0.1"), Board::esp32(&firmware("lamp-0.3"), "0.3"));
    for _ in 0..3 {
        for (board, status) in [(&old, 200), (&new.clone().from("127.0.2.10"), 304)] {
            site.clock.advance(Duration::from_mins(1));
            assert_eq!(board.ask(&site).status, status);
        }
    }
    assert!(site.device(MAC).unwrap().contested.is_some());
}

#[test]
fn a_withdrawn_release_is_not_offered_and_still_known() {
    let site = Site::lamp();
    site.withdraw("lamp", "0.3");
    assert_no_update(&Board::esp32(&firmware("lamp-0.1"), "0.1").ask(&site));
    assert_no_update(&Board::esp32(&firmware("lamp-0.3"), "0.3").ask(&site));
}
