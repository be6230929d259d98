//! The TLS stacks of real clients against the real listener: curl (OpenSSL), Mbed TLS 2.28 as on an ESP32, BearSSL as
//! on an ESP8266. What is not installed is skipped, and says so.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use otary_fleet::{Chip, Credential, CredentialKind, Sha256, Time};
use otary_server::TlsRules;
use otary_trust::Clock;
use tempfile::TempDir;

use crate::board::{Board, assert_image};
use crate::log;
use crate::site::{Site, TODAY, firmware, options_with};
use crate::transfers::{SIZE, large_lamp};
use crate::wire::parse;

/// A C client, compiled. None if its library is not installed.
struct Client {
    folder: TempDir,
    program: PathBuf,
}

impl Client {
    fn compile(name: &str, header: &str, libraries: &[&str]) -> Option<Self> {
        if !std::path::Path::new("/usr/include").join(header).exists() {
            println!("skipped: {name} is not installed ({header})");
            return None;
        }
        let folder = TempDir::new().unwrap();
        let program = folder.path().join(name);
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/device/clients/{name}.c"));
        let mut compiler = Command::new("cc");
        compiler.args(["-Wall", "-Wextra", "-Werror", "-O1", "-o"]).args([&program, &source]).args(libraries);
        assert!(compiler.status().unwrap().success());
        Some(Self { folder, program })
    }

    fn mbedtls() -> Option<Self> {
        Self::compile("mbedtls", "mbedtls/ssl.h", &["-lmbedtls", "-lmbedx509", "-lmbedcrypto"])
    }

    fn bearssl() -> Option<Self> {
        Self::compile("bearssl", "bearssl.h", &["-lbearssl"])
    }

    /// Runs it on a request, with what `anchors` holds as its trust.
    fn ask(&self, site: &Site, host: &str, anchors: &[u8], more: &[&str], request: &str) -> Output {
        let trust = self.folder.path().join("trust");
        std::fs::write(&trust, anchors).unwrap();
        let mut child = Command::new(&self.program)
            .args([host, &site.addresses.https.port().to_string()])
            .arg(trust)
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that trusts nobody may have ended before it reads its request.
        let _ = child.stdin.take().unwrap().write_all(request.as_bytes());
        child.wait_with_output().unwrap()
    }
}

#[test]
fn mbedtls_is_updated_by_name_and_by_address() {
    let Some(client) = Client::mbedtls() else { return };
    let site = Site::lamp();
    let request = Board::esp32(&firmware("lamp-0.1"), "0.1").request();
    for host in ["serverota.local", "127.0.0.1"] {
        let output = client.ask(&site, host, site.authority.anchors_pem().as_bytes(), &[], &request);
        assert!(output.status.success(), "{host}: {}", String::from_utf8_lossy(&output.stderr));
        assert_image(&parse(&output.stdout), &firmware("lamp-0.3"), "0.3");
    }
}

#[test]
fn mbedtls_trusts_no_other_authority_and_no_other_name() {
    let Some(client) = Client::mbedtls() else { return };
    let (site, other) = (Site::lamp(), Site::start());
    let request = Board::esp32(&firmware("lamp-0.1"), "0.1").request();
    for (host, anchors) in
        [("serverota.local", other.authority.anchors_pem()), ("127.0.0.2", site.authority.anchors_pem())]
    {
        let output = client.ask(&site, host, anchors.as_bytes(), &[], &request);
        let error = String::from_utf8(output.stderr).unwrap();
        // MBEDTLS_ERR_X509_CERT_VERIFY_FAILED
        assert!(!output.status.success() && error.contains("handshake -0x2700"), "{host}: {error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn mbedtls_shows_the_certificate_that_the_authority_issued_to_its_device() {
    let Some(client) = Client::mbedtls() else { return };
    let (mac, ask) = ("24:6F:28:0D:00:01", TlsRules { client_certificates: true, max_record: None });
    let site = Site::with(&options_with(|options| options.tls = ask));
    site.product("lamp", |product| product.private = true);
    site.publish("lamp", "0.3", &firmware("lamp-0.3"), Some(Chip::Esp32));
    let wall = Clock { now: otary_server::Clock::system().now(), built: TODAY, newest: Time::default() };
    let own = site.authority.issue_client(mac, &wall).unwrap();
    let files = ["crt", "key"].map(|end| client.folder.path().join(end));
    std::fs::write(&files[0], own.certificate().pem()).unwrap();
    std::fs::write(&files[1], own.key().unwrap().pem().unwrap().as_bytes()).unwrap();
    let files = files.each_ref().map(|file| file.to_str().unwrap());

    let request = Board::esp32(&firmware("lamp-0.1"), "0.1").mac(mac).path("/update/lamp").request();
    let anchors = site.authority.anchors_pem();
    let update = |files: &[&str]| {
        let output = client.ask(&site, "serverota.local", anchors.as_bytes(), files, &request);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        parse(&output.stdout)
    };
    assert_eq!(update(&files).status, 404, "not before it is enrolled");
    let digest = Sha256(*own.certificate().fingerprint().as_bytes());
    let (kind, issued) = (CredentialKind::Certificate(digest), site.clock.now());
    site.operate(mac, |device| {
        device.product = "lamp".parse().ok();
        device.credentials = vec![Credential { kind, issued }];
    });
    assert_image(&update(&files), &firmware("lamp-0.3"), "0.3");
    assert_eq!(update(&[]).status, 404, "and one without any is answered, too");
}

/// A plug whose release is for the ESP8266.
fn plug(site: Site) -> Site {
    site.product("plug", |_| {});
    site.publish("plug", "1.1", &firmware("plug-1.1"), Some(Chip::Esp8266));
    site
}

#[test]
fn bearssl_is_updated_by_name_and_by_address_and_resumes_its_session() {
    let Some(client) = Client::bearssl() else { return };
    let site = plug(Site::start());
    let request = Board::esp8266(&firmware("plug-1.0"), "1.0").request();
    for host in ["serverota.local", "127.0.0.1"] {
        let output = client.ask(&site, host, site.authority.root().der(), &["16384", "1"], &request);
        assert!(output.status.success(), "{host}: {}", String::from_utf8_lossy(&output.stderr));
        assert_image(&parse(&output.stdout), &firmware("plug-1.1"), "1.1");
    }
    let request = Board::esp8266(&firmware("plug-1.1"), "1.1").request();
    let output = client.ask(&site, "serverota.local", site.authority.root().der(), &["16384", "3"], &request);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "full\nresumed\nresumed\n");
    assert_eq!(String::from_utf8(output.stdout).unwrap().matches("304 Not Modified").count(), 3);
}

#[test]
fn bearssl_with_another_authority_hangs_up_and_the_log_says_so() {
    let Some(client) = Client::bearssl() else { return };
    let (site, other) = (plug(Site::start()), Site::start());
    let request = Board::esp8266(&firmware("plug-1.0"), "1.0").request();
    let output =
        client.ask(&site, "serverota.local", other.authority.root().der(), &["16384", "1"], &request);
    assert!(!output.status.success() && output.stdout.is_empty());
    log::wait_for(&["handshake", "peer=127.0.0.1", "closed during handshake"]);
}

#[test]
fn bearssl_with_a_small_buffer_needs_small_records() {
    let Some(client) = Client::bearssl() else { return };
    let request = Board::esp32(&firmware("lamp-0.1"), "0.1").request();
    let (full, _) = large_lamp(Site::start());
    let output = client.ask(&full, "serverota.local", full.authority.root().der(), &["1024", "1"], &request);
    assert!(output.stdout.len() < SIZE, "full records do not fit");
    let (small, _) = large_lamp(Site::with(&options_with(|options| options.tls.max_record = Some(1024))));
    let output =
        client.ask(&small, "serverota.local", small.authority.root().der(), &["1024", "1"], &request);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(parse(&output.stdout).body.len(), SIZE);
}

#[test]
fn bearssl_with_a_small_buffer_gets_small_records_under_the_name_that_has_them() {
    let Some(client) = Client::bearssl() else { return };
    let small = TlsRules { max_record: Some(1024), client_certificates: false };
    let (site, _) = large_lamp(Site::with(&options_with(|options| {
        options.tls_of_names = [("serverota.local".to_owned(), small)].into();
    })));
    let anchor = site.authority.root().der();
    for (number, (host, fits)) in (0..).zip([("serverota.local", true), ("localhost", false)]) {
        let request = Board::esp32(&firmware("lamp-0.1"), "0.1").anew(number).request();
        let output = client.ask(&site, host, anchor, &["1024", "1"], &request);
        assert_eq!(output.stdout.len() > SIZE, fits, "{host}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn curl(site: &Site, host: &str, options: &[&str]) -> (Option<i32>, String) {
    let port = site.addresses.https.port();
    let output = Command::new("curl")
        .args(["-s", "--resolve", &format!("{host}:{port}:127.0.0.1"), "--noproxy", "*", "--max-time", "20"])
        .args(options)
        .arg(format!("https://{host}:{port}/"))
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn curl_needs_the_authority_and_a_listed_name() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: curl is not installed");
        return;
    }
    let site = Site::lamp();
    let ca = site.ca_file();
    let with_ca = ["--cacert", ca.to_str().unwrap()];
    let (code, page) = curl(&site, "serverota.local", &with_ca);
    assert!(code == Some(0) && page.contains("otary"), "{code:?} {page}");
    assert_eq!(curl(&site, "127.0.0.1", &with_ca).0, Some(0));
    assert_eq!(curl(&site, "serverota.local", &[]).0, Some(60), "the authority is unknown");
    assert_eq!(curl(&site, "elsewhere.local", &with_ca).0, Some(60), "the name is not listed");
    for version in ["--tlsv1.2", "--tlsv1.3"] {
        let exactly = [&with_ca[..], &[version, "--tls-max", &version[6..]]].concat();
        assert_eq!(curl(&site, "serverota.local", &exactly).0, Some(0), "{version}");
    }
    assert_ne!(curl(&site, "serverota.local", &[&with_ca[..], &["--tls-max", "1.1"]].concat()).0, Some(0));
}
