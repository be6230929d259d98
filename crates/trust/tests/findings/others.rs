//! Firmware of other makers, as they published it.

use std::path::PathBuf;
use std::time::Instant;

use otary_trust::search;

fn images() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = std::env::var_os("OTARY_FIRMWARE").map(PathBuf::from).filter(|path| path.is_dir())
    else {
        println!("skipped: OTARY_FIRMWARE names no folder of images");
        return Vec::new();
    };
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let images = files.filter(|path| path.extension().is_some_and(|end| end == "bin" || end == "gz"));
    images
        .map(|path| (path.file_name().unwrap().display().to_string(), std::fs::read(&path).unwrap()))
        .collect()
}

/// None of them embeds a certificate or a key, as `openssl asn1parse` at every sequence shows; nine link a TLS library
/// with all its markers.
#[test]
fn no_certificate_and_no_key_is_found_where_there_is_none() {
    for (name, bytes) in images() {
        let found = search(&bytes);
        assert_eq!((found.certificates, found.private_keys), (vec![], vec![]), "{name}");
    }
}

#[test]
fn the_hosts_found_are_those_that_the_firmware_asks() {
    for (name, bytes) in images() {
        let found = search(&bytes);
        assert!(found.hosts.len() < 25, "{name}: {:?}", found.hosts);
        for (maker, host) in
            [("espgeiger-0.12", "api.espgeiger.com"), ("wled", "wled.me"), ("espsomfy", "github.com")]
        {
            let has_network = name.starts_with(maker) && bytes.len() > 800_000 && !name.contains("littlefs");
            assert!(
                !has_network || found.hosts.iter().any(|found| found == host),
                "{name}: {:?}",
                found.hosts
            );
        }
    }
}

#[test]
#[ignore = "a measurement, for a release build"]
fn an_image_is_searched_in_a_moment() {
    for (name, bytes) in images().into_iter().filter(|(_, bytes)| bytes.len() > 1_000_000) {
        let begin = Instant::now();
        let found = search(&bytes);
        let took = begin.elapsed();
        println!("{name}: {} bytes, {took:?}, {:?}", bytes.len(), found.hosts);
        assert!(took.as_millis() < 300, "{name}: {took:?}");
    }
}
