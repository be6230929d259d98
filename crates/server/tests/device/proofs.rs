//! Client certificates: asked for where the operator turned it on, and what they prove.

use otary_fleet::{Credential, CredentialKind, Presented, Proof, Sha256};
use otary_server::TlsRules;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};

use crate::board::{Board, assert_image};
use crate::log;
use crate::probe::{ANY, Probe};
use crate::site::{Site, firmware, options_with};
use crate::wire::{Response, exchange, request};

/// A certificate that says it is this device's, and its key.
fn certificate(mac: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, mac);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let signed = params.self_signed(&key).unwrap();
    (signed.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into())
}

/// A private lamp that asks for certificates under one name, and a device with such a one.
fn site(mac: &str) -> (Site, (CertificateDer<'static>, PrivateKeyDer<'static>)) {
    let ask = TlsRules { client_certificates: true, max_record: None };
    let site = Site::with(&options_with(|options| {
        options.tls_of_names = [("devices.local".to_owned(), ask)].into();
    }));
    site.product("secretlamp", |product| product.private = true);
    site.publish("secretlamp", "0.3", &firmware("secret-0.3"), Some(otary_fleet::Chip::Esp32));
    let own = certificate(mac);
    let (kind, issued) = (CredentialKind::Certificate(Sha256::of(&own.0)), site.clock.now());
    site.operate(mac, |device| {
        device.product = "secretlamp".parse().ok();
        device.credentials = vec![Credential { kind, issued }];
    });
    (site, own)
}

fn board(mac: &str) -> Board {
    Board::esp32(&firmware("secret-0.1"), "0.1").mac(mac).path("/update/secretlamp")
}

fn ask(probe: &Probe, site: &Site, board: &Board) -> Response {
    exchange(probe.meet(site, "devices.local").stream, &board.request())
}

#[test]
fn it_is_asked_for_under_the_names_where_that_is_on() {
    let (site, own) = site("24:6F:28:0B:00:01");
    for version in [&TLS12, &TLS13] {
        let probe = Probe::with_certificate(version, ANY, Some((own.0.clone(), own.1.clone_key())));
        for (name, asked) in [("devices.local", true), ("serverota.local", false), ("127.0.0.1", false)] {
            assert_eq!(probe.meet(&site, name).asked, asked, "{name} {version:?}");
        }
    }
    let everywhere = Site::with(&options_with(|options| options.tls.client_certificates = true));
    assert!(Probe::new(&TLS13, ANY).meet(&everywhere, "127.0.0.1").asked, "or on the whole listener");
}

#[test]
fn it_proves_its_device_and_no_other_also_when_the_session_is_resumed() {
    let mac = "24:6F:28:0B:00:02";
    let (site, own) = site(mac);
    for (number, version) in [(0, &TLS12), (10, &TLS13)] {
        let probe = Probe::with_certificate(version, ANY, Some((own.0.clone(), own.1.clone_key())));
        for number in [number, number + 1] {
            let board = board(mac).anew(number);
            assert_image(&ask(&probe, &site, &board), &firmware("secret-0.3"), "0.3");
        }
        assert!(probe.meet(&site, "devices.local").resumed, "{version:?}");
        assert_eq!(ask(&probe, &site, &board("24:6F:28:0B:00:09")).status, 404);
    }
    let last = site.device(mac).unwrap().last.unwrap();
    assert_eq!(last.proof, Proof::DeviceCredential);
    let handshake = last.handshake.unwrap();
    assert_eq!(handshake.server_name.as_deref(), Some("devices.local"));
    let shown = Presented { generation: otary_fleet::GenerationId(1), bridged: false };
    assert_eq!(handshake.presented, shown);
}

#[test]
fn it_opens_artifacts_by_the_name_in_it_and_another_that_says_the_same_name_does_not() {
    let mac = "24:6F:28:0B:00:03";
    let (site, own) = site(mac);
    let path = format!("/artifact/{}", Sha256::of(&firmware("secret-0.3")));
    for (shown, status) in [(own, 206), (certificate(mac), 404)] {
        let probe = Probe::with_certificate(&TLS13, ANY, Some(shown));
        let stream = probe.meet(&site, "devices.local").stream;
        assert_eq!(exchange(stream, &request("GET", &path, "Range: bytes=0-9\r\n")).status, status);
    }
}

#[test]
fn none_or_another_is_no_reason_to_end_the_handshake() {
    let mac = "24:6F:28:0B:00:04";
    let (site, _) = site(mac);
    site.product("lamp", |_| {});
    site.publish("lamp", "0.3", &firmware("lamp-0.3"), Some(otary_fleet::Chip::Esp32));
    let lamp = Board::esp32(&firmware("lamp-0.1"), "0.1").mac(mac).path("/update/lamp");
    for own in [None, Some(certificate(mac))] {
        let shows = own.is_some();
        let probe = Probe::with_certificate(&TLS12, ANY, own);
        assert_image(&ask(&probe, &site, &lamp), &firmware("lamp-0.3"), "0.3");
        assert_eq!(
            ask(&probe, &site, &board(mac)).status,
            404,
            "it says the name, and is not the one issued"
        );
        if shows {
            log::wait_for(&["request", "client certificate was shown that was not issued"]);
        }
    }
}
