//! The plain HTTP listener: the certificate, a page, and updates where the operator allowed them.

use otary_fleet::{Chip, Sha256};

use crate::board::{Board, assert_image, assert_no_update};
use crate::log;
use crate::site::{Site, firmware};
use crate::wire::{ask_plain, get};

/// The lamp over HTTPS only, and a plug that may be updated without.
fn lamp_and_plug() -> Site {
    let site = Site::lamp();
    site.product("plug", |product| product.allow_plain_http = true);
    site.publish("plug", "1.0", &firmware("plug-1.0"), Some(Chip::Esp32));
    site.publish("plug", "1.1", &firmware("plug-1.1"), Some(Chip::Esp32));
    site
}

#[test]
fn only_products_marked_for_it_are_updated() {
    let site = lamp_and_plug();
    let mac = "24:6F:28:04:00:01";
    let lamp = Board::esp32(&firmware("lamp-0.1"), "0.1").mac(mac).over_plain_http();
    assert_eq!(lamp.ask(&site).status, 403);
    let line = log::wait_for(&["check_in", mac, "plain-http"]);
    assert!(line.contains("--allow-plain-http"), "{line}");
    let plug = Board::esp32(&firmware("plug-1.0"), "1.0").mac(mac).over_plain_http();
    assert_image(&plug.ask(&site), &firmware("plug-1.1"), "1.1");
    assert_no_update(&Board::esp32(&firmware("plug-1.1"), "1.1").over_plain_http().ask(&site));
}

#[test]
fn an_esp8266_may_ask_for_the_version_only_of_such_a_product() {
    let site = lamp_and_plug();
    site.publish("plug", "1.2", &firmware("plug-1.2"), Some(Chip::Esp8266));
    let board = Board::esp8266(&firmware("strange"), "1.0").mode("version").over_plain_http();
    let response = board.clone().path("/update/plug").ask(&site);
    assert_eq!((response.status, response.header("x-version")), (200, Some("1.2")));
    assert_eq!(board.path("/update/lamp").ask(&site).status, 403);
}

#[test]
fn the_certificate_and_a_page_are_for_everybody() {
    let site = lamp_and_plug();
    let page = ask_plain(&site, "127.0.4.1", &get("/"));
    let url = format!("https://serverota.local:{}/update", site.addresses.https.port());
    assert!(String::from_utf8(page.body).unwrap().contains(&url));
    let anchors = ask_plain(&site, "127.0.4.1", &get("/ca.pem"));
    assert_eq!(anchors.body, site.authority.anchors_pem().into_bytes());
    assert_eq!(ask_plain(&site, "127.0.4.1", &get("/ca.crt")).status, 200);
}

#[test]
fn everything_else_is_403_with_a_reason_in_the_log() {
    let site = lamp_and_plug();
    let lamp = format!("/artifact/{}", Sha256::of(&firmware("lamp-0.3")));
    for path in ["/nowhere", "/api/v1/status", &lamp, &format!("{lamp}.md5"), "/artifact/x"] {
        assert_eq!(ask_plain(&site, "127.0.4.2", &get(path)).status, 403, "{path}");
    }
    log::wait_for(&["request", "127.0.4.2", "plain HTTP has only"]);
    log::wait_for(&["request", "127.0.4.2", "no product that allows plain HTTP"]);
    let plug = format!("/artifact/{}", Sha256::of(&firmware("plug-1.1")));
    assert_eq!(ask_plain(&site, "127.0.4.2", &get(&plug)).body, firmware("plug-1.1"));
}
