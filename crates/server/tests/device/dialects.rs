//! The stock libraries' requests, byte for byte, and the answers byte for byte.

use otary_fleet::{Chip, Dialect, Kind, Md5};

use crate::board::{Board, MAC, assert_image, assert_no_update};
use crate::site::{Site, firmware};
use crate::wire::{HOME, ask, connect_tls, read_to_end};

#[test]
fn the_request_of_arduino_esp32_gets_the_right_head_and_body() {
    use std::io::Write;
    let site = Site::lamp();
    let bytes = firmware("lamp-0.3");
    let mut stream = connect_tls(&site, HOME);
    stream.write_all(Board::esp32(&firmware("lamp-0.1"), "0.1").request().as_bytes()).unwrap();
    let received = read_to_end(&mut stream);
    let end = received.len() - bytes.len();
    assert!(received[end..] == bytes);

    let head = String::from_utf8(received[..end].to_vec()).unwrap();
    let (without_date, date) = head.split_once("Date: ").unwrap();
    assert_eq!(date.len(), "Mon, 23 Nov 2026 08:00:00 GMT\r\n\r\n".len());
    assert_eq!(
        without_date,
        format!(
            "HTTP/1.0 200 OK\r\n\
             x-version: 0.3\r\n\
             x-MD5: {}\r\n\
             x-SHA256: {}\r\n\
             Content-Type: application/octet-stream\r\n\
             Content-Disposition: attachment; filename=\"lamp-0.3.bin\"\r\n\
             Cache-Control: no-store\r\n\
             Content-Length: 8192\r\n\
             Connection: close\r\n",
            Md5::of(&bytes),
            otary_fleet::Sha256::of(&bytes),
        )
    );
}

#[test]
fn what_an_esp32_says_is_on_record() {
    let site = Site::lamp();
    assert_no_update(&Board::esp32(&firmware("lamp-0.3"), "0.3").ask(&site));
    let last = site.device(MAC).unwrap().last.unwrap();
    assert_eq!(last.dialect, Dialect::ArduinoEsp32);
    assert_eq!(last.build.md5, Some(Md5::of(&firmware("lamp-0.3"))));
    assert_eq!(last.build.sha256, Some(crate::site::appended(&firmware("lamp-0.3"))));
    assert_eq!(last.version.as_deref(), Some("0.3"));
    assert_eq!((last.free_space, last.chip_size), (Some(1_310_720), Some(4_194_304)));
    assert_eq!(last.sdk.as_deref(), Some("v5.1.4-497-gdc859c1e67-dirty"));
    assert_eq!(last.source.to_string(), HOME);
}

#[test]
fn the_file_system_of_an_esp32_in_every_word_for_it() {
    let site = Site::lamp();
    let image = firmware("files");
    site.release("lamp", "0.3-files", "stable", &image, |artifact| {
        (artifact.kind, artifact.md5s, artifact.digests) = (Kind::Filesystem, vec![], vec![]);
    });
    for (number, mode) in ["spiffs", "fatfs", "littlefs", "flashfs"].into_iter().enumerate() {
        let board = Board::esp32(&firmware("lamp-0.3"), "0.1").mac(&format!("24:6F:28:02:00:{number:02}"));
        assert_image(&board.mode(mode).ask(&site), &image, "0.3-files");
    }
    assert_eq!(Board::esp32(&firmware("lamp-0.3"), "0.3").mode("nvs").ask(&site).status, 404);
}

/// A product for the ESP8266, whose current release is a gzip file.
fn plug() -> Site {
    let site = Site::start();
    site.product("plug", |_| {});
    site.publish("plug", "1.0", &firmware("plug-1.0"), Some(Chip::Esp8266));
    site.release("plug", "1.1", "stable", &gzip(), |artifact| {
        (artifact.chip, artifact.gzip) = (Some(Chip::Esp8266), true);
        artifact.md5s.push(Md5::of(&firmware("plug-1.1")));
    });
    site
}

/// Begins as a gzip file does; clients look at no more.
fn gzip() -> Vec<u8> {
    [&[0x1F, 0x8B, 8][..], &firmware("plug-1.1")].concat()
}

#[test]
fn an_esp8266_gets_a_gzip_file_as_content_and_is_recognised_once_it_is_unpacked() {
    let site = plug();
    let response = Board::esp8266(&firmware("plug-1.0"), "1.0").ask(&site);
    assert_image(&response, &gzip(), "1.1");
    assert_eq!(response.version, "HTTP/1.0");
    assert_no_update(&Board::esp8266(&firmware("plug-1.1"), "1.0").ask(&site));
    assert_no_update(&Board::esp8266(&firmware("plug-1.1"), "").ask(&site));
}

#[test]
fn an_esp8266_with_an_unknown_digest_goes_by_its_version() {
    let site = plug();
    for (number, (version, status)) in
        [("1.0.9", 200), ("1.1", 304), ("2.0", 304), ("", 200)].into_iter().enumerate()
    {
        let board = Board::esp8266(&firmware("strange"), version).mac(&format!("5C:CF:7F:00:00:{number:02}"));
        assert_eq!(board.ask(&site).status, status, "{version:?}");
    }
}

#[test]
fn an_esp8266_asks_for_its_file_system() {
    let site = plug();
    let image = firmware("files");
    site.release("plug", "1.2", "stable", &image, |artifact| {
        (artifact.kind, artifact.md5s, artifact.digests) = (Kind::Filesystem, vec![], vec![]);
    });
    let board = Board::esp8266(&firmware("plug-1.0"), "1.1").mode("spiffs");
    assert_image(&board.ask(&site), &image, "1.2");
}

#[test]
fn an_esp8266_asks_which_version_there_is_whether_or_not_it_has_it() {
    let site = plug();
    for (firmware, version) in
        [(firmware("plug-1.0"), "1.0"), (firmware("plug-1.1"), "1.1"), (firmware("strange"), "")]
    {
        let response = Board::esp8266(&firmware, version).mode("version").ask(&site);
        assert_eq!(response.status, 200);
        assert_eq!(response.header("x-version"), Some("1.1"));
        assert_eq!(response.header("x-md5"), Some(Md5::of(&gzip()).to_string().as_str()));
        assert_eq!(response.header("content-length"), Some("0"));
        assert!(response.body.is_empty());
    }
    let device = site.device("5C:CF:7F:AA:BB:CC").unwrap();
    assert!(device.attempts.is_empty(), "to ask which version there is is no attempt");
}

#[test]
fn where_nothing_is_published_the_version_is_not_found() {
    let site = Site::start();
    site.product("plug", |_| {});
    let board = Board::esp8266(&firmware("strange"), "1.0");
    assert_eq!(board.clone().mode("version").ask(&site).status, 404);
    assert_no_update(&board.ask(&site));
}

#[test]
fn the_mode_version_is_the_esp8266s_alone() {
    let site = Site::lamp();
    assert_eq!(Board::esp32(&firmware("lamp-0.1"), "0.1").mode("version").ask(&site).status, 404);
}

#[test]
fn the_device_is_its_station_else_its_base_else_its_access_point() {
    let site = Site::lamp();
    let zero = "00:00:00:00:00:00";
    let [station, base, access_point] = ["24:6F:28:03:00:01", "24:6F:28:03:00:02", "24:6F:28:03:00:03"];
    for (fields, device) in [
        ([station, base, access_point], Some(station)),
        ([zero, base, access_point], Some(base)),
        ([zero, zero, access_point], Some(access_point)),
        ([zero, zero, zero], None),
        (["nonsense", "24-6f-28-03-00-02", access_point], Some(base)),
    ] {
        let before = site.store.count_devices().unwrap();
        let [station, base, access_point] = fields;
        let request = format!(
            "GET /update HTTP/1.0\r\nX-ESP32-STA-MAC: {station}\r\nx-esp32-BASE-mac: {base}\r\n\
             x-ESP32-AP-MAC: {access_point}\r\nx-ESP32-version: 0.3\r\n\r\n"
        );
        assert_no_update(&ask(&site, HOME, &request));
        match device {
            Some(device) => assert!(site.device(device).is_some(), "{fields:?}"),
            None => assert_eq!(site.store.count_devices().unwrap(), before),
        }
    }
}

#[test]
fn what_an_optional_header_says_wrongly_counts_as_not_said() {
    let site = Site::lamp();
    let request = format!(
        "GET /update?chip=toaster HTTP/1.0\r\nx-ESP32-STA-MAC: {MAC}\r\nx-ESP32-sketch-md5: zz\r\n\
         x-ESP32-sketch-sha256: 12\r\nx-ESP32-free-space: -5\r\nx-ESP32-chip-size: 4MB\r\n\
         x-ESP32-version:   \r\n\r\n"
    );
    assert_image(&ask(&site, HOME, &request), &firmware("lamp-0.3"), "0.3");
    let last = site.device(MAC).unwrap().last.unwrap();
    assert_eq!((last.build.is_known(), last.version, last.free_space), (false, None, None));
}

#[test]
fn texts_are_cut_and_move_no_cursor() {
    let site = Site::lamp();
    let version = format!("\u{9b}2J{}", "ä".repeat(100));
    let request =
        format!("GET /update HTTP/1.0\r\nx-ESP32-STA-MAC: {MAC}\r\nx-ESP32-version: {version}\r\n\r\n");
    assert_eq!(ask(&site, HOME, &request).status, 200);
    let kept = site.device(MAC).unwrap().last.unwrap().version.unwrap();
    assert!(kept.len() <= 64 && kept.starts_with("\u{FFFD}2Jä"), "{kept:?}");
}

#[test]
fn the_user_agent_alone_is_enough() {
    let site = Site::lamp();
    let request = "GET /update HTTP/1.0\r\nUser-Agent: ESP32-http-Update\r\n\r\n";
    assert_no_update(&ask(&site, HOME, request));
    crate::log::wait_for(&["check_in", "not-recorded", HOME]);
}

#[test]
fn a_person_who_opens_the_url_learns_what_it_is_for() {
    let site = Site::lamp();
    let response = ask(&site, HOME, &crate::wire::get("/update/lamp"));
    assert_eq!(response.status, 400);
    let text = String::from_utf8(response.body).unwrap();
    assert!(text.contains("otary sketch") && text.contains("x-ESP32-"), "{text}");
}
