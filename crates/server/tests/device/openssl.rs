//! OpenSSL's own client against what the authority really presents: kinds of keys, versions, sessions that outlive a
//! renewal, and when a client certificate is asked for. Where `openssl` is not installed this is skipped, and says so.

use std::io::Write;
use std::process::{Command, Stdio};

use otary_fleet::Time;
use otary_server::{Clock, Identity, TlsRules};
use otary_trust::Renewal;

use crate::site::{Site, TODAY, options_with};

const VERSIONS: [(&str, &str); 2] = [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")];

fn is_installed() -> bool {
    let installed = Command::new("openssl").arg("version").output().is_ok();
    if !installed {
        println!("skipped: openssl is not installed");
    }
    installed
}

/// Asks for the page under a name; gives what OpenSSL says of the connection. The chain and the name are good.
fn connect(site: &Site, name: &str, options: &[&str]) -> String {
    let mut client = Command::new("openssl")
        .args(["s_client", "-connect", &site.addresses.https.to_string(), "-servername", name])
        .args(["-verify_hostname", "serverota.local", "-verify_return_error", "-ign_eof", "-CAfile"])
        .arg(site.ca_file())
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that is not content with the server has ended before; what it said is below.
    let _ = client.stdin.take().unwrap().write_all(b"GET / HTTP/1.0\r\n\r\n");
    let output = client.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("HTTP/1.0 200 OK"), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Verification: OK") || said.contains("Verify return code: 0 (ok)"), "{said}");
    said
}

/// The server's own certificate, as PEM text without its ends.
fn certificate(said: &str) -> &str {
    let begun = said.split("-----BEGIN CERTIFICATE-----").nth(1).unwrap();
    begun.split("-----END").next().unwrap()
}

#[test]
fn each_client_is_shown_the_key_whose_signatures_it_takes() {
    if !is_installed() {
        return;
    }
    let site = Site::start();
    for (option, version) in VERSIONS {
        for (signatures, shown) in [
            ("ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256", "Peer signature type: ECDSA"),
            ("RSA-PSS+SHA256:ECDSA+SHA256", "Peer signature type: ECDSA"),
            ("RSA-PSS+SHA256:RSA+SHA256", "Peer signature type: RSA-PSS"),
        ] {
            let said = connect(&site, "serverota.local", &[option, "-sigalgs", signatures]);
            assert!(said.contains(shown), "{version} {signatures}: {said}");
            assert!(said.contains(&format!("New, {version}, Cipher is ")), "{said}");
        }
    }
    let old = ["-tls1_2", "-sigalgs", "RSA+SHA256", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"];
    let said = connect(&site, "serverota.local", &old);
    assert!(said.contains("Peer signature type: RSA\n"), "of TLS 1.2 without PSS: {said}");
}

#[test]
fn a_ticket_is_good_also_when_the_certificates_were_renewed_meanwhile() {
    if !is_installed() {
        return;
    }
    let mut site = Site::start();
    for (number, (option, version)) in VERSIONS.into_iter().enumerate() {
        let file = site.folder.path().join(version);
        let file = file.to_str().unwrap();
        let first = connect(&site, "serverota.local", &[option, "-sess_out", file]);
        assert!(first.contains(&format!("New, {version}")), "{first}");

        let wall = otary_trust::Clock { now: Clock::system().now(), built: TODAY, newest: Time::default() };
        let names = ["serverota.local".to_owned(), format!("renewed-{number}.lan")];
        let names: Vec<_> = names.iter().map(|name| name.parse().unwrap()).collect();
        assert!(matches!(site.authority.refresh(&names, &wall).unwrap(), Renewal::Issued(_)));
        site.handle.show(Identity::of(&site.authority, Clock::system().now()).unwrap()).unwrap();

        let resumed = connect(&site, "serverota.local", &[option, "-sess_in", file]);
        assert!(resumed.contains(&format!("Reused, {version}")), "{resumed}");
        let anew = connect(&site, "serverota.local", &[option]);
        assert!(anew.contains(&format!("New, {version}")), "{anew}");
        assert_ne!(certificate(&anew), certificate(&first), "{version}");
    }
}

#[test]
fn a_certificate_is_asked_for_under_the_names_where_that_is_on_and_nowhere_else() {
    if !is_installed() {
        return;
    }
    let ask = TlsRules { client_certificates: true, max_record: None };
    let site = Site::with(&options_with(|options| {
        options.tls_of_names = [("localhost".to_owned(), ask)].into();
    }));
    for (option, version) in VERSIONS {
        for (name, asked) in [("localhost", true), ("serverota.local", false)] {
            let said = connect(&site, name, &[option]);
            assert_eq!(said.contains("Requested Signature Algorithms"), asked, "{version} {name}: {said}");
        }
    }
    let everywhere = Site::with(&options_with(|options| options.tls = ask));
    assert!(connect(&everywhere, "serverota.local", &[]).contains("Requested Signature Algorithms"));
}
