//! Which names a certificate carries, and by which the device asks.

use super::{Case, HOST, by_root, leaf};
use crate::forge::{Draft, address, dns, mail, name, p256, uri};

pub fn cases() -> Vec<Case> {
    [hosts(), wildcards(), addresses()].concat()
}

/// A server's certificate with this common name and these alternative names.
fn of(common_name: &str, names: &[Vec<u8>]) -> Draft {
    Draft::new(common_name, p256(1)).names(names)
}

fn hosts() -> Vec<Case> {
    let mut nameless = of("", &[dns(HOST)]);
    nameless.subject = vec![0x30, 0];
    let mut printable = Draft::new(HOST, p256(1));
    printable.subject = name(0x13, HOST);
    vec![
        by_root("common name alone", &Draft::new(HOST, p256(1))),
        by_root("common name as PrintableString", &printable),
        by_root("alternative name alone, no subject", &nameless),
        by_root("common name right, alternative name another's", &of(HOST, &[dns("other.lan")])),
        by_root("common name another's, alternative name right", &of("other.lan", &[dns(HOST)])),
        by_root("second of three names", &of("x", &[dns("a.lan"), dns(HOST), dns("b.lan")])),
        by_root("name in capitals", &of("x", &[dns("OTA.Lan")])),
        by_root("asked for in capitals", &leaf()).to("OTA.LAN"),
        by_root("asked for with a dot at the end", &leaf()).to("ota.lan."),
        by_root("no alternative name in the extension, common name right", &of(HOST, &[])),
        by_root("URI alone, common name right", &of(HOST, &[uri("https://ota.lan/")])),
        by_root("URI that is the host", &of("x", &[uri(HOST)])),
        by_root("mail address alone, common name right", &of(HOST, &[mail("ota@ota.lan")])),
        by_root("no name at all", &Draft::new("x", p256(1))),
    ]
}

fn wildcards() -> Vec<Case> {
    let deep = "ota.home.example.org";
    vec![
        by_root("wildcard right below the top", &of("x", &[dns("*.lan")])),
        by_root("wildcard", &of("x", &[dns("*.home.example.org")])).to(deep),
        by_root("wildcard for two labels", &of("x", &[dns("*.example.org")])).to(deep),
        by_root("wildcard in the middle", &of("x", &[dns("ota.*.example.org")])).to(deep),
        by_root("wildcard in a label", &of("x", &[dns("o*.home.example.org")])).to(deep),
        by_root("wildcard and the bare domain", &of("x", &[dns("*.lan")])).to("lan"),
        by_root("wildcard in the common name", &Draft::new("*.lan", p256(1))),
        by_root("wildcard for an empty label", &of("x", &[dns("*.lan")])).to(".lan"),
    ]
}

fn addresses() -> Vec<Case> {
    let (v4, v6) = ("192.168.1.5", "fd00::5");
    let mut bytes = [0; 16];
    (bytes[0], bytes[15]) = (0xfd, 5);
    let binary = address(&[192, 168, 1, 5]);
    vec![
        by_root("address as iPAddress", &of("x", std::slice::from_ref(&binary))).to(v4),
        by_root("address as iPAddress, another's", &of("x", &[address(&[192, 168, 1, 6])])).to(v4),
        by_root("IPv6 address as iPAddress", &of("x", &[address(&bytes)])).to(v6),
        by_root("address as dNSName", &of("x", &[dns(v4)])).to(v4),
        by_root("IPv6 address as dNSName", &of("x", &[dns(v6)])).to(v6),
        by_root("address as both", &of("x", &[binary.clone(), dns(v4)])).to(v4),
        by_root("address as common name alone", &Draft::new(v4, p256(1))).to(v4),
        by_root("address as common name beside an iPAddress", &of(v4, &[binary])).to(v4),
        by_root(
            "iPAddress with a mask",
            &of("x", &[dns(HOST), address(&[192, 168, 1, 0, 255, 255, 255, 0])]),
        ),
    ]
}
