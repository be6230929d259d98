//! Links: a device is known by its URL's path alone, and the path by nobody else.

use otary_fleet::{Mac, Proof};

use super::{get, json, link};
use crate::board::{Board, MAC, assert_image, assert_no_update};
use crate::log;
use crate::site::{Site, firmware};
use crate::wire::{HOME, ask_plain, request};

#[test]
fn a_link_says_and_proves_who_the_device_is_on_every_path() {
    let site = Site::lamp();
    let link = link(&site, MAC);
    for path in ["/idf/lamp?version=0.3", "/manifest/lamp.json?version=0.3", "/fota/lamp.json?version=0.3"] {
        get(&site, &format!("{link}{path}"));
        assert_eq!(site.device(MAC).unwrap().last.unwrap().proof, Proof::DeviceCredential, "{path}");
    }
    assert_eq!(site.device(MAC).unwrap().polls, 3);
    let board = Board::esp32(&firmware("lamp-0.3"), "0.3").path(&format!("{link}/update/lamp"));
    assert_no_update(&board.ask(&site));
    assert_eq!(site.device(MAC).unwrap().polls, 4);
}

#[test]
fn a_link_opens_the_private_product_of_its_device_and_no_other_link_does() {
    let site = Site::lamp();
    site.product("lamp", |product| product.private = true);
    let (own, other) = (link(&site, MAC), link(&site, "24:6F:28:AA:BB:CD"));
    assert_eq!(get(&site, &format!("{own}/idf/lamp")).status, 404, "it is assigned to nothing");
    site.operate(MAC, |device| device.product = Some("lamp".parse().unwrap()));
    assert_image(&get(&site, &format!("{own}/idf/lamp")), &firmware("lamp-0.3"), "0.3");
    let manifest = json(&get(&site, &format!("{own}/manifest/lamp.json")));
    let path = manifest["builds"][0]["ota"]["path"].as_str().unwrap();
    assert!(get(&site, path).body == firmware("lamp-0.3"));
    for front in [&other, "", &format!("/d/{}", "A".repeat(24))] {
        assert_eq!(get(&site, &format!("{front}/idf/lamp")).status, 404, "{front}");
        assert_eq!(get(&site, &format!("{front}/manifest/lamp.json")).status, 404);
    }
    assert_eq!(get(&site, path.strip_prefix(own.as_str()).unwrap()).status, 404);
}

#[test]
fn a_link_that_was_taken_back_is_a_claim_like_any_other() {
    let site = Site::lamp();
    let link = link(&site, MAC);
    site.operate(MAC, |device| device.credentials.clear());
    assert_image(&get(&site, &format!("{link}/idf/lamp?version=0.1")), &firmware("lamp-0.3"), "0.3");
    assert_eq!(site.device(MAC).unwrap().last.unwrap().proof, Proof::None);
    log::wait_for(&["a link was used that was not issued to the device"]);
}

#[test]
fn over_plain_http_a_link_says_who_it_is_and_proves_nothing() {
    let site = Site::lamp();
    site.product("lamp", |product| product.allow_plain_http = true);
    let path = format!("{}/idf/lamp?version=0.3", link(&site, MAC));
    assert_no_update(&ask_plain(&site, HOME, &request("GET", &path, "")));
    let last = site.device(MAC).unwrap().last.unwrap();
    assert_eq!(last.proof, Proof::None);
}

#[test]
fn no_token_is_ever_logged_or_said_in_an_error() {
    let site = Site::lamp();
    let mac = "24:6F:28:0D:0D:0D";
    let link = link(&site, mac);
    let token = link.strip_prefix("/d/").unwrap();
    for path in [
        "/idf/lamp",
        "/idf/nothing",
        "/manifest/lamp.json",
        "/fota/lamp.json",
        "/tasmota/lamp",
        "/update",
        "/elsewhere",
        "/artifact/12",
        "/image/lamp/esp32.bin.md5",
        "/update/%00",
        "",
    ] {
        for method in ["GET", "HEAD", "POST"] {
            let response = crate::wire::ask(&site, HOME, &request(method, &format!("{link}{path}"), ""));
            let said = String::from_utf8_lossy(&response.body);
            assert!(response.status == 200 || !said.contains(token), "{method} {path}");
            ask_plain(&site, HOME, &request(method, &format!("{link}{path}"), ""));
        }
    }
    log::wait_for(&["check_in", mac]);
    assert_eq!(log::lines(&[token]), Vec::<String>::new());
    assert!(!format!("{:?}", site.device(mac)).contains(token));
    let _: Mac = mac.parse().unwrap();
}
