//! MicroPython's `micropython-esp32-ota`: client-protocols k.

use otary_fleet::Sha256;

use super::{get, get_with, json, link, path_of, wait_until};
use crate::board::MAC;
use crate::site::{Site, firmware};

#[test]
fn the_json_says_where_the_firmware_is_with_its_digest_and_length() {
    let site = Site::lamp();
    let said = json(&get(&site, "/micropython/lamp.json"));
    let bytes = firmware("lamp-0.3");
    assert_eq!(said["sha"], Sha256::of(&bytes).to_string());
    assert_eq!(said["length"], bytes.len());
    assert_eq!(said["version"], "0.3");
    // What begins with a slash would be a file to it.
    let url = said["firmware"].as_str().unwrap();
    assert!(url.starts_with("https://serverota.local/"), "{url}");
    assert!(get(&site, path_of(url)).body == bytes);
}

#[test]
fn a_url_may_end_in_json_behind_its_query() {
    let site = Site::lamp();
    let path = format!("{}/micropython/lamp.json?version=0.1&.json", link(&site, MAC));
    let said = json(&get(&site, &path));
    get(&site, path_of(said["firmware"].as_str().unwrap()));
    wait_until(&site, &[("0.3", 1, 8192)]);
}

#[test]
fn wait_names_what_the_device_should_keep() {
    let site = Site::lamp();
    let path = format!("{}/micropython/lamp.json", link(&site, MAC));
    let said = json(&get(&site, &format!("{path}?version=0.3&.json")));
    assert_eq!(
        (&said["version"], &said["sha"]),
        (&"0.3".into(), &Sha256::of(&firmware("lamp-0.3")).to_string().into())
    );
    let unknown = json(&get(&site, &format!("{path}?version=0.9&.json")));
    assert_eq!(
        (&unknown["version"], unknown.get("firmware")),
        (&"0.9".into(), None),
        "the module refuses that"
    );
}

#[test]
fn the_digest_of_the_file_that_it_installed_says_what_runs() {
    let site = Site::lamp();
    let digest = Sha256::of(&firmware("lamp-0.3"));
    let said = json(&get_with(&site, &format!("/micropython/lamp.json?sha256={digest}&.json"), ""));
    assert_eq!(said["version"], "0.3");
    let decision =
        site.store.catalogue().running(&otary_fleet::Build { md5: None, sha256: Some(digest) }).cloned();
    assert_eq!(decision.map(|artifact| artifact.id), Some(digest));
}
