//! ESPHome's `http_request` OTA and update platform, and ESP Web Tools: client-protocols d.1, d.2 and e.

use std::path::PathBuf;
use std::process::Command;

use otary_fleet::{Chip, Md5};
use serde_json::Value;

use super::{get, get_with, json, link, wait_until};
use crate::board::{MAC, assert_image, assert_no_update};
use crate::site::{Site, firmware};
use crate::wire::{HOME, ask, ask_plain, request};

/// What ESPHome's update platform makes of a manifest: the newest version, the image's path and MD5. None where it reports
/// an error.
fn esphome(manifest: &Value, family: &str) -> Option<(String, String, String)> {
    manifest["name"].as_str()?;
    let version = manifest["version"].as_str()?;
    for build in manifest["builds"].as_array()? {
        // It is required in every element up to the match.
        if build["chipFamily"].as_str()? != family {
            continue;
        }
        let ota = build["ota"].as_object()?;
        let (path, md5) = (ota["path"].as_str()?, ota["md5"].as_str()?);
        return Some((version.to_owned(), path.to_owned(), md5.to_owned()));
    }
    None
}

/// The keys and types that ESP Web Tools knows of a manifest, and the chips that it can flash.
fn assert_esp_web_tools(manifest: &Value) {
    const FAMILIES: [&str; 11] = [
        "ESP32",
        "ESP32-C2",
        "ESP32-C3",
        "ESP32-C5",
        "ESP32-C6",
        "ESP32-C61",
        "ESP32-H2",
        "ESP32-P4",
        "ESP32-S2",
        "ESP32-S3",
        "ESP8266",
    ];
    assert!(manifest["name"].is_string() && manifest["version"].is_string(), "{manifest}");
    let builds = manifest["builds"].as_array().unwrap();
    assert!(!builds.is_empty());
    for build in builds {
        let family = build["chipFamily"].as_str().unwrap();
        assert!(FAMILIES.contains(&family), "{family}");
        let parts = build["parts"].as_array().unwrap();
        assert!(!parts.is_empty());
        for part in parts {
            assert!(part["path"].is_string() && part["offset"].is_u64(), "{part}");
        }
    }
}

/// The folder of ESP Web Tools and of TypeScript.
fn node_modules() -> Option<PathBuf> {
    let folder = std::env::var_os("OTARY_NODE_MODULES").map(PathBuf::from);
    let folder =
        folder.filter(|folder| folder.join("typescript").is_dir() && folder.join("esp-web-tools").is_dir());
    if folder.is_none() {
        println!("skipped: OTARY_NODE_MODULES has no esp-web-tools and typescript");
    }
    folder
}

#[test]
fn the_manifest_has_the_type_that_esp_web_tools_gives_it() {
    let Some(modules) = node_modules() else { return };
    let site = site();
    let manifests = ["/manifest/lamp.json", "/manifest/plug.json", "/manifest/plug/esp32c3.json"];
    let take = manifests.map(|path| format!("take({});\n", json(&get(&site, path)))).concat();
    let folder = tempfile::tempdir_in(&modules).unwrap();
    let declare = "declare function take<T extends Manifest>(manifest: T): void;";
    let text = format!("import type {{ Manifest }} from \"esp-web-tools/dist/const\";\n{declare}\n{take}");
    std::fs::write(folder.path().join("manifest.ts"), text).unwrap();
    let mut tsc = Command::new("node");
    tsc.arg(modules.join("typescript/bin/tsc")).arg("manifest.ts").current_dir(folder.path());
    tsc.args(
        "--noEmit --strict --skipLibCheck --module esnext --moduleResolution bundler --lib es2022,dom"
            .split(' '),
    );
    let checked = tsc.output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

/// A product for two chips.
fn site() -> Site {
    let site = Site::lamp();
    site.product("plug", |_| {});
    site.publish("plug", "1.0", &firmware("old"), Some(Chip::Esp8266));
    let bytes = firmware("plug-c3");
    site.release("plug", "1.1", "stable", &bytes, |artifact| artifact.chip = Some(Chip::Esp32C3));
    site
}

#[test]
fn the_manifest_is_what_both_clients_read() {
    let site = Site::lamp();
    let response =
        get_with(&site, "/manifest/lamp.json", "User-Agent: ESPHome/2024.10.1 (https://esphome.io)\r\n");
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    let manifest = json(&response);
    assert_esp_web_tools(&manifest);
    let (version, path, md5) = esphome(&manifest, "ESP32").unwrap();
    assert_eq!((version.as_str(), md5), ("0.3", Md5::of(&firmware("lamp-0.3")).to_string()));
    assert!(path.starts_with('/') && !path.contains("http"), "{path}");
    assert_eq!(manifest["builds"][0]["parts"][0]["offset"], 0x1_0000);
    assert_eq!(esphome(&manifest, "ESP32-C3"), None);

    let image = get(&site, &path);
    assert!(image.body == firmware("lamp-0.3"));
    assert_eq!(image.header("access-control-allow-origin"), Some("*"), "a page fetches the parts, too");
}

#[test]
fn a_manifest_that_nobody_says_a_chip_for_has_every_chip_of_its_version() {
    let site = site();
    let bytes = firmware("plug-8266");
    site.release("plug", "1.2", "stable", &bytes, |artifact| artifact.chip = Some(Chip::Esp8266));
    let manifest = json(&get(&site, "/manifest/plug.json"));
    assert_esp_web_tools(&manifest);
    assert_eq!(esphome(&manifest, "ESP8266").unwrap().0, "1.2");
    assert_eq!(esphome(&manifest, "ESP32-C3"), None, "another version's image is none of this manifest");
    assert_eq!(manifest["builds"][0]["parts"][0]["offset"], 0);
    let c3 = json(&get(&site, "/manifest/plug.json?chip=esp32c3"));
    assert_eq!(esphome(&c3, "ESP32-C3").unwrap().0, "1.1");
    let by_path = json(&get(&site, "/manifest/plug/esp32c3.json"));
    assert_eq!(by_path["builds"][0]["ota"]["md5"], c3["builds"][0]["ota"]["md5"]);
}

#[test]
fn wait_names_the_version_that_the_device_should_keep() {
    let site = Site::lamp();
    let path = format!("{}/manifest/lamp.json", link(&site, MAC));
    for (reports, version) in [("0.1", "0.3"), ("0.3", "0.3"), ("0.4.0-mine", "0.4.0-mine")] {
        let manifest = json(&get(&site, &format!("{path}?version={reports}")));
        assert_eq!(esphome(&manifest, "ESP32").unwrap().0, version, "{reports}");
    }
}

#[test]
fn where_nobody_knows_what_it_should_keep_the_version_is_empty_which_is_no_update() {
    let site = Site::lamp();
    let path = format!("{}/manifest/lamp.json?space=100", link(&site, MAC));
    let manifest = json(&get(&site, &path));
    assert_eq!(esphome(&manifest, "ESP32").unwrap(), (String::new(), String::new(), String::new()));
}

#[test]
fn a_path_with_http_in_it_is_a_whole_url() {
    let site = Site::lamp();
    let manifest = json(&get(&site, "/manifest/lamp.json?version=0.1-http"));
    let (_, path, _) = esphome(&manifest, "ESP32").unwrap();
    assert!(path.starts_with("https://serverota.local/artifact/"), "{path}");
}

#[test]
fn what_is_fetched_by_the_manifest_of_a_link_is_the_devices_download() {
    let site = Site::lamp();
    let path = format!("{}/manifest/lamp.json?version=0.1", link(&site, MAC));
    let agent = "User-Agent: ESPHome/2024.10.1 (https://esphome.io)\r\n";
    let manifest = json(&get_with(&site, &path, agent));
    let (_, path, _) = esphome(&manifest, "ESP32").unwrap();
    assert!(get_with(&site, &path, agent).body == firmware("lamp-0.3"));
    wait_until(&site, &[("0.3", 1, 8192)]);
    assert_eq!(site.device(MAC).unwrap().last.unwrap().sdk.as_deref(), Some("ESPHome/2024.10.1"));
}

#[test]
fn the_md5_file_has_32_lower_case_digits_first_and_a_length() {
    let site = Site::lamp();
    let response = get(&site, "/image/lamp/esp32.bin.md5");
    assert!(response.header("content-length").unwrap().parse::<u32>().unwrap() >= 32);
    let text = String::from_utf8(response.body).unwrap();
    assert_eq!(text[..32], Md5::of(&firmware("lamp-0.3")).to_string());
    assert_image(&get(&site, "/image/lamp/esp32.bin"), &firmware("lamp-0.3"), "0.3");
    let sha256 = String::from_utf8(get(&site, "/image/lamp/esp32.bin.sha256").body).unwrap();
    assert_eq!(sha256[..64], otary_fleet::Sha256::of(&firmware("lamp-0.3")).to_string());
}

#[test]
fn a_checksum_is_no_poll_and_neither_is_a_head() {
    let site = Site::lamp();
    let path = format!("{}/image/lamp/esp32.bin?version=0.1", link(&site, MAC));
    ask(&site, HOME, &request("HEAD", &path, ""));
    get(&site, &path.replace(".bin?", ".bin.md5?"));
    assert_eq!(site.device(MAC).unwrap().polls, 0);
    get(&site, &path);
    assert_eq!(site.device(MAC).unwrap().polls, 1);
}

#[test]
fn the_file_system_has_a_name_of_its_own() {
    let site = Site::lamp();
    let files = firmware("files");
    site.release("lamp", "0.4", "stable", &files, |artifact| artifact.kind = otary_fleet::Kind::Filesystem);
    assert_image(&get(&site, "/image/lamp/filesystem.bin"), &files, "0.4");
    assert_image(&get(&site, "/image/lamp/esp32.bin"), &firmware("lamp-0.3"), "0.3");
}

#[test]
fn where_nothing_is_or_nothing_is_allowed_it_is_404_or_403() {
    let site = Site::lamp();
    for path in [
        "/manifest/plug.json",
        "/manifest/lamp",
        "/image/lamp/esp32",
        "/image/lamp/toaster.bin",
        "/image/lamp",
    ] {
        assert_eq!(get(&site, path).status, 404, "{path}");
    }
    assert_no_update(&get(&site, "/image/lamp/esp32c3.bin"));
    assert_eq!(ask_plain(&site, HOME, &request("GET", "/manifest/lamp.json", "")).status, 403);
}
