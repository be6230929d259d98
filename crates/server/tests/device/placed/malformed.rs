//! Ten thousand malformed requests in each dialect do no harm: each is answered or its connection closed, and the device
//! beside them is served as before.

use std::io::{Read, Write};

use super::{get, link};
use crate::board::assert_image;
use crate::site::{Site, firmware};
use crate::wire::connect;

const REQUESTS: u64 = 10_000;

/// Xorshift: the same requests in every run.
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// Bytes that may stand in a path, most of them.
    fn bytes(&mut self, longest: usize) -> Vec<u8> {
        let length = self.below(longest);
        let rare = self.below(8) == 0;
        let byte = |noise: &mut Self| match noise.below(if rare { 256 } else { 94 }) {
            byte if rare => u8::try_from(byte).unwrap(),
            byte => b'!' + u8::try_from(byte).unwrap(),
        };
        (0..length).map(|_| byte(self)).collect()
    }

    /// One request: a path of the dialect that is bent somewhere, a query and fields of its own.
    fn request(&mut self, paths: &[String]) -> Vec<u8> {
        let method = ["GET", "GET", "GET", "HEAD", "POST", "G\u{e4}T", ""][self.below(7)];
        let mut path = paths[self.below(paths.len())].clone().into_bytes();
        for _ in 0..self.below(4) {
            let place = self.below(path.len() + 1);
            match self.below(3) {
                0 => path.truncate(place.max(1)),
                1 => path.splice(place..place, self.bytes(12)).for_each(drop),
                _ => path.splice(place..place, b"/..%2f?".to_vec()).for_each(drop),
            }
        }
        if self.below(2) == 0 {
            path.push(b'?');
            for _ in 0..self.below(5) {
                let key = self.one(&[
                    "device", "id", "version", "sha256", "md5", "chip", "space", "type", "form", "keys", "by",
                ]);
                path.extend([key.as_bytes(), b"=", &self.bytes(80), b"&"].concat());
            }
        }
        let mut request = [
            method.as_bytes(),
            b" ",
            &path,
            b" HTTP/1.",
            self.one(&["0", "1", "1", "9"]).as_bytes(),
            b"\r\n",
        ]
        .concat();
        for _ in 0..self.below(6) {
            let name = self.one(&[
                "Host",
                "Range",
                "Range",
                "If-None-Match",
                "User-Agent",
                "Authorization",
                "x-ESP32-STA-MAC",
                "x-ESP32-version",
                "x-ESP8266-mode",
                "x-ESP8266-sketch-md5",
                "Content-Length",
            ]);
            let value = match self.below(4) {
                0 => self
                    .one(&[
                        "bytes=0-",
                        "bytes=-1",
                        "bytes=9999999999999999999-",
                        "bytes=1-0",
                        "bytes=5-99999",
                    ])
                    .into(),
                1 => b"Basic OjpAQA==".to_vec(),
                _ => self.bytes(60),
            };
            request.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        request.extend(b"Connection: close\r\n\r\n");
        request
    }
}

/// Sends them all by plain HTTP, where the product allows it, so that they get as far as a request can.
fn storm(seed: u64, from: &str, paths: &[&str]) {
    let site = Site::lamp();
    site.product("lamp", |product| product.allow_plain_http = true);
    let link = link(&site, "24:6F:28:AA:BB:CC");
    let paths: Vec<String> =
        paths.iter().flat_map(|path| [(*path).to_owned(), format!("{link}{path}")]).collect();
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15 ^ seed);
    let mut answered = 0;
    for number in 0..REQUESTS {
        let request = noise.request(&paths);
        let mut stream = connect(from, site.addresses.http.unwrap());
        let mut answer = Vec::new();
        // It may be closed on us while we write, or reset: what matters is that it ends.
        let _ = stream.write_all(&request).and_then(|()| stream.shutdown(std::net::Shutdown::Write));
        let _ = stream.read_to_end(&mut answer);
        if !answer.is_empty() {
            assert!(answer.starts_with(b"HTTP/1."), "{number}: {}", String::from_utf8_lossy(&request));
            let status: u16 = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
            assert!(status < 500, "{number}: {status} to {}", String::from_utf8_lossy(&request));
            answered += 1;
        }
    }
    assert!(answered > REQUESTS * 9 / 10, "{answered}");
    assert_image(&get(&site, "/idf/lamp?version=0.1"), &firmware("lamp-0.3"), "0.3");
    assert_eq!(site.store.catalogue().all_releases().count(), 2);
}

#[test]
fn of_esp_idf() {
    storm(1, "127.0.4.1", &["/idf/lamp", "/idf/lamp/app.bin", "/idf/lamp/esp32.bin"]);
}

#[test]
fn of_esphome() {
    storm(
        2,
        "127.0.4.2",
        &["/manifest/lamp.json", "/image/lamp/esp32.bin", "/image/lamp/esp32.bin.md5", "/artifact/00"],
    );
}

#[test]
fn of_esp32fota() {
    storm(3, "127.0.4.3", &["/fota/lamp.json", "/fota/lamp/esp32.json", "/fota/lamp.json?form=array"]);
}

#[test]
fn of_tasmota() {
    storm(
        4,
        "127.0.4.4",
        &["/tasmota/lamp", "/tasmota/lamp/tasmota-minimal.bin.gz", "/tasmota/lamp/quiet/x.bin"],
    );
}

#[test]
fn of_micropython() {
    storm(5, "127.0.4.5", &["/micropython/lamp.json", "/micropython/lamp/esp32.json"]);
}

#[test]
fn of_the_arduino_libraries() {
    storm(6, "127.0.4.6", &["/update", "/update/lamp"]);
}
