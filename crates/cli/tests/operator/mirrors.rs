//! `otary mirror`, with a release page on loopback: what nothing vouches for waits for a person, what a digest or a key
//! vouches for is published by itself, and what is not what it should be is not taken.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use otary_fleet::{Md5, Sha256};

use crate::bench::Bench;

/// A release page over plain HTTP, whose files the test changes.
struct Upstream {
    url: String,
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
}

impl Upstream {
    fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let files = Arc::new(Mutex::new(HashMap::<String, Vec<u8>>::new()));
        let shelf = Arc::clone(&files);
        // It ends with the test's process.
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let request = lines.next().unwrap_or_default();
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                let path = request.split(' ').nth(1).unwrap_or_default();
                let file = shelf.lock().unwrap().get(path).cloned();
                let status = if file.is_some() { "200 OK" } else { "404 Not Found" };
                let body = file.unwrap_or_default();
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(&[head.as_bytes(), &body].concat());
            }
        });
        Self { url, files }
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        self.files.lock().unwrap().insert(path.into(), bytes.to_vec());
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

const REACH: &str = "--allow-http --allow-host 127.0.0.1";

fn lamp(bench: &Bench, words: &str) -> Vec<u8> {
    bench.firmware("upstream.bin", words);
    fs::read(bench.path("upstream.bin")).unwrap()
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.otary("product add lamp").succeeded();
    bench
}

#[test]
fn what_nothing_vouches_for_is_shown_with_its_digest_and_published_by_a_person() {
    let (bench, upstream) = (bench(), Upstream::new());
    let image = lamp(&bench, "lamp 1.2");
    upstream.put("/lamp.bin", &image);
    let said =
        bench.otary(&format!("mirror add lamp --from {} {REACH}", upstream.at("/lamp.bin"))).succeeded().out;
    assert!(said.contains(&format!("SHA-256    {}", Sha256::of(&image))), "{said}");
    assert!(said.contains("not released here yet"), "{said}");
    assert_eq!(bench.otary("release list --json").json(), serde_json::json!([]), "nothing by itself");

    let said = bench.otary("mirror publish lamp --version 1.2").succeeded().out;
    assert!(said.contains("Published lamp 1.2 to stable."), "{said}");
    let released = bench.otary("release list lamp --json").json();
    assert_eq!(released[0]["files"][0]["id"], Sha256::of(&image).to_string());
    let listed = bench.otary("mirror list").succeeded().out;
    assert!(listed.lines().nth(1).unwrap().contains("1.2"), "{listed}");
    let said = bench.otary("mirror publish lamp --version 1.3").failed();
    assert!(said.contains("released already, as lamp 1.2"), "{said}");
}

#[test]
fn a_manifest_brings_its_version_and_the_pinned_digest_publishes_by_itself() {
    let (bench, upstream) = (bench(), Upstream::new());
    let image = lamp(&bench, "lamp 2.0");
    let manifest = serde_json::json!({"name": "lamp", "version": "2.0", "builds": [
        {"chipFamily": "ESP32", "ota": {"path": "files/lamp.bin", "md5": Md5::of(&image).to_string()}}]});
    upstream.put("/esphome/manifest.json", manifest.to_string().as_bytes());
    upstream.put("/esphome/files/lamp.bin", &image);
    let add = format!("mirror add lamp --from {} {REACH}", upstream.at("/esphome/manifest.json"));
    let said =
        bench.otary(&format!("{add} --sha256 {} --publish-to beta", Sha256::of(&image))).succeeded().out;
    assert!(said.contains("released   as lamp 2.0"), "{said}");
    let released = bench.otary("release list lamp --json").json();
    assert_eq!(
        (released[0]["version"].as_str(), released[0]["channel"].as_str()),
        (Some("2.0"), Some("beta"))
    );
    let events = bench.otary("product list --json").succeeded().out;
    assert!(events.contains("lamp"));

    // Another file under the same name is not the one that was pinned.
    let other = lamp(&bench, "lamp 2.1");
    upstream.put("/esphome/files/lamp.bin", &other);
    let said = bench.otary("mirror check lamp").failed();
    assert!(said.contains("has another digest than its manifest says"), "{said}");
    let manifest = manifest.to_string().replace(&Md5::of(&image).to_string(), &Md5::of(&other).to_string());
    upstream.put("/esphome/manifest.json", manifest.as_bytes());
    let said = bench.otary("mirror check lamp").failed();
    assert!(said.contains(&format!("its SHA-256 is {}, which was not pinned", Sha256::of(&other))), "{said}");
    let shown = bench.otary("mirror show lamp").succeeded().out;
    assert!(shown.contains("failed     ") && shown.contains("released   as lamp 2.0"), "{shown}");
    assert_eq!(bench.otary("release list lamp --json").json().as_array().unwrap().len(), 1);
}

#[test]
fn what_a_key_signed_is_published_by_itself_the_manifest_being_signed_too() {
    let (bench, upstream) = (bench(), Upstream::new());
    let openssl = |arguments: &[&str]| {
        let done = Command::new("openssl").current_dir(bench.path("")).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "upstream.key"]);
    openssl(&["pkey", "-in", "upstream.key", "-pubout", "-out", "upstream.pem"]);
    let sign = |path: &str, bytes: &[u8]| {
        fs::write(bench.path("file"), bytes).unwrap();
        openssl(&["dgst", "-sha256", "-sign", "upstream.key", "-out", "file.sig", "file"]);
        upstream.put(path, bytes);
        upstream.put(&format!("{path}.sig"), &fs::read(bench.path("file.sig")).unwrap());
    };
    let image = lamp(&bench, "lamp 3.0");
    sign("/lamp.bin", &image);
    let listing = |version: &str| {
        format!(r#"{{"type": "lamp", "version": "{version}", "url": "{}"}}"#, upstream.at("/lamp.bin"))
    };
    sign("/fota.json", listing("3.0").as_bytes());
    let add = format!(
        "mirror add lamp --from {} {REACH} --key upstream.pem --publish-to stable",
        upstream.at("/fota.json")
    );
    let said = bench.otary(&add).succeeded().out;
    assert!(said.contains("released   as lamp 3.0"), "{said}");

    // Who can put files there and has no key: neither another list nor another file is taken.
    upstream.put("/fota.json", listing("9.9").as_bytes());
    let said = bench.otary("mirror check lamp").failed();
    assert!(said.contains("the signature is not by this key, or of another file"), "{said}");
    sign("/fota.json", listing("3.1").as_bytes());
    upstream.put("/lamp.bin", &lamp(&bench, "another lamp"));
    let said = bench.otary("mirror check lamp").failed();
    assert!(said.contains("the signature is not by this key, or of another file"), "{said}");
    assert_eq!(bench.otary("release list lamp --json").json().as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_trusted_or_reached_is_refused_before_it_is_fetched() {
    let (bench, upstream) = (bench(), Upstream::new());
    let url = upstream.at("/lamp.bin");
    upstream.put("/lamp.bin", b"<html>no firmware</html>");
    for (command, says, helps) in [
        (format!("mirror add lamp --from {url}"), "is plain HTTP", "--allow-http"),
        ("mirror add lamp --from lamp.bin".to_owned(), "this is no URL", "https://example.org/lamp.bin"),
        (
            format!("mirror add lamp --from {url} {REACH} --publish-to stable"),
            "published by a person",
            "--sha256",
        ),
        (
            format!("mirror add lmap --from {url} {REACH}"),
            "there is no product lmap",
            "otary product add lmap",
        ),
    ] {
        let said = bench.otary(&command).failed();
        assert!(said.contains(says) && said.contains(helps), "{command}: {said}");
        assert_eq!(bench.otary("mirror list --json").json(), serde_json::json!([]), "{command}");
    }
    for (options, says) in [
        ("--allow-http", "error: 127.0.0.1, which is this machine's own"),
        (REACH, "lamp.bin cannot be released"),
    ] {
        let said = bench.otary(&format!("mirror add lamp --from {url} {options}")).failed();
        assert!(said.contains(says), "{said}");
        assert_eq!(bench.otary("mirror list --json").json(), serde_json::json!([]), "{options}");
    }
    assert_eq!(bench.stored_files(), 0);
    upstream.put("/lamp.bin", &lamp(&bench, "lamp"));
    bench.otary(&format!("mirror add lamp --from {url} {REACH}")).succeeded();
    let said = bench.otary(&format!("mirror add lamp --from {url} {REACH}")).failed();
    assert!(said.contains("lamp has a mirror already"), "{said}");
}
