//! Host names, addresses and URLs in the texts of an image.
//!
//! They are only compared with the names of a server, so what is asked for is that none of those is missed and that the
//! list stays short enough to read. In a URL any host counts. Alone a text counts if it is all of its run of printable
//! bytes and looks like a name that is resolved: `ota.example.org`, `serverota.local`, `192.168.1.70:3443`; version
//! numbers, file names and the keys of settings (`sta.mac`, which every ESP-IDF build is full of) do not.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use otary_fleet::Embedded;

use crate::name::{HostName, Name};

/// The longest URL that is kept, in bytes.
const LONGEST_URL: usize = 256;
/// The shortest text that can be a host with a dot.
const SHORTEST: usize = 6;
/// The longest text that is looked at as a host, with port and path.
const LONGEST: usize = 512;

const SCHEMES: [&str; 2] = ["http://", "https://"];

/// Last labels of more than two letters that count: those for names that are not on the internet (RFC 6762, RFC 8375, RFC
/// 6761, and what home routers use), and the common ones of those that are.
const LAST_LABELS: [&str; 48] = [
    "local",
    "lan",
    "home",
    "internal",
    "arpa",
    "localdomain",
    "intranet",
    "corp",
    "private",
    "box",
    "test",
    "example",
    "com",
    "net",
    "org",
    "info",
    "biz",
    "dev",
    "app",
    "cloud",
    "online",
    "site",
    "tech",
    "xyz",
    "page",
    "link",
    "space",
    "store",
    "host",
    "network",
    "systems",
    "zone",
    "world",
    "today",
    "live",
    "works",
    "name",
    "pro",
    "mobi",
    "edu",
    "gov",
    "mil",
    "int",
    "club",
    "shop",
    "digital",
    "iot",
    "energy",
];
/// Two letters at the end of file names and of keys of settings; they count behind two more labels alone.
const ENDINGS: [&str; 16] =
    ["py", "sh", "so", "md", "rs", "cc", "js", "gz", "db", "hs", "ts", "pl", "ps", "rc", "mk", "cs"];

/// The hosts, and the URLs.
pub(super) fn find(image: &[u8]) -> (Vec<String>, Vec<String>) {
    let mut hosts = Distinct::default();
    let mut urls = Distinct::default();
    for text in image.split(|byte| !matches!(byte, b' '..=b'~')) {
        let Ok(text) = std::str::from_utf8(text) else { continue };
        if let Some(host) = alone(text) {
            hosts.add(host);
        }
        for (host, url) in in_urls(text) {
            hosts.add(host);
            urls.add(url);
        }
    }
    (hosts.kept, urls.kept)
}

/// Texts in the order in which they were found, each once, and no more than are kept.
#[derive(Default)]
struct Distinct {
    kept: Vec<String>,
    seen: HashSet<String>,
}

impl Distinct {
    fn add(&mut self, text: String) {
        if self.kept.len() < Embedded::MAX_EACH && self.seen.insert(text.clone()) {
            self.kept.push(text);
        }
    }
}

/// The host that `text` is, perhaps with a port and a path.
fn alone(text: &str) -> Option<String> {
    (SHORTEST..=LONGEST).contains(&text.len()).then_some(())?;
    let (host, rest) = text.split_at(text.find([':', '/']).unwrap_or(text.len()));
    let port = rest.strip_prefix(':').map(|rest| rest.split('/').next().unwrap_or(rest));
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return None;
    }
    match host.parse().ok()? {
        Name::Address(_) => address(host),
        Name::Host(name) => is_plausible(host).then(|| name.as_str().to_owned()),
    }
}

/// An IPv4 address that a server can have.
fn address(text: &str) -> Option<String> {
    let address: Ipv4Addr = text.parse().ok()?;
    let server = !address.is_loopback()
        && !address.is_multicast()
        && !address.is_broadcast()
        && address.octets().first() != Some(&0);
    server.then(|| address.to_string())
}

/// Whether a text with the form of a host name is likely meant as one.
fn is_plausible(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut labels = host.rsplit('.');
    let (Some(last), Some(before)) = (labels.next(), labels.next()) else { return false };
    let more = labels.next().is_some();
    let resolved = match last.len() {
        2 => last.bytes().all(|c| c.is_ascii_lowercase()) && (more || !ENDINGS.contains(&last)),
        _ => LAST_LABELS.contains(&last.to_ascii_lowercase().as_str()),
    };
    host.len() >= SHORTEST && before.len() >= 2 && resolved && !host.contains(['_', '*'])
}

/// Every URL in `text`, with its host.
fn in_urls(text: &str) -> impl Iterator<Item = (String, String)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let at = rest.find("http")?;
        let from = rest.get(at..)?;
        let scheme = SCHEMES.into_iter().find(|scheme| from.starts_with(scheme));
        let after = from.get(scheme.map_or("http".len(), str::len)..)?;
        let len = after.find(|c: char| !is_of_url(c)).unwrap_or(after.len());
        let (url, beyond) = if scheme.is_some() { after.split_at(len) } else { ("", after) };
        rest = beyond;
        Some(scheme.and_then(|scheme| read_url(scheme, url)))
    })
    .flatten()
}

/// The host of what follows the scheme, and the URL as it is kept: without what could be a secret.
fn read_url(scheme: &str, url: &str) -> Option<(String, String)> {
    let url = url.trim_end_matches(['.', ',', ';', ')', ']', '!']);
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let (authority, path) = url.split_at(url.find('/').unwrap_or(url.len()));
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    let end =
        if authority.starts_with('[') { authority.find(']').map(|at| at + 1) } else { authority.find(':') };
    let host = authority.get(..end.unwrap_or(authority.len()))?;
    let host = match host.parse().ok()? {
        Name::Address(address) => address.to_string(),
        Name::Host(name) => plain(&name)?,
    };
    let mut kept = format!("{scheme}{authority}{path}");
    kept.truncate(LONGEST_URL);
    Some((host, kept))
}

/// A name that is no wildcard: nobody asks for one.
fn plain(name: &HostName) -> Option<String> {
    (!name.as_str().starts_with('*')).then(|| name.as_str().to_owned())
}

/// Characters of a URL (RFC 3986, section 2), and those of the patterns that `printf` fills in.
const fn is_of_url(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        find(format!("\0{text}\0").as_bytes()).0
    }

    #[test]
    fn a_host_alone_is_found_with_or_without_its_port() {
        for (text, host) in [
            ("serverOTA.local", "serverota.local"),
            ("ota.example.org:3443", "ota.example.org"),
            ("ota.example.co.uk/update", "ota.example.co.uk"),
            ("192.168.1.70", "192.168.1.70"),
            ("192.168.1.70:3443", "192.168.1.70"),
            ("lampada.ddns.net", "lampada.ddns.net"),
        ] {
            assert_eq!(hosts(text), [host], "{text}");
        }
    }

    #[test]
    fn versions_file_names_and_settings_are_no_hosts() {
        for text in [
            "1.0.2",
            "v2.0.17",
            "4.4.4.20230310",
            "0.0.0.0",
            "255.255.255.255",
            "239.255.255.250:1900",
            "index.htm",
            "firmware.bin",
            "Schedule.cpp",
            "main.py",
            "sta.mac",
            "bcn.interval",
            "2b.BBI",
            "Q.qJEH",
            "a.dx",
            "sta.local is what",
            "lamp",
            "x.y:name",
            "*.lan.local",
        ] {
            assert_eq!(hosts(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn urls_are_kept_without_what_could_be_a_secret() {
        let text =
            "see https://joe:pass@Ota.lan:3443/update?key=1234#x, or http://pi/; (http://[fd00::1]:80/a)";
        let (hosts, urls) = find(text.as_bytes());
        assert_eq!(hosts, ["ota.lan", "pi", "fd00::1"]);
        assert_eq!(urls, ["https://Ota.lan:3443/update", "http://pi/", "http://[fd00::1]:80/a"]);
    }

    #[test]
    fn a_pattern_that_is_filled_in_later_names_no_host() {
        for text in ["http://%s/", "http://%d.%d.%d.%d", "https://", "http://$1/x", "httpUpdate", "https"] {
            assert_eq!(find(text.as_bytes()), (vec![], vec![]), "{text}");
        }
        assert_eq!(hosts("http://ota.lan:%u/"), ["ota.lan"]);
    }
}
