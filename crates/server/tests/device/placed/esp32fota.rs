//! esp32FOTA: client-protocols g.

use std::fmt::Write as _;

use otary_fleet::{Chip, FileSystem, Kind};
use serde_json::Value;

use super::{attempts, get, get_with, json, link, path_of, wait_until};
use crate::board::MAC;
use crate::site::{Site, firmware};
use crate::wire::request;

/// What the client makes of a manifest: the URLs of image and file system that it takes next. None if it takes none.
fn takes(manifest: &Value, name: &str, runs: (u64, u64, u64)) -> Option<(String, Option<String>)> {
    let entries = manifest.as_array().cloned().unwrap_or_else(|| vec![manifest.clone()]);
    entries.iter().find_map(|entry| of_entry(entry, name, runs))
}

/// An entry without a type crashes the client.
fn of_entry(entry: &Value, name: &str, runs: (u64, u64, u64)) -> Option<(String, Option<String>)> {
    if entry["type"].as_str().unwrap() != name {
        return None;
    }
    let version = match &entry["version"] {
        Value::Number(number) => (number.as_u64().unwrap(), 0, 0),
        Value::String(text) => {
            let numbers: Vec<u64> = text.split('.').map(|part| part.parse().unwrap()).collect();
            (numbers[0], numbers[1], numbers[2])
        }
        other => panic!("{other}"),
    };
    let place = match (
        entry["url"].as_str(),
        entry["host"].as_str(),
        entry["port"].as_u64(),
        entry["bin"].as_str(),
    ) {
        (Some(url), ..) => Some((url.to_owned(), None)),
        (None, Some(host), Some(port), Some(path)) => {
            let mut base = if matches!(port, 443 | 4433) { "https://" } else { "http://" }.to_owned();
            write!(base, "{host}:{port}").unwrap();
            let files = ["littlefs", "spiffs", "fatfs"].iter().find_map(|key| entry[*key].as_str());
            Some((format!("{base}{path}"), files.map(|files| format!("{base}{files}"))))
        }
        _ => None,
    };
    place.filter(|_| version > runs)
}

#[test]
fn an_object_with_a_type_a_version_and_a_whole_url() {
    let site = Site::lamp();
    let response = get(&site, "/fota/lamp.json");
    assert!(response.body.len() < 2048);
    assert_eq!(response.header("content-type"), Some("application/json"));
    let (url, files) = takes(&json(&response), "lamp", (0, 1, 0)).unwrap();
    assert!(url.starts_with("https://serverota.local/artifact/"), "{url}");
    assert_eq!(files, None);
    let image = get(&site, path_of(&url));
    assert_eq!(image.header("content-type"), Some("application/octet-stream"));
    assert!(image.body == firmware("lamp-0.3"));
    assert_eq!(takes(&json(&response), "lamp", (0, 3, 0)), None);
}

#[test]
fn an_array_a_type_of_its_own_and_a_number() {
    let site = Site::lamp();
    site.publish("lamp", "7", &firmware("lamp-7"), Some(Chip::Esp32));
    let manifest = json(&get(&site, "/fota/lamp/esp32.json?form=array&type=esp32-fota-http"));
    assert_eq!((manifest.as_array().unwrap().len(), &manifest[0]["version"]), (1, &Value::from(7)));
    assert!(takes(&manifest, "esp32-fota-http", (6, 0, 0)).is_some());
    assert!(takes(&manifest, "lamp", (6, 0, 0)).is_none());
}

#[test]
fn host_port_and_bin_with_the_file_system_that_goes_first() {
    let site = Site::lamp();
    let (app, files) = (firmware("lamp-0.4"), firmware("files"));
    site.release_with(
        "lamp",
        "0.4",
        &[
            (&app, &|artifact| artifact.chip = Some(Chip::Esp32)),
            (&files, &|artifact| {
                (artifact.kind, artifact.filesystem) = (Kind::Filesystem, Some(FileSystem::LittleFs));
            }),
        ],
    );
    let at = |host: &str| {
        let request = request("GET", "/fota/lamp.json?keys=host", "").replace("serverota.local", host);
        json(&crate::wire::ask(&site, crate::wire::HOME, &request))
    };
    for (host, port) in [("otary.lan", 443), ("otary.lan:4433", 4433)] {
        let (url, littlefs) = takes(&at(host), "lamp", (0, 3, 0)).unwrap();
        assert!(url.starts_with(&format!("https://otary.lan:{port}/")), "{url}");
        assert!(get(&site, path_of(&littlefs.unwrap())).body == files);
        assert!(get(&site, path_of(&url)).body == app);
    }
    // On any other port the client would speak plain HTTP.
    let (url, none) = takes(&at("otary.lan:3443"), "lamp", (0, 3, 0)).unwrap();
    assert!(url.starts_with("https://otary.lan:3443/") && none.is_none(), "{url}");
}

#[test]
fn wait_names_the_version_that_the_device_should_keep() {
    let site = Site::lamp();
    let path = format!("{}/fota/lamp.json", link(&site, MAC));
    for (query, version) in
        [("?version=0.9", "0.9.0"), ("?version=0.3", "0.3.0"), ("?version=0.1&space=9", "0.1.0")]
    {
        assert_eq!(json(&get(&site, &format!("{path}{query}")))["version"], version);
    }
    assert_eq!(
        json(&get(&site, &format!("{path}?space=9")))["version"],
        "0.0.0",
        "which is greater than none"
    );
}

#[test]
fn the_id_is_the_efuse_address_backwards_and_the_download_is_the_devices() {
    let site = Site::lamp();
    site.operate(MAC, |_| {});
    let manifest = json(&get(&site, "/fota/lamp.json?version=0.1&id=225106385727268"));
    let (url, _) = takes(&manifest, "lamp", (0, 1, 0)).unwrap();
    assert_eq!(attempts(&site), [("0.3".to_owned(), 0, 0)]);
    get(&site, path_of(&url));
    wait_until(&site, &[("0.3", 1, 8192)]);
}

#[test]
fn a_file_with_its_signature_in_front_is_passed_on_as_it_is() {
    let site = Site::start();
    site.product("lamp", |product| product.allow_raw = true);
    let signed = [vec![0xAB; 512], firmware("lamp-1")].concat();
    site.release("lamp", "1.0", "stable", &signed, |artifact| {
        (artifact.kind, artifact.digests) = (Kind::Raw, Vec::new());
    });
    let (url, _) = takes(&json(&get(&site, "/fota/lamp.json")), "lamp", (0, 0, 1)).unwrap();
    let response = get(&site, path_of(&url));
    assert_eq!(response.header("content-length"), Some(signed.len().to_string().as_str()));
    assert!(response.body == signed);
}

#[test]
fn a_version_that_it_could_not_read_is_told_to_nobody_and_logged() {
    let site = Site::lamp();
    site.publish("lamp", "blue", &firmware("lamp-blue"), Some(Chip::Esp32));
    assert_eq!(get(&site, "/fota/lamp.json").status, 404);
    crate::log::wait_for(&["none that its clients can read"]);
}

#[test]
fn whatever_is_in_the_query_the_manifest_stays_small() {
    let site = Site::lamp();
    for long in ["a".repeat(200), "b".repeat(3000), "%22".repeat(900)] {
        let response = get_with(&site, &format!("/fota/lamp.json?type={long}&version={long}"), "");
        assert!(response.body.len() < 2048, "{}", response.body.len());
    }
}
