//! Certificates without an authority: made, looked at, served, and replaced while boards come and go.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;

use otary_server::operator::Announcement;
use otary_sim::tls::{Anchors, Trust};
use otary_sim::{Console, Pace, Poll, Sketch, Stop, Until};

use crate::house::House;

/// The rows of the table of verdicts: a name, then a word for each stack.
fn verdicts(printed: &str) -> Vec<Vec<String>> {
    let rows = printed.lines().skip_while(|line| !line.starts_with("NAME ")).skip(1);
    let rows = rows.take_while(|line| !line.is_empty());
    rows.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

fn poll(house: &House, server: &crate::house::Server, certificate: &str) -> Poll {
    let firmware = house.sample("lamp.bin", "0.1");
    let (mut board, _) = house.board(1, &firmware, server.https);
    let anchors = Anchors::from_pem(house.text(certificate).as_bytes()).unwrap();
    let mut sketch =
        Sketch::new(&format!("https://{}/update?chip=esp32", server.https), Trust::Anchors(anchors));
    sketch.link.timeouts.stall_tries = 2;
    let pace = Pace::scaled(0.0, Stop::default());
    board.run_until(&sketch, &pace, &mut Console::new(std::io::sink()), Until::Polls(1)).unwrap().remove(0)
}

#[test]
fn a_key_and_a_certificate_are_made_that_every_stack_accepts() {
    let house = House::new();
    let printed = house.otary("cert self-signed --name serverota.local --ip 192.168.1.70").printed();
    for row in verdicts(&printed) {
        assert_eq!(row[1..], ["ok"; 6], "{printed}");
    }
    assert_eq!(verdicts(&printed).len(), 2, "{printed}");
    assert!(printed.ends_with("\nNext: otary serve --cert server.crt --key server.key\n"), "{printed}");
    assert!(printed.lines().all(|line| line.chars().count() <= 100), "{printed}");
    let mode = |name: &str| std::fs::metadata(house.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("server.key"), 0o600);

    let shown = house.otary("cert show server.crt").printed();
    assert!(
        shown.contains("\n  names         DNS:serverota.local, IP:192.168.1.70, DNS:192.168.1.70\n"),
        "{shown}"
    );
    assert!(shown.contains("\n  key           P-256, signed by ECDSA with SHA-256\n"), "{shown}");
}

#[test]
fn strictly_an_address_is_refused_by_the_stacks_that_look_for_a_name() {
    let house = House::new();
    let printed =
        house.otary("cert self-signed --ip 192.168.1.70 --strict-san --rsa 2048 --days 90").printed();
    assert_eq!(verdicts(&printed), [["192.168.1.70", "name", "ok", "name", "ok", "ok", "ok"]], "{printed}");
    let reason =
        "\n  arduino-2, esp8266: it has 192.168.1.70 as an address, and host names alone\n  are compared\n";
    assert!(printed.contains(reason), "{printed}");
    assert!(printed.contains("RSA-2048 key"), "{printed}");
}

#[test]
fn a_request_file_is_followed_or_refused_with_its_line() {
    let house = House::new();
    let file = "[req]\ndistinguished_name = who\nx509_extensions = ext\nprompt = no\n[who]\nO = lamps\nCN = the server\n\
                [ext]\nsubjectAltName = @names\n[names]\nDNS.1 = lamps.ddns.example\n";
    house.write("local.cnf", file);
    let printed =
        house.otary("cert self-signed --config local.cnf --out-cert a.crt --out-key a.key").printed();
    assert_eq!(verdicts(&printed), [["lamps.ddns.example", "ok", "ok", "ok", "ok", "ok", "ok"]], "{printed}");
    assert!(printed.contains("RSA-2048 key"), "as `openssl req` without a word: {printed}");

    house.write("wrong.cnf", file.replace("DNS.1 =", "DNS.1"));
    let refused = house.otary("cert self-signed --config wrong.cnf").refused();
    assert!(refused.starts_with("error: wrong.cnf: line 11: expected `key = value`"), "{refused}");
    assert!(!house.path("server.key").exists() && !house.path("server.crt").exists());
}

/// A request in the form in which people write one for `openssl req -x509`, with this under `[alt_names]`.
fn request(alternative: &str) -> String {
    format!(
        "[req]\ndistinguished_name = req_distinguished_name\nx509_extensions = v3_req\nprompt = no\n\
         [req_distinguished_name]\nC = DE\nST = Hesse\nL = Kassel\nO = lamps.example\nOU = dev\n\
         CN = lamps: Self-signed certificate\n\
         [req_ext]\nsubjectAltName = @alt_names\n[v3_req]\nsubjectAltName = @alt_names\n\
         [alt_names]\n{alternative}\n"
    )
}

#[test]
fn what_is_made_of_a_request_for_a_name_or_an_address_passes_openssl_verify() {
    let house = House::new();
    for (alternative, option, right, wrong) in [
        ("DNS.1 = lamps.ddns.example", "-verify_hostname", "lamps.ddns.example", "other.ddns.example"),
        ("IP.1 = 192.168.1.70", "-verify_ip", "192.168.1.70", "192.168.1.71"),
    ] {
        let (certificate, key) = (format!("{right}.crt"), format!("{right}.key"));
        house.write("local.cnf", request(alternative));
        let made = format!("cert self-signed --config local.cnf --out-cert {certificate} --out-key {key}");
        house.otary(&made).printed();
        let verify = |asked: &str| {
            let mut openssl = Command::new("openssl");
            openssl.args([
                "verify",
                "-purpose",
                "sslserver",
                option,
                asked,
                "-CAfile",
                &certificate,
                &certificate,
            ]);
            openssl.current_dir(house.path("")).output()
        };
        let verified = match verify(right) {
            Err(error) => return println!("skipped: openssl cannot be run: {error}"),
            Ok(output) => output,
        };
        assert!(verified.status.success(), "{verified:?}");
        assert_eq!(String::from_utf8_lossy(&verified.stdout), format!("{certificate}: OK\n"));
        assert!(!verify(wrong).unwrap().status.success(), "{wrong} is not in it");
    }
}

#[test]
fn nothing_is_overwritten_and_no_key_is_left_without_its_certificate() {
    let house = House::new();
    house.write("server.crt", "mine");
    let refused = house.otary("cert self-signed --name a.lan").refused();
    assert!(refused.starts_with("error: server.crt is there already\nhelp: "), "{refused}");
    assert_eq!((house.text("server.crt").as_str(), house.path("server.key").exists()), ("mine", false));
    house.otary("cert self-signed --name a.lan --out-cert no/folder.crt").refused();
    assert!(!house.path("server.key").exists());
}

#[test]
fn what_is_in_a_file_is_told_for_programs_too_by_a_certificate_of_openssl() {
    let house = House::new();
    let subject =
        "req -x509 -nodes -days 30 -newkey rsa:2048 -subj /CN=192.168.1.70 -keyout k.pem -out c.pem";
    let mut openssl = Command::new("openssl");
    match openssl.args(subject.split(' ')).current_dir(house.path("")).output() {
        Err(error) => return println!("skipped: openssl cannot be run: {error}"),
        Ok(output) => assert!(output.status.success(), "{output:?}"),
    }
    let shown: serde_json::Value =
        serde_json::from_str(&house.otary("cert show c.pem --json").printed()).unwrap();
    assert_eq!(shown["certificates"][0]["subject"], "CN=192.168.1.70");
    assert_eq!(shown["certificates"][0]["ca"], true);
    let verdicts = shown["verdicts"].as_array().unwrap();
    assert_eq!(verdicts.len(), 6);
    assert!(verdicts.iter().all(|verdict| verdict["name"] == "192.168.1.70"), "{shown}");
    assert!(verdicts.iter().all(|verdict| verdict["ok"].is_boolean()), "{shown}");
}

#[test]
fn what_is_no_certificate_and_who_does_not_speak_tls_is_said() {
    let house = House::new();
    house.write("junk", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(
        house.otary("cert show junk").refused().starts_with("error: junk: expected an X.509 certificate")
    );
    assert!(
        house.otary("cert show nothing").refused().contains("there is no file nothing\nhelp: a server is")
    );
    let refused = house.otary("cert show 127.0.0.1:0").refused();
    assert_eq!(
        refused,
        "error: 127.0.0.1:0: a server has no port 0\nhelp: a port is a number from 1 to 65535\n"
    );

    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = silent.local_addr().unwrap();
    let answering = thread::spawn(move || {
        use std::io::Write;
        silent.accept().unwrap().0.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n").unwrap();
    });
    let refused = house.otary(&format!("cert show {address}")).refused();
    answering.join().unwrap();
    assert!(refused.contains(&format!("no handshake with {address}: ")), "{refused}");
    assert!(refused.contains("help: does it speak TLS at this port?"), "{refused}");
}

#[test]
fn a_certificate_from_elsewhere_is_served_to_devices_and_the_authority_s_to_operators() {
    let house = House::new();
    house.otary("cert self-signed --name lamps.lan --ip 127.0.0.1").printed();
    let server = house.serve("--cert server.crt --key server.key");
    let banner = house.text("banner");
    assert!(banner.contains("They trust the certificate with this SHA-256\n"), "{banner}");
    assert_eq!(verdicts(&banner).len(), 2, "{banner}");
    assert!(banner.contains(&format!("\n  https://lamps.lan:{}/update ", server.https.port())), "{banner}");

    let shown = house.otary(&format!("cert show {}", server.https)).printed();
    assert!(shown.contains("\n  names         DNS:lamps.lan, IP:127.0.0.1, DNS:127.0.0.1\n"), "{shown}");
    assert!(matches!(poll(&house, &server, "server.crt"), Poll::NoUpdate { .. }));
    assert!(matches!(poll(&house, &server, "x/trust/root.crt"), Poll::Failed { .. }));

    house.otary("device list --data x").printed();
    let operator = Announcement::read(&house.data()).unwrap().unwrap().url.replace("https://", "");
    let shown = house.otary(&format!("cert show {operator} --ca x/trust/page/root.crt")).printed();
    assert!(shown.contains("\n  issuer        CN=otary page "), "{shown}");
}

#[test]
fn a_sketch_trusts_the_certificate_of_the_settings_and_the_authority_that_comes_after_it() {
    let house = House::new();
    house.otary("cert self-signed --name lamps.lan --out-cert x/s.crt --out-key x/s.key").refused();
    house.serve("").terminate();
    house.otary("cert self-signed --name lamps.lan --out-cert x/s.crt --out-key x/s.key").printed();
    house.write("x/otary.toml", "[tls]\ncert = \"s.crt\"\nkey = \"s.key\"\n");
    let sketch = house.otary("sketch --data x --port 3443").printed();
    assert!(sketch.contains("https://lamps.lan:3443/update"), "{sketch}");
    for anchor in ["x/s.crt", "x/trust/root.crt", "x/trust/next-root.crt"] {
        let body = house.text(anchor).lines().nth(1).unwrap().to_owned();
        assert!(sketch.contains(&body), "{anchor}");
    }
}

#[test]
fn a_sketch_is_for_what_the_running_server_shows_whatever_the_settings_say() {
    let house = House::new();
    house.otary("cert self-signed --name lamps.lan").printed();
    let server = house.serve("--cert server.crt --key server.key");
    let sketch = house.otary("sketch --data x").printed();
    assert!(sketch.contains(&format!("https://lamps.lan:{}/update", server.https.port())), "{sketch}");
    for anchor in ["server.crt", "x/trust/root.crt", "x/trust/next-root.crt"] {
        let body = house.text(anchor).lines().nth(1).unwrap().to_owned();
        assert!(sketch.contains(&body), "{anchor}");
    }
    let shown = house.otary("trust show --data x").printed();
    assert!(shown.contains("Devices are shown a certificate from elsewhere instead\n"), "{shown}");
    assert!(shown.contains("\n  names         lamps.lan\n"), "{shown}");
}

#[test]
fn the_files_are_read_again_when_they_change_and_a_half_written_pair_changes_nothing() {
    let house = House::new();
    house.otary("cert self-signed --ip 127.0.0.1").printed();
    let server = house.serve("--cert server.crt --key server.key");
    house.otary("cert self-signed --ip 127.0.0.1 --out-cert new.crt --out-key new.key").printed();
    house.write("old.crt", house.text("server.crt"));

    house.write("server.crt", house.text("new.crt"));
    house.wait_for("the certificate before it is shown on: server.key: the private key belongs to another");
    assert!(matches!(poll(&house, &server, "old.crt"), Poll::NoUpdate { .. }));

    house.write("server.key", &house.text("new.key")[..100]);
    house.wait_for("the certificate before it is shown on: server.key: expected one PEM block");
    assert!(matches!(poll(&house, &server, "old.crt"), Poll::NoUpdate { .. }));

    house.write("server.key", house.text("new.key"));
    house.wait_for("the new certificate in server.crt is shown to devices");
    assert!(matches!(poll(&house, &server, "new.crt"), Poll::NoUpdate { .. }));
    assert!(matches!(poll(&house, &server, "old.crt"), Poll::Failed { .. }));
    let log = house.text("log");
    assert_eq!(log.matches("belongs to another").count(), 1, "it is said once:\n{log}");
}

#[test]
fn a_pair_that_does_not_belong_together_keeps_a_server_from_starting() {
    let house = House::new();
    house.otary("cert self-signed --name a.lan").printed();
    house.otary("cert self-signed --name b.lan --out-cert b.crt --out-key b.key").printed();
    for (options, said) in [
        (
            "--cert server.crt --key b.key",
            "error: b.key: the private key belongs to another certificate than \"a.lan\"",
        ),
        (
            "--cert server.key --key server.crt",
            "error: server.key: expected a PEM block \"CERTIFICATE\", found",
        ),
        ("--cert server.crt", "error: a certificate from elsewhere takes tls.cert and tls.key, and both"),
        (
            "--cert server.crt --key server.key --ca b.crt",
            "error: no certificate in b.crt has signed one in server.crt\nhelp: name the root",
        ),
        ("--cert none.crt --key server.key", "error: reading none.crt: No such file"),
    ] {
        let words = format!("serve --data x --https 127.0.0.1:0 --http off --operator 127.0.0.1:0 {options}");
        let refused = house.otary(&words);
        assert_eq!(refused.status.code(), Some(1));
        assert!(refused.err.contains(said), "{}\n{said}", refused.err);
        assert!(refused.err.contains("\nhelp: ") || said.contains("No such"), "{}", refused.err);
    }
}
