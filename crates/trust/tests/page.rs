//! The authority of the operator's page, as OpenSSL and webpki see it: what it signs for this server holds, and what its key would
//! sign for another site does not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use otary_fleet::Time;
use otary_trust::{Clock, Name, PageAuthority, PageRenewal};
use rcgen::string::Ia5String;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose, SanType};

const DAY: Duration = Duration::from_hours(24);

fn names() -> Vec<Name> {
    ["pi.lan", "192.168.1.70", "localhost", "127.0.0.1", "::1"].map(|name| name.parse().unwrap()).to_vec()
}

/// A right clock: OpenSSL judges by the machine's.
fn clock(later: Duration) -> Clock {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let now = Time::default() + since + later;
    Clock { now, built: now - DAY, newest: now - DAY }
}

fn create(folder: &Path) -> PageAuthority {
    PageAuthority::open_or_create(folder, &names(), &clock(Duration::ZERO)).unwrap()
}

/// What OpenSSL says of a leaf for a name, under the authority in `folder`.
fn verify(folder: &Path, leaf: &Path, name: &str) -> bool {
    let option = if name.parse::<std::net::IpAddr>().is_ok() { "-verify_ip" } else { "-verify_hostname" };
    let root = folder.join("page/root.crt");
    let done = Command::new("openssl")
        .args(["verify", "-x509_strict", "-purpose", "sslserver", option, name, "-CAfile"])
        .args([&root, leaf])
        .output()
        .unwrap();
    done.status.success()
}

/// A leaf for any name, signed with the authority's own key as a thief would.
fn forge(folder: &Path, name: SanType) -> std::path::PathBuf {
    let [key, root] =
        ["root.key", "root.crt"].map(|file| fs::read_to_string(folder.join("page").join(file)).unwrap());
    let issuer = Issuer::from_ca_cert_pem(&root, KeyPair::from_pem(&key).unwrap()).unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![name];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let made = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
    let path = folder.join("forged.crt");
    fs::write(&path, made.pem()).unwrap();
    path
}

fn host(name: &str) -> SanType {
    SanType::DnsName(Ia5String::try_from(name).unwrap())
}

fn has_openssl() -> bool {
    let found = Command::new("openssl").arg("version").output().is_ok();
    if !found {
        eprintln!("skipped: no openssl");
    }
    found
}

#[test]
fn what_it_signs_for_this_server_holds_and_for_another_site_it_does_not() {
    if !has_openssl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    create(folder.path());
    let leaf = folder.path().join("page/leaf.crt");
    for name in ["pi.lan", "192.168.1.70", "localhost", "127.0.0.1", "::1"] {
        assert!(verify(folder.path(), &leaf, name), "{name}");
    }
    for name in ["evil.example", "192.168.1.71"] {
        assert!(!verify(folder.path(), &leaf, name), "{name}");
    }
    let own = forge(folder.path(), host("pi.lan"));
    assert!(verify(folder.path(), &own, "pi.lan"), "the forger forges well");
    for name in ["evil.example", "pi.lan.evil.example", "lan"] {
        let forged = forge(folder.path(), host(name));
        assert!(!verify(folder.path(), &forged, name), "{name}");
    }
    for address in ["192.168.1.71", "203.0.113.1", "2001:db8::1"] {
        let forged = forge(folder.path(), SanType::IpAddress(address.parse().unwrap()));
        assert!(!verify(folder.path(), &forged, address), "{address}");
    }
}

#[test]
fn webpki_sees_the_same() {
    use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
    use webpki::anchor_from_trusted_cert;

    let folder = tempfile::tempdir().unwrap();
    let page = create(folder.path());
    let anchors = [anchor_from_trusted_cert(page.root().der()).unwrap()];
    let check = |leaf: &CertificateDer<'_>, name: &str| {
        let leaf = webpki::EndEntityCert::try_from(leaf).unwrap();
        let usage = webpki::KeyUsage::server_auth();
        let algorithms = webpki::ALL_VERIFICATION_ALGS;
        let path = leaf.verify_for_usage(algorithms, &anchors, &[], UnixTime::now(), usage, None, None);
        path.is_ok() && leaf.verify_is_valid_for_subject_name(&ServerName::try_from(name).unwrap()).is_ok()
    };
    for name in ["pi.lan", "192.168.1.70", "::1"] {
        assert!(check(page.leaf().der(), name), "{name}");
    }
    for name in ["pi.lan", "evil.example"] {
        let forged = fs::read(forge(folder.path(), host(name))).unwrap();
        let forged = otary_trust::Certificate::from_pem(&forged).unwrap();
        assert_eq!(check(forged.der(), name), name == "pi.lan", "{name}");
    }
}

#[test]
fn it_has_nothing_in_common_with_the_root_that_devices_hold() {
    let folder = tempfile::tempdir().unwrap();
    let trust = folder.path().join("trust");
    let authority = otary_trust::Authority::open_or_create(&trust, &names(), &clock(Duration::ZERO)).unwrap();
    let page = create(&trust);
    assert!(page.leaf().check_issuer(page.root()).is_ok());
    for anchor in authority.anchors() {
        assert_ne!(anchor.common_name(), page.root().common_name());
        assert!(page.leaf().check_issuer(anchor).is_err());
    }
    let again = otary_trust::Authority::open(&trust).unwrap();
    assert_eq!(again.anchors_pem(), authority.anchors_pem(), "and changes nothing of what devices trust");
}

#[test]
fn the_leaf_is_renewed_and_the_authority_stays_until_there_is_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut page = create(folder.path());
    let root = page.root().fingerprint();
    assert_eq!(page.refresh(&names(), &clock(59 * DAY)).unwrap(), PageRenewal::NotDue);
    assert_eq!(page.refresh(&names(), &clock(61 * DAY)).unwrap(), PageRenewal::Leaf);
    let fewer = &names()[1..];
    assert_eq!(page.refresh(fewer, &clock(62 * DAY)).unwrap(), PageRenewal::NotDue, "a name that went stays");
    assert_eq!(page.root().fingerprint(), root);

    let more: Vec<Name> = names().into_iter().chain(["ota.lan".parse().unwrap()]).collect();
    assert_eq!(page.refresh(&more, &clock(62 * DAY)).unwrap(), PageRenewal::Authority);
    assert_ne!(page.root().fingerprint(), root);
    let found = PageAuthority::open(folder.path()).unwrap().unwrap();
    assert_eq!(found.root().fingerprint(), page.root().fingerprint());
    let mut old = found;
    assert_eq!(old.refresh(&more, &clock(3_650 * DAY)).unwrap(), PageRenewal::Authority, "before it ends");
}

#[test]
fn with_a_wrong_clock_it_serves_on_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut page = create(folder.path());
    let right = clock(Duration::ZERO);
    let wrong = Clock { now: Time::from_secs(1), ..right };
    let more: Vec<Name> = names().into_iter().chain(["ota.lan".parse().unwrap()]).collect();
    assert!(matches!(page.refresh(&more, &wrong).unwrap(), PageRenewal::Postponed(_)));
}

#[cfg(unix)]
#[test]
fn its_keys_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    create(folder.path());
    for (file, mode) in [("page", 0o700), ("page/root.key", 0o600), ("page/leaf.key", 0o600)] {
        let found = fs::metadata(folder.path().join(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{file}");
    }
    fs::set_permissions(folder.path().join("page/root.key"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(PageAuthority::open(folder.path()).is_err());
}
