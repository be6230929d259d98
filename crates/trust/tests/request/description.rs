//! What is told of a certificate, beside what OpenSSL reads in it.

use otary_trust::{Certificate, Description, Request};
use tempfile::TempDir;

use super::{made, printed};

const CONFIG: &str = "[req]\ndistinguished_name = w\nx509_extensions = e\nprompt = no\ndefault_md = sha384\n[w]\nC = DE\nCN = a.lan\n\
    [e]\nsubjectAltName = DNS:a.lan,IP:10.0.0.1,IP:fd00::7,email:a@b.c\nkeyUsage = digitalSignature,keyCertSign\n\
    extendedKeyUsage = serverAuth,1.2.3.4\nbasicConstraints = CA:TRUE\n";

#[test]
fn it_is_what_the_request_said() {
    let made = made(&Request::from_openssl(CONFIG).unwrap(), 30);
    let Description { serial, sha1, .. } = made.describe().unwrap();
    assert_eq!(
        made.describe().unwrap(),
        Description {
            subject: "C=DE, CN=a.lan".into(),
            issuer: "C=DE, CN=a.lan".into(),
            self_issued: true,
            serial: serial.clone(),
            key: "RSA-2048".into(),
            signature: "RSA with SHA-384".into(),
            alternative_names: ["DNS:a.lan", "IP:10.0.0.1", "IP:fd00::7", "email:a@b.c"]
                .map(Into::into)
                .into(),
            authority: Some(true),
            key_usage: Some(vec!["digitalSignature", "keyCertSign"]),
            purposes: Some(vec!["serverAuth".into(), "1.2.3.4".into()]),
            sha1: sha1.clone(),
        }
    );
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("x.crt"), made.pem()).unwrap();
    let asked = ["x509", "-noout", "-serial", "-fingerprint", "-sha1", "-in", "x.crt"];
    let Some(text) = printed("openssl", &asked, dir.path()) else { return };
    assert_eq!(text, format!("serial={serial}\nsha1 Fingerprint={sha1}\n"));
}

#[test]
fn kinds_of_keys_that_otary_does_not_hold_are_told_too() {
    for (options, key, signature) in [
        (&["ed25519"][..], "Ed25519", "Ed25519"),
        (&["rsa:1024", "-sha1"], "RSA-1024", "RSA with SHA-1"),
        (&["ec", "-pkeyopt", "ec_paramgen_curve:P-521", "-sha512"], "P-521", "ECDSA with SHA-512"),
    ] {
        let dir = TempDir::new().unwrap();
        let fixed = ["req", "-x509", "-nodes", "-subj", "/CN=x", "-keyout", "x.key", "-newkey"];
        let Some(pem) = printed("openssl", &[&fixed[..], options].concat(), dir.path()) else { return };
        let [read] = &Certificate::chain_from_pem(pem.as_bytes()).unwrap()[..] else { panic!() };
        let told = read.describe().unwrap();
        assert_eq!((told.key.as_str(), told.signature.as_str()), (key, signature));
        assert_eq!((told.self_issued, told.authority), (true, Some(true)));
    }
}
