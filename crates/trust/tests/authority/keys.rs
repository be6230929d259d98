//! Private keys from elsewhere, in the forms that OpenSSL has written over the years.

use std::process::Command;

use otary_trust::{Defect, KeyKind, PrivateKey};

fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn every_form_of_a_key_is_read_and_becomes_pkcs8() {
    let cases: [(&str, &[&str], KeyKind); 6] = [
        ("PKCS#8", &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], KeyKind::Rsa2048),
        ("PKCS#1", &["genrsa", "-traditional", "3072"], KeyKind::Rsa3072),
        ("PKCS#8", &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], KeyKind::P384),
        ("SEC1 behind its parameters", &["ecparam", "-name", "prime256v1", "-genkey"], KeyKind::P256),
        ("SEC1", &["ecparam", "-name", "secp384r1", "-genkey", "-noout"], KeyKind::P384),
        ("PKCS#1", &["genrsa", "-traditional", "4096"], KeyKind::Rsa4096),
    ];
    for (form, arguments, kind) in cases {
        let key = PrivateKey::from_pem(&openssl(arguments)).unwrap();
        assert_eq!(key.kind(), kind, "{form}");
        let text = key.pem().unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{form} is written as PKCS#8");
        assert_eq!(PrivateKey::from_pem(text.as_bytes()).unwrap().public_key(), key.public_key());
    }
}

#[test]
fn what_is_no_key_for_a_server_is_refused_with_what_would_be() {
    for arguments in [&["genrsa", "1024"][..], &["genpkey", "-algorithm", "ED25519"]] {
        let error = PrivateKey::from_pem(&openssl(arguments)).unwrap_err();
        assert!(matches!(error, Defect::Key), "{error}");
        assert!(error.to_string().contains("RSA with 2048, 3072 or 4096 bits"));
    }
    let error = PrivateKey::from_pem(&openssl(&["ecparam", "-name", "prime256v1"])).unwrap_err();
    assert!(matches!(&error, Defect::Label { found, .. } if found == "EC PARAMETERS"), "{error}");
}
