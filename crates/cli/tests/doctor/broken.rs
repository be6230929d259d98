//! Set-ups that are broken in one way each: the doctor names it first.

use std::io::{Read, Write};
use std::net::TcpListener;

use otary_fleet::Chip;
use otary_sim::sample;
use rustls::version::TLS13;

use crate::clinic::Clinic;
use crate::server::{Authority, Leaf, NOTHING_NEW, Server};

/// A clinic, a server with this leaf, and the words for a device that trusts its authority and asks `ota.lan`.
fn before(leaf: &Leaf, answer: &str) -> (Clinic, String) {
    let (clinic, authority) = (Clinic::new(), Authority::new("test root"));
    let server = Server::tls(authority.serve(leaf), answer);
    clinic.write("ca.pem", &authority.pem);
    (clinic, format!("https://ota.lan:{}/update --ca ca.pem", server.address.port()))
}

#[test]
fn a_name_that_does_not_resolve() {
    let (clinic, device) = (Clinic::new(), "https://otta.lan:3443/update");
    assert_eq!(clinic.cause(device), "the name otta.lan does not resolve");
    assert!(clinic.doctor(device).out.contains(": there is no name otta.lan\n"));
}

#[test]
fn a_name_that_the_devices_name_server_does_not_know() {
    let cause = Clinic::new().cause("https://localhost:3443/update");
    assert!(cause.starts_with("the name localhost does not resolve by name server 127.0.0.1:"), "{cause}");
    assert!(cause.ends_with("; this machine's resolver knows it"), "{cause}");
}

#[test]
fn a_port_where_nobody_listens() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cause = Clinic::new().cause(&format!("https://ota.lan:{}/update", free.port()));
    assert_eq!(cause, format!("nothing listens on {free}: the connection is refused"));
}

#[test]
fn plain_http_on_the_port_that_should_speak_tls() {
    let server = Server::plain(NOTHING_NEW);
    let port = server.address.port();
    let cause = Clinic::new().cause(&format!("https://ota.lan:{port}/update"));
    assert_eq!(cause, format!("port {port} of ota.lan speaks plain HTTP, and the URL says https"));
}

#[test]
fn an_expired_certificate_for_a_stack_that_looks() {
    let (clinic, device) = before(&Leaf::named("ota.lan").expired(), NOTHING_NEW);
    let cause = clinic.cause(&format!("{device} --stack esp8266"));
    assert_eq!(cause, "the server's certificate expired on 2024-01-01 00:00");

    let lenient = clinic.doctor(&format!("{device} --stack arduino-3"));
    assert_eq!(lenient.status, Some(0), "{lenient:#?}");
    assert!(
        lenient.out.contains("a certificate has expired; this stack does not look at dates"),
        "{lenient:#?}"
    );
}

#[test]
fn a_certificate_for_another_name() {
    let (clinic, device) = before(&Leaf::named("lamp.lan"), NOTHING_NEW);
    for stack in ["arduino-2", "arduino-3", "esp8266", "esp-idf", "micropython", "rust"] {
        let cause = clinic.cause(&format!("{device} --stack {stack}"));
        assert_eq!(cause, "the server's certificate is for lamp.lan, not for ota.lan", "{stack}");
    }
    let done = clinic.doctor(&device);
    assert!(done.out.contains("or add this one: otary serve --name ota.lan\n"), "{done:#?}");
}

#[test]
fn another_name_in_a_certificate_that_the_trusted_authority_did_not_make() {
    let (clinic, device) = before(&Leaf::named("lamp.lan"), NOTHING_NEW);
    clinic.write("ca.pem", &Authority::new("another root").pem);
    for stack in ["arduino-3", "esp8266"] {
        let done = clinic.doctor(&format!("{device} --stack {stack}"));
        assert!(done.out.contains("or have it made anew for ota.lan where it was made"), "{done:#?}");
        assert!(!done.out.contains("otary serve --name"), "{done:#?}");
    }
}

#[test]
fn a_url_with_an_address_on_a_stack_that_compares_none() {
    let (clinic, authority) = (Clinic::new(), Authority::new("test root"));
    let server = Server::tls(authority.serve(&Leaf::address()), NOTHING_NEW);
    clinic.write("ca.pem", &authority.pem);
    let device = format!("https://{}/update --ca ca.pem", server.address);
    for (stack, library) in [("arduino-2", "Mbed TLS 2.28"), ("esp8266", "BearSSL 0.6")] {
        let cause = clinic.cause(&format!("{device} --stack {stack}"));
        let expected = format!("the URL has the address 127.0.0.1, and {library} compares no addresses: ");
        assert!(cause.starts_with(&expected), "{cause}");
    }
    let newer = clinic.doctor(&format!("{device} --stack arduino-3"));
    assert_eq!(newer.status, Some(0), "{newer:#?}");
}

#[test]
fn an_authority_that_the_device_does_not_know() {
    let (clinic, device) = before(&Leaf::named("ota.lan"), NOTHING_NEW);
    clinic.write("other.pem", Authority::new("other root").pem);
    let device = device.replace("ca.pem", "other.pem");
    for stack in ["arduino-3", "esp8266"] {
        let cause = clinic.cause(&format!("{device} --stack {stack}"));
        assert!(cause.starts_with("the server's certificate is by "), "{stack}: {cause}");
        assert!(
            cause.ends_with("test root, which the device does not trust (other.pem)"),
            "{stack}: {cause}"
        );
    }
}

#[test]
fn a_clock_that_was_never_set() {
    let (clinic, device) = before(&Leaf::named("ota.lan"), NOTHING_NEW);
    let unset = format!("{device} --clock 1970-01-01T00:00:05Z");
    let done = clinic.doctor(&format!("{unset} --stack esp8266"));
    let cause = clinic.cause(&format!("{unset} --stack esp8266"));
    assert!(
        cause.starts_with("the device's clock says 1970-01-01 00:00, before the server's certificate begins")
    );
    assert!(done.out.contains("(-1): HTTP error: connection failed"), "{done:#?}");
    assert!(
        done.out.contains("getLastSSLError(): (54): Certificate is expired or not yet valid."),
        "{done:#?}"
    );
    assert_eq!(clinic.doctor(&format!("{unset} --stack arduino-3")).status, Some(0), "it looks at no dates");
}

#[test]
fn a_record_that_does_not_fit_the_devices_buffer() {
    let clinic = Clinic::new();
    let server = clinic.serve("");
    clinic.write("lamp.bin", sample::app(Chip::Esp32, "0.2", 60_000).unwrap());
    assert_eq!(clinic.otary("push lamp.bin --product lamp --version 0.2 --data x").status, Some(0));
    let device = format!("https://ota.lan:{}/update/lamp?chip=esp32 --data x", server.address.port());
    let cause = clinic.cause(&format!("{device} --version 0.1 --buffer 2048"));
    assert_eq!(cause, "the server sends a TLS record of 16384 bytes, the device's buffer holds 2048");
    assert_eq!(
        clinic.doctor(&format!("{device} --version 0.1")).status,
        Some(0),
        "the usual buffer holds it"
    );
}

#[test]
fn an_answer_that_forbids() {
    let answer =
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\nnot for lamps\n";
    let (clinic, device) = before(&Leaf::named("ota.lan"), answer);
    let cause = clinic.cause(&device);
    assert_eq!(cause, "the server answers 403 Forbidden: \"not for lamps\"");
    assert!(clinic.doctor(&device).out.contains("(-103): Forbidden (403)"));
}

#[test]
fn tls_without_a_common_way_to_speak() {
    let clinic = Clinic::new();
    let alert = Server::plain(*b"\x15\x03\x03\x00\x02\x02\x28");
    let cause = clinic.cause(&format!("https://ota.lan:{}/", alert.address.port()));
    assert_eq!(cause, "ota.lan takes nothing of what was offered (alert handshake_failure)");

    let authority = Authority::new("test root");
    let modern = Server::tls(authority.serve_by(&Leaf::named("ota.lan"), &[&TLS13]), NOTHING_NEW);
    clinic.write("ca.pem", &authority.pem);
    let device = format!("https://ota.lan:{}/ --ca ca.pem", modern.address.port());
    let cause = clinic.cause(&device);
    assert_eq!(cause, "ota.lan does not speak TLS 1.2 (alert protocol_version)");
    assert_eq!(clinic.doctor(&format!("{device} --stack rust")).status, Some(0), "it speaks 1.3");
}

#[test]
fn a_server_of_tls_that_has_a_word_for_plain_http_speaks_tls() {
    let server = Server::raw(|mut socket| {
        let mut first = [0];
        let answer: &[u8] = match socket.read_exact(&mut first) {
            Ok(()) if first == *b"G" => b"HTTP/1.1 400 Bad Request\r\n\r\n",
            _ => b"\x15\x03\x03\x00\x02\x02\x70",
        };
        socket.write_all(answer).unwrap();
    });
    let cause = Clinic::new().cause(&format!("https://ota.lan:{}/", server.address.port()));
    assert_eq!(cause, "the server knows no ota.lan (alert unrecognized_name)");
}

#[test]
fn records_that_cut_the_certificates_up() {
    let (clinic, authority) = (Clinic::new(), Authority::new("test root"));
    let mut config = authority.serve(&Leaf::named("ota.lan"));
    config.max_fragment_size = Some(256);
    let server = Server::tls(config, NOTHING_NEW);
    clinic.write("ca.pem", &authority.pem);
    let device = format!("https://ota.lan:{}/ --ca ca.pem", server.address.port());
    let cause = clinic.cause(&format!("{device} --stack arduino-2"));
    assert!(cause.starts_with("the server cuts a handshake message over several TLS records"), "{cause}");
    assert_eq!(clinic.doctor(&format!("{device} --stack esp8266")).status, Some(0));
}

#[test]
fn answers_that_an_arduino_client_takes_for_failures() {
    for (head, cause) in [
        ("200 OK\r\n", "the server sends a body without saying its length (Content-Length)"),
        ("200 OK\r\nContent-Length: 5\r\nx-MD5: \"0\"\r\n", "x-MD5 has 3 characters, not 32"),
        ("200 OK\r\nContent-Length: 5\r\n", "the body is no firmware: it does not begin with 0xE9"),
        ("302 Found\r\nLocation: https://elsewhere.lan/\r\n", "the server answers 302 Found"),
        ("204 No Content\r\n", "the server answers 204 No Content"),
    ] {
        let (clinic, device) = before(&Leaf::named("ota.lan"), &format!("HTTP/1.1 {head}\r\nhello"));
        assert_eq!(clinic.cause(&device), cause);
    }
}

#[test]
fn what_is_no_http_and_a_url_without_its_s() {
    let (clinic, device) = before(&Leaf::named("ota.lan"), "SSH-2.0-OpenSSH_9.2\r\n");
    assert_eq!(clinic.cause(&device), "what comes back is no HTTP");
    let plain = device.replace("https://", "http://");
    assert_eq!(clinic.cause(&plain), "the port speaks TLS, and the URL says http");
}
