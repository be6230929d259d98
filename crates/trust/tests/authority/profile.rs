//! What is in the certificates, as OpenSSL reads them.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use otary_fleet::Time;
use otary_trust::{Authority, Certificate, Clock};
use proptest::prelude::*;

use super::{DAY, Place, TODAY, leaf};

fn openssl(arguments: &[&str], file: &PathBuf) -> String {
    let output = Command::new("openssl").args(arguments).arg("-in").arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// OpenSSL's text of the part behind the dates: names, key and extensions, without keys and signatures.
fn text(place: &Place, file: &str) -> Vec<String> {
    let hidden = "no_header,no_version,no_serial,no_validity,no_pubkey,no_sigdump,no_signame";
    let text = openssl(&["x509", "-noout", "-text", "-certopt", hidden], &place.trust().join(file));
    let digest_bytes = |line: &str| line.len() == 59 && line.split(':').all(|part| part.len() == 2);
    text.lines().map(str::trim).filter(|line| !digest_bytes(line)).map(str::to_owned).collect()
}

fn dates(place: &Place, file: &str) -> Vec<String> {
    let parsed = openssl(&["asn1parse"], &place.trust().join(file));
    let dates = parsed.lines().filter_map(|line| line.split_once("prim: ")).map(|(_, rest)| rest);
    dates.filter(|rest| rest.contains("TIME")).map(|rest| rest.split_whitespace().collect()).collect()
}

fn started(now: Time) -> (Place, Authority) {
    let place = Place::new();
    let clock = Clock { now, built: now, newest: now };
    let authority = Authority::open_or_create(&place.trust(), &place.names, &clock).unwrap();
    (place, authority)
}

#[test]
fn a_root_can_sign_certificates_and_lists_and_nothing_else() {
    let (place, authority) = started(TODAY);
    for (file, root) in [("root.crt", authority.root()), ("next-root.crt", authority.next_root())] {
        let expected = [
            &format!("Issuer: CN = {}", root.common_name()),
            &format!("Subject: CN = {}", root.common_name()),
            "X509v3 extensions:",
            "X509v3 Authority Key Identifier:",
            "X509v3 Key Usage: critical",
            "Certificate Sign, CRL Sign",
            "X509v3 Subject Key Identifier:",
            "X509v3 Basic Constraints: critical",
            "CA:TRUE",
        ];
        assert_eq!(text(&place, file), expected);
    }
}

#[test]
fn a_leaf_is_for_a_servers_signatures_and_has_addresses_twice() {
    let (place, authority) = started(TODAY);
    let expected = [
        &format!("Issuer: CN = {}", authority.root().common_name()),
        "Subject: CN = serverota.local",
        "X509v3 extensions:",
        "X509v3 Authority Key Identifier:",
        "X509v3 Subject Alternative Name:",
        "DNS:serverota.local, IP Address:192.168.1.5, DNS:192.168.1.5",
        "X509v3 Key Usage: critical",
        "Digital Signature",
        "X509v3 Extended Key Usage:",
        "TLS Web Server Authentication",
        "X509v3 Subject Key Identifier:",
        "X509v3 Basic Constraints: critical",
        "CA:FALSE",
    ];
    assert_eq!(text(&place, "leaf.crt"), expected);
}

#[test]
fn dates_up_to_2049_have_two_digits_and_later_ones_four() {
    let (place, _) = started(TODAY);
    assert_eq!(dates(&place, "leaf.crt"), ["UTCTIME:261116000000Z", "UTCTIME:271123000000Z"]);
    assert_eq!(dates(&place, "root.crt"), ["UTCTIME:261116000000Z", "GENERALIZEDTIME:20511123000000Z"]);
    let last_second_of_2049 = Time::from_secs(2_524_607_999) - DAY * 365;
    let (place, _) = started(last_second_of_2049);
    assert_eq!(dates(&place, "leaf.crt")[1], "UTCTIME:491231235959Z");
    let (place, _) = started(last_second_of_2049 + DAY);
    assert_eq!(dates(&place, "leaf.crt")[1], "GENERALIZEDTIME:20500101235959Z");
}

#[test]
fn serials_are_positive_random_and_no_longer_than_allowed() {
    let mut seen = HashSet::new();
    for _ in 0..8 {
        let (place, _) = started(TODAY);
        for file in ["root.crt", "next-root.crt", "leaf.crt"] {
            let serial = openssl(&["x509", "-noout", "-serial"], &place.trust().join(file));
            let digits = serial.trim().strip_prefix("serial=").unwrap().to_owned();
            assert_eq!(digits.len(), 32, "16 bytes, and no minus: {digits}");
            assert!(seen.insert(digits));
        }
    }
}

#[test]
fn fingerprint_and_exports_are_those_of_openssl() {
    let (place, authority) = started(TODAY);
    let printed = openssl(&["x509", "-noout", "-fingerprint", "-sha256"], &place.trust().join("root.crt"));
    assert_eq!(printed.trim(), format!("sha256 Fingerprint={}", authority.root().fingerprint()));
    let der = place.dir.path().join("root.der");
    fs::write(&der, authority.root().der()).unwrap();
    assert_eq!(openssl(&["x509", "-inform", "DER", "-outform", "PEM"], &der), authority.root().pem());
    let both = authority.anchors_pem();
    assert_eq!(both, authority.root().pem().to_owned() + authority.next_root().pem());
}

proptest! {
    #[test]
    fn a_damaged_certificate_is_an_error_or_a_certificate(at in 0_usize..600, value: u8, keep in 0_usize..600) {
        let mut der = example_leaf();
        let len = der.len();
        der[at % len] = value;
        let whole = Certificate::from_der(&der);
        prop_assert!(whole.is_err() || whole.is_ok_and(|certificate| certificate.der().as_ref() == der));
        prop_assert!(Certificate::from_der(&der[..keep % len]).is_err());
        prop_assert!(Certificate::from_pem(&der).is_err());
    }
}

fn example_leaf() -> Vec<u8> {
    thread_local! {
        static LEAF: Vec<u8> = leaf(&started(TODAY).1).der().to_vec();
    }
    LEAF.with(Clone::clone)
}
