//! `esp_https_ota`: client-protocols c.1 to c.4.

use otary_fleet::{Kind, Md5, Sha256};

use super::{get, get_with, link, wait_until};
use crate::board::{MAC, assert_image, assert_no_update};
use crate::site::{Site, appended, firmware, sized_firmware};
use crate::wire::{HOME, Response, ask, request};

const SIZE: usize = 200_000;

/// What the client sends by itself.
const AGENT: &str = "User-Agent: ESP32 HTTP Client/1.0\r\n";

/// A lamp with a large release 0.4.
fn site() -> Site {
    let site = Site::lamp();
    site.publish("lamp", "0.4", &new(), Some(otary_fleet::Chip::Esp32));
    site
}

fn new() -> Vec<u8> {
    sized_firmware("lamp-0.4", SIZE)
}

fn range(site: &Site, path: &str, range: &str) -> Response {
    get_with(site, path, &format!("{AGENT}Range: bytes={range}\r\n"))
}

fn head(site: &Site, path: &str) -> Response {
    ask(site, HOME, &request("HEAD", path, AGENT))
}

#[test]
fn one_get_without_a_range_gets_the_whole_image() {
    let site = site();
    for path in ["/idf/lamp", "/idf/lamp/", "/idf/lamp/app.bin", "/idf/lamp/esp32.bin"] {
        assert_image(&get_with(&site, path, AGENT), &new(), "0.4");
    }
    assert_eq!(get_with(&site, "/idf/plug", AGENT).status, 404);
    assert_eq!(get_with(&site, "/idf/lamp/other.bin", AGENT).status, 404);
}

#[test]
fn wait_is_304_also_to_its_head() {
    let site = site();
    let digest = appended(&new());
    for query in
        ["version=0.4", "version=0.5", &format!("sha256={digest}"), &format!("sha256={}", Sha256::of(&new()))]
    {
        let path = format!("/idf/lamp?{query}");
        assert_no_update(&get_with(&site, &path, AGENT));
        assert_eq!(head(&site, &path).status, 304, "{query}");
    }
}

#[test]
fn a_program_may_say_who_it_is_and_what_it_runs_in_the_query_or_in_header_fields() {
    let site = site();
    let runs = firmware("lamp-0.1");
    let query =
        format!("/idf/lamp?device={MAC}&version=0.1&sha256={}&chip=esp32&space=1310720", appended(&runs));
    assert_image(&get_with(&site, &query, AGENT), &new(), "0.4");
    let last = site.device(MAC).unwrap().last.unwrap();
    assert_eq!((last.version.as_deref(), last.free_space), (Some("0.1"), Some(1_310_720)));
    assert_eq!(last.build.sha256, Some(appended(&runs)));

    let fields = "x-ESP32-STA-MAC: 24:6F:28:AA:BB:CD\r\nx-ESP32-version: 0.4\r\n";
    assert_no_update(&get_with(&site, "/idf/lamp", fields));
    assert_eq!(site.device("24:6F:28:AA:BB:CD").unwrap().polls, 1);
}

#[test]
fn resumption_asks_for_a_range_from_what_it_has_and_needs_206() {
    let site = site();
    let path = format!("/idf/lamp?device={MAC}&version=0.1");
    let fresh = range(&site, &path, "0-");
    assert_eq!((fresh.status, fresh.body.len()), (206, SIZE));
    let rest = range(&site, &path, "150000-");
    assert_eq!(rest.status, 206);
    assert_eq!(rest.header("content-range"), Some(format!("bytes 150000-{}/{SIZE}", SIZE - 1).as_str()));
    assert_eq!(rest.header("content-length"), Some("50000"));
    assert!(rest.body == new()[150_000..]);
    assert_eq!(rest.header("x-md5"), Some(Md5::of(&new()).to_string().as_str()), "of the whole file");
    assert_eq!(rest.header("etag"), fresh.header("etag"));
}

#[test]
fn a_partial_download_is_a_head_and_ranges_and_one_poll() {
    let site = site();
    let path = format!("/idf/lamp?device={MAC}&version=0.1");
    let begin = head(&site, &path);
    assert_eq!((begin.status, begin.header("content-length")), (200, Some(SIZE.to_string().as_str())));
    assert_eq!(begin.header("accept-ranges"), Some("bytes"));
    let mut image = Vec::new();
    for part in ["0-65535", "65536-131071", "131072-196607", "196608-"] {
        let response = range(&site, &path, part);
        assert_eq!(response.status, 206);
        image.extend(response.body);
    }
    assert!(image == new());
    wait_until(&site, &[("0.4", 1, SIZE as u64)]);
    let device = site.device(MAC).unwrap();
    assert_eq!((device.polls, device.attempts[0].cut_off), (1, 0));
}

#[test]
fn the_first_range_of_a_resumption_may_end_one_byte_beyond_the_file() {
    let site = site();
    let response = range(&site, "/idf/lamp", &format!("0-{SIZE}"));
    assert_eq!((response.status, response.body.len()), (206, SIZE));
    let total = range(&site, "/idf/lamp", "0-0");
    assert_eq!(
        (total.status, total.header("content-range")),
        (206, Some(format!("bytes 0-0/{SIZE}").as_str()))
    );
}

#[test]
fn a_start_beyond_the_file_is_416_with_its_size() {
    let site = site();
    range(&site, "/idf/lamp", "0-");
    let response = range(&site, "/idf/lamp", &format!("{SIZE}-"));
    assert_eq!(
        (response.status, response.header("content-range")),
        (416, Some(format!("bytes */{SIZE}").as_str()))
    );
}

#[test]
fn a_release_that_is_published_meanwhile_is_not_mixed_into_a_download() {
    for who in ["", &format!("&device={MAC}")] {
        let site = site();
        let path = format!("/idf/lamp?version=0.1{who}");
        let first = range(&site, &path, "0-65535");
        let newer = sized_firmware("lamp-0.5", SIZE);
        site.publish("lamp", "0.5", &newer, Some(otary_fleet::Chip::Esp32));
        let rest = range(&site, &path, "65536-");
        assert_eq!(rest.header("x-version"), Some("0.4"));
        assert!([first.body, rest.body].concat() == new(), "{who}");
        assert!(range(&site, &path, "0-").body == newer, "the next download is of the next release");
    }
}

#[test]
fn what_was_begun_and_withdrawn_is_begun_anew() {
    for who in ["", &format!("&device={MAC}")] {
        let site = site();
        let path = format!("/idf/lamp?version=0.1{who}");
        range(&site, &path, "0-65535");
        site.withdraw("lamp", "0.4");
        assert_eq!(range(&site, &path, "65536-").status, 416);
        assert_image(&get_with(&site, &path, AGENT), &firmware("lamp-0.3"), "0.3");
    }
}

#[test]
fn what_was_never_begun_here_is_begun_anew() {
    let site = site();
    assert_eq!(range(&site, &format!("/idf/lamp?device={MAC}&version=0.1"), "65536-").status, 416);
    assert_eq!(range(&site, &format!("/idf/lamp?device={MAC}&version=0.4"), "65536-").status, 304);
}

#[test]
fn an_encrypted_image_is_passed_on_as_it_is() {
    let site = Site::start();
    site.product("lamp", |product| product.allow_raw = true);
    let bytes = [&0x0788_b6cf_u32.to_le_bytes()[..], &[7; 5000]].concat();
    site.release("lamp", "1", "stable", &bytes, |artifact| {
        (artifact.kind, artifact.digests) = (Kind::Raw, Vec::new());
    });
    assert_image(&get(&site, "/idf/lamp"), &bytes, "1");
    assert_image(&get(&site, &format!("/idf/lamp?device={MAC}&version=0.9")), &bytes, "1");
}

#[test]
fn a_device_that_says_nothing_but_its_link_gets_a_release_once() {
    let site = site();
    let path = format!("{}/idf/lamp", link(&site, MAC));
    assert_image(&get_with(&site, &path, AGENT), &new(), "0.4");
    wait_until(&site, &[("0.4", 1, SIZE as u64)]);
    assert_no_update(&get_with(&site, &path, AGENT));
}

#[test]
fn over_plain_http_it_is_for_products_that_allow_it() {
    let site = site();
    let request = request("GET", "/idf/lamp", AGENT);
    assert_eq!(crate::wire::ask_plain(&site, HOME, &request).status, 403);
    site.product("open", |product| product.allow_plain_http = true);
    site.publish("open", "1", &firmware("open-1"), Some(otary_fleet::Chip::Esp32));
    let request = request.replace("/idf/lamp", "/idf/open");
    assert_image(&crate::wire::ask_plain(&site, HOME, &request), &firmware("open-1"), "1");
}
