//! `/artifact/{sha256}`: immutable, whole or in ranges, with checksums.

use otary_fleet::{Chip, Md5, Sha256};

use crate::site::{Site, firmware};
use crate::wire::{HOME, Response, ask, get, request};

fn fetch(site: &Site, method: &str, range: &str) -> Response {
    let path = format!("/artifact/{}", Sha256::of(&firmware("lamp-0.3")));
    let headers = if range.is_empty() { String::new() } else { format!("Range: {range}\r\n") };
    ask(site, HOME, &request(method, &path, &headers))
}

#[test]
fn it_comes_whole_with_what_names_it() {
    let site = Site::lamp();
    let bytes = firmware("lamp-0.3");
    let tag = format!("\"{}\"", Sha256::of(&bytes));
    for method in ["GET", "HEAD"] {
        let response = fetch(&site, method, "");
        assert_eq!((response.status, response.header("content-length")), (200, Some("8192")));
        assert_eq!(response.header("etag"), Some(tag.as_str()));
        assert_eq!(response.header("accept-ranges"), Some("bytes"));
        assert_eq!(response.header("x-md5"), Some(Md5::of(&bytes).to_string().as_str()));
        assert_eq!(response.header("cache-control"), Some("public, max-age=31536000, immutable"));
        let body = if method == "GET" { &bytes[..] } else { &[] };
        assert!(response.body == body);
    }
}

#[test]
fn esp_idf_fetches_it_in_ranges() {
    let site = Site::lamp();
    let bytes = firmware("lamp-0.3");
    for (range, content_range, part) in [
        ("bytes=0-0", "bytes 0-0/8192", &bytes[..1]),
        ("bytes=0-4095", "bytes 0-4095/8192", &bytes[..4096]),
        ("bytes=4096-", "bytes 4096-8191/8192", &bytes[4096..]),
        ("bytes=4096-8192", "bytes 4096-8191/8192", &bytes[4096..]),
    ] {
        let response = fetch(&site, "GET", range);
        assert_eq!((response.status, response.header("content-range")), (206, Some(content_range)));
        assert_eq!(response.header("content-length"), Some(part.len().to_string().as_str()));
        assert_eq!(response.header("x-md5"), Some(Md5::of(&bytes).to_string().as_str()));
        assert!(response.body == part, "{range}");
    }
    let head = fetch(&site, "HEAD", "bytes=0-0");
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (206, Some("1"), 0));
}

#[test]
fn a_range_beyond_the_end_is_416_and_several_ranges_get_the_whole() {
    let site = Site::lamp();
    let beyond = fetch(&site, "GET", "bytes=8192-");
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some("bytes */8192")));
    assert_eq!(fetch(&site, "GET", "bytes=0-1,4-5").body.len(), 8192);
}

#[test]
fn who_has_it_is_told_so() {
    let site = Site::lamp();
    let path = format!("/artifact/{}", Sha256::of(&firmware("lamp-0.3")));
    let tag = format!("If-None-Match: \"{}\"\r\n", Sha256::of(&firmware("lamp-0.3")));
    let response = ask(&site, HOME, &request("GET", &path, &tag));
    assert_eq!((response.status, response.body.len()), (304, 0));
}

#[test]
fn checksums_are_as_md5sum_and_sha256sum_print_them() {
    let site = Site::lamp();
    let bytes = firmware("lamp-0.3");
    let (md5, sha256) = (Md5::of(&bytes).to_string(), Sha256::of(&bytes).to_string());
    for (kind, digest) in [("md5", &md5), ("sha256", &sha256)] {
        let response = ask(&site, HOME, &get(&format!("/artifact/{sha256}.{kind}")));
        assert_eq!(response.status, 200);
        assert_eq!(String::from_utf8(response.body).unwrap(), format!("{digest}  lamp-0.3.bin\n"));
    }
    assert_eq!(ask(&site, HOME, &get(&format!("/artifact/{sha256}.sha1"))).status, 404);
    assert_eq!(ask(&site, HOME, &get(&format!("/artifact/{md5}"))).status, 404);
}

#[test]
fn what_is_withdrawn_everywhere_is_gone() {
    let site = Site::lamp();
    site.withdraw("lamp", "0.3");
    assert_eq!(fetch(&site, "GET", "bytes=4096-").status, 410);
    site.publish("lamp", "0.3.1", &firmware("lamp-0.3"), Some(Chip::Esp32));
    assert_eq!(fetch(&site, "GET", "bytes=4096-").status, 206, "another release offers it");
}

#[test]
fn a_file_name_says_no_more_than_a_name() {
    let site = Site::start();
    site.product("lamp", |_| {});
    let odd = "../../etc/pass\"wd\r\nx: y.bin";
    let id =
        site.release("lamp", "0.3", "stable", &firmware("x"), |artifact| artifact.file_name = odd.into());
    let response = ask(&site, HOME, &get(&format!("/artifact/{id}")));
    let expected = "attachment; filename=\"_.._etc_pass_wd__x__y.bin\"";
    let disposition = response.header("content-disposition").unwrap();
    assert_eq!(disposition.trim_start_matches('.'), expected);
}
