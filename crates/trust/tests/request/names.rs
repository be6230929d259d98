//! Certificates by names, as OpenSSL reads them.

use std::time::Duration;

use otary_fleet::Time;
use otary_trust::{Addresses, Certificate, Error, KeyKind, MAX_NAMES, Name, Request};
use tempfile::TempDir;

use super::{TODAY, made, printed, trusted};

fn request(texts: &[&str], addresses: Addresses, key: KeyKind) -> Result<Request, Error> {
    let names: Vec<Name> = texts.iter().map(|text| text.parse().unwrap()).collect();
    Request::for_names(&names, addresses, key)
}

/// OpenSSL's text of subject and extensions; none without OpenSSL.
fn text(certificate: &Certificate) -> Option<Vec<String>> {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("x.crt"), certificate.pem()).unwrap();
    let hidden = "no_header,no_version,no_serial,no_validity,no_pubkey,no_sigdump,no_signame,no_issuer";
    let text =
        printed("openssl", &["x509", "-noout", "-text", "-certopt", hidden, "-in", "x.crt"], dir.path())?;
    let key_id = |line: &str| line.len() == 59 && line.split(':').all(|part| part.len() == 2);
    Some(text.lines().map(str::trim).filter(|line| !key_id(line)).map(str::to_owned).collect())
}

#[test]
fn a_certificate_by_names_is_for_a_server_and_has_addresses_twice() {
    let names = ["192.168.1.70", "ServerOTA.local", "fd00::7"];
    let made = made(&request(&names, Addresses::Twice, KeyKind::P256).unwrap(), 730);
    assert_eq!(
        made.names().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["serverota.local", "192.168.1.70", "fd00::7"]
    );
    let Some(text) = text(&made) else { return };
    assert_eq!(
        text,
        [
            "Subject: CN = 192.168.1.70",
            "X509v3 extensions:",
            "X509v3 Subject Alternative Name:",
            "DNS:serverota.local, IP Address:192.168.1.70, IP Address:FD00:0:0:0:0:0:0:7, DNS:192.168.1.70, DNS:fd00::7",
            "X509v3 Basic Constraints: critical",
            "CA:FALSE",
            "X509v3 Key Usage: critical",
            "Digital Signature",
            "X509v3 Extended Key Usage:",
            "TLS Web Server Authentication",
            "X509v3 Subject Key Identifier:",
        ]
    );
}

#[test]
fn strictly_an_address_is_no_host_name_and_an_rsa_key_may_be_encrypted_to() {
    let made = made(&request(&["192.168.1.70"], Addresses::Strict, KeyKind::Rsa2048).unwrap(), 730);
    assert_eq!(made.key_kind(), Some(KeyKind::Rsa2048));
    let Some(text) = text(&made) else { return };
    assert!(text.contains(&"IP Address:192.168.1.70".to_owned()), "{text:?}");
    assert!(text.contains(&"Digital Signature, Key Encipherment".to_owned()), "{text:?}");
}

#[test]
fn it_begins_a_week_ago_and_ends_to_the_second_also_beyond_2038_and_2050() {
    let request = request(&["a.lan"], Addresses::Twice, KeyKind::P256).unwrap();
    let day = Duration::from_hours(24);
    for days in [1, 730, 4_000, 8_400, 8_500, Request::MAX_DAYS] {
        let made = made(&request, days);
        assert_eq!((made.not_before(), made.not_after()), (TODAY - day * 7, TODAY + day * days));
    }
    let end_of_2049 = Time::from_secs(2_524_607_999);
    let (last, _) = request.self_sign(1, trusted(end_of_2049 - day)).unwrap();
    assert_eq!(last.not_after(), end_of_2049);
    assert!(last.der().windows(15).any(|bytes| bytes == b"\x17\x0d491231235959Z"));
}

#[test]
fn without_a_name_or_with_too_many_nothing_is_made() {
    assert!(matches!(request(&[], Addresses::Twice, KeyKind::P256), Err(Error::NoNames)));
    let many: Vec<String> = (0..100).map(|index| format!("lamp-server-{index}.lan")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = request(&many, Addresses::Twice, KeyKind::P256);
    assert!(matches!(refused, Err(Error::ManyNames { most: MAX_NAMES, .. })), "{refused:?}");
}
