//! Tasmota's `OtaUrl`: client-protocols f.

use otary_fleet::{Chip, Dialect, Variant};

use super::link;
use crate::board::{Board, assert_image, assert_no_update};
use crate::site::{Site, firmware};
use crate::wire::{HOME, ask};

const ESP8266: &str = "5C:CF:7F:AA:BB:CC";

fn gzip(text: &str) -> Vec<u8> {
    [&[0x1F, 0x8B, 8][..], &firmware(text)].concat()
}

/// Tasmota for the ESP8266 with its minimal image, both gzipped, and for the ESP32 with its safeboot image.
fn site() -> Site {
    let site = Site::start();
    site.product("plug", |_| {});
    site.release_with(
        "plug",
        "12.1.1",
        &[
            (&gzip("whole"), &|artifact| {
                (artifact.chip, artifact.gzip) = (Some(Chip::Esp8266), true);
            }),
            (&gzip("minimal"), &|artifact| {
                (artifact.chip, artifact.gzip, artifact.variant) =
                    (Some(Chip::Esp8266), true, Variant::Minimal);
            }),
            (&firmware("whole32"), &|artifact| {
                artifact.chip = Some(Chip::Esp32);
            }),
            (&firmware("safeboot32"), &|artifact| {
                (artifact.chip, artifact.variant) = (Some(Chip::Esp32), Variant::Safeboot);
            }),
        ],
    );
    site
}

/// An ESP8266 whose `OtaUrl` has this path.
fn esp8266(path: &str) -> Board {
    Board::esp8266(&firmware("strange"), "11.0.0(tasmota)").path(path)
}

/// An ESP32; its fork of the library knows no base address.
fn esp32(site: &Site, path: &str, version: &str) -> crate::wire::Response {
    let request = Board::esp32(&firmware("strange"), version).path(path).request();
    let request: Vec<&str> = request.split("\r\n").filter(|line| !line.contains("BASE-MAC")).collect();
    ask(site, HOME, &request.join("\r\n"))
}

#[test]
fn the_name_says_which_file_is_meant() {
    let site = site();
    for path in ["/tasmota/plug", "/tasmota/plug/tasmota.bin.gz", "/tasmota/plug/tasmota-DE.bin.gz"] {
        assert_image(&esp8266(path).ask(&site), &gzip("whole"), "12.1.1");
    }
    assert_image(
        &esp32(&site, "/tasmota/plug/tasmota32.bin", "11.0.0(tasmota32)"),
        &firmware("whole32"),
        "12.1.1",
    );
}

#[test]
fn where_there_is_no_file_of_a_name_it_is_404_at_once() {
    let site = site();
    assert_eq!(esp8266("/tasmota/plug/tasmota.bin").ask(&site).status, 404, "there is but a gzip file");
    assert_eq!(esp8266("/tasmota/plug/tasmota-safeboot.bin").ask(&site).status, 404);
    assert_eq!(esp32(&site, "/tasmota/plug/tasmota32.bin.gz", "11.0.0(tasmota32)").status, 404);
    assert_eq!(esp8266("/tasmota/plug/tasmota.txt").ask(&site).status, 404);
}

#[test]
fn where_the_whole_image_does_not_fit_the_minimal_one_makes_room_for_it() {
    let site = site();
    let minimal = "/tasmota/plug/tasmota-minimal.bin.gz";
    assert_image(&esp8266(minimal).ask(&site), &gzip("minimal"), "12.1.1");
    let next = Board::esp8266(&gzip("minimal"), "12.1.1(minimal)").path("/tasmota/plug/tasmota.bin.gz");
    assert_image(&next.ask(&site), &gzip("whole"), "12.1.1");
}

#[test]
fn upgrade_2_fetches_the_safeboot_image_whatever_runs() {
    let site = site();
    let path = "/tasmota/plug/tasmota32-safeboot.bin";
    assert_image(&esp32(&site, path, "12.1.1(tasmota32)"), &firmware("safeboot32"), "12.1.1");
}

#[test]
fn the_name_of_the_build_behind_the_version_makes_no_other_version() {
    let site = site();
    for version in ["12.1.1(tasmota)", "12.1.1(tasmota-DE)", "12.1.2(tasmota)"] {
        let board = Board::esp8266(&firmware("strange"), version).path("/tasmota/plug/tasmota.bin.gz");
        assert_no_update(&board.ask(&site));
    }
    let last = site.device(ESP8266).unwrap().last.unwrap();
    assert_eq!((last.dialect, last.version.as_deref()), (Dialect::Tasmota, Some("12.1.2")));
}

#[test]
fn wait_restarts_a_tasmota_and_otary_says_so_and_quiet_leaves_it_alone() {
    let site = site();
    let board = |path: &str| {
        Board::esp8266(&firmware("strange"), "12.1.1(tasmota)").path(path).mac("5C:CF:7F:00:0A:01")
    };
    assert_no_update(&board("/tasmota/plug/tasmota.bin.gz").ask(&site));
    crate::log::wait_for(&["a Tasmota restarts on this answer", "5C:CF:7F:00:0A:01"]);
    assert_eq!(board("/tasmota/plug/quiet/tasmota.bin.gz").ask(&site).status, 404);
    let old =
        Board::esp8266(&firmware("strange"), "11.0.0(tasmota)").path("/tasmota/plug/quiet/tasmota.bin.gz");
    assert_image(&old.ask(&site), &gzip("whole"), "12.1.1");
}

#[test]
fn a_link_and_a_name_fit_into_100_characters() {
    let site = site();
    let path = format!("{}/tasmota/plug/quiet/tasmota.bin.gz", link(&site, "24:6F:28:AA:BB:CC"));
    assert!(format!("https://192.168.100.200:3443{path}").len() <= 100);
}
