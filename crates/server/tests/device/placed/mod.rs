//! The clients that are known by their URL, each by the facts of what it sends and what it takes.

mod campaigns;
mod esp32fota;
mod esp_idf;
mod esphome;
mod links;
mod malformed;
mod micropython;
mod tasmota;

use otary_fleet::{Chip, Credential, CredentialKind};
use otary_server::LinkToken;

use crate::board::MAC;
use crate::site::Site;
use crate::wire::{HOME, Response, ask, request};

/// Issues a link to a device of the product, and gives its path.
pub fn link(site: &Site, mac: &str) -> String {
    let token = LinkToken::generate(mac.parse().unwrap()).unwrap();
    let (kind, issued) = (CredentialKind::Link(token.hash()), site.clock.now());
    site.operate(mac, |device| {
        device.credentials.push(Credential { kind, issued });
        device.chip = Some(Chip::Esp32);
    });
    token.path().to_string()
}

/// A request by HTTPS, with these header fields besides the usual ones.
pub fn get_with(site: &Site, path: &str, headers: &str) -> Response {
    ask(site, HOME, &request("GET", path, headers))
}

pub fn get(site: &Site, path: &str) -> Response {
    get_with(site, path, "")
}

/// The JSON of an answer, whose readers need its length.
pub fn json(response: &Response) -> serde_json::Value {
    assert_eq!(response.status, 200, "{:?}", response.headers);
    assert_eq!(response.header("transfer-encoding"), None);
    let length = response.header("content-length").unwrap();
    assert_eq!(length, response.body.len().to_string());
    serde_json::from_slice(&response.body).unwrap()
}

/// The path of a URL on this server.
pub fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").unwrap().1;
    &rest[rest.find('/').unwrap()..]
}

/// The attempts of the usual device: version, whole downloads, last bytes.
pub fn attempts(site: &Site) -> Vec<(String, u32, u64)> {
    let attempts = site.device(MAC).map(|device| device.attempts).unwrap_or_default();
    attempts.iter().map(|a| (a.release.version.to_string(), a.whole, a.last_bytes)).collect()
}

/// Waits until a transfer is on record: it is noted after its last byte is out.
#[track_caller]
pub fn wait_until(site: &Site, expected: &[(&str, u32, u64)]) {
    let expected: Vec<_> = expected.iter().map(|(v, whole, last)| ((*v).to_owned(), *whole, *last)).collect();
    let began = std::time::Instant::now();
    while attempts(site) != expected {
        assert!(began.elapsed().as_secs() < 10, "{:?}, not {expected:?}", attempts(site));
        std::thread::yield_now();
    }
}
