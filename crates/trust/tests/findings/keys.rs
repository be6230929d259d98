//! Complete private keys are found in every form, and nothing that merely begins like one.

use otary_trust::{KeyKind, PrivateKey, search};
use rustls_pki_types::PrivateKeyDer;

use crate::image::{authority, openssl, with, with_crlf};

/// The kinds of key found in an image around `piece`.
fn kinds(piece: &[u8]) -> Vec<String> {
    search(&with(&[piece])).private_keys.into_iter().map(|key| key.kind).collect()
}

/// A key's text without the markers: its DER.
fn der(pem: &[u8]) -> Vec<u8> {
    use rustls_pki_types::pem::PemObject;
    PrivateKeyDer::from_pem_slice(pem).unwrap().secret_der().to_vec()
}

#[test]
fn keys_that_otary_makes_are_found_as_text_and_as_bytes() {
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Rsa2048] {
        let key = PrivateKey::generate(kind).unwrap();
        let pem = key.pem().unwrap();
        assert_eq!(kinds(pem.as_bytes()), [kind.name()]);
        assert_eq!(kinds(with_crlf(&pem).as_bytes()), [kind.name()]);
        assert_eq!(kinds(key.to_der().secret_der()), [kind.name()]);
    }
}

#[test]
fn keys_that_openssl_makes_are_found_in_the_forms_of_every_year() {
    let forms: [(&[&str], &str); 8] = [
        (&["genrsa", "-traditional", "1024"], "RSA-1024"),
        (&["genrsa", "-traditional", "2048"], "RSA-2048"),
        (&["genrsa", "3072"], "RSA-3072"),
        (&["ecparam", "-name", "prime256v1", "-genkey"], "P-256"),
        (&["ecparam", "-name", "secp521r1", "-genkey", "-noout"], "P-521"),
        (&["ecparam", "-name", "secp256k1", "-genkey", "-noout"], "secp256k1"),
        (&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], "P-384"),
        (&["genpkey", "-algorithm", "ED25519"], "Ed25519"),
    ];
    for (arguments, kind) in forms {
        let Some(pem) = openssl(arguments, b"") else { return };
        assert_eq!(kinds(&pem), [kind], "{arguments:?}");
        assert_eq!(kinds(&der(&pem)), [kind], "{arguments:?} as DER");
    }
}

#[test]
fn a_key_is_found_where_it_stands() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let key = key.to_der();
    let image = with(&[key.secret_der()]);
    let place = image.windows(20).position(|window| *window == key.secret_der()[..20]).unwrap();
    assert_eq!(search(&image).private_keys[0].offset, place as u64);
}

#[test]
fn an_encrypted_key_is_none() {
    let Some(plain) = openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], b"")
    else {
        return;
    };
    let encrypted = openssl(&["pkcs8", "-topk8", "-passout", "pass:1234"], &plain).unwrap();
    let traditional = openssl(&["ec", "-aes128", "-passout", "pass:1234"], &plain).unwrap();
    assert_eq!(kinds(&encrypted), [""; 0]);
    assert_eq!(kinds(&traditional), [""; 0]);
}

#[test]
fn markers_that_every_tls_library_contains_are_none() {
    let labels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"];
    let text = labels.map(|label| {
        format!(
            "-----BEGIN {label}-----\0-----END {label}-----\n-----BEGIN {label}-----\n-----END {label}-----\0"
        )
    });
    let text = text.concat();
    assert_eq!(kinds(text.as_bytes()), [""; 0]);
}

#[test]
fn numbers_that_do_not_belong_together_are_no_key() {
    let rsa = PrivateKey::generate(KeyKind::Rsa2048).unwrap().to_der().secret_der().to_vec();
    // PKCS#8 puts 26 bytes around the RSA key, whose modulus begins 12 bytes later.
    let mut changed = rsa;
    changed[26 + 12 + 250] ^= 0x40;
    assert_eq!(kinds(&changed), [""; 0], "the modulus is no product of the primes");
    let p256 = PrivateKey::generate(KeyKind::P256).unwrap().to_der().secret_der().to_vec();
    let scalar = p256.windows(2).position(|window| window == [0x04, 0x20]).unwrap() + 2;
    let mut blank = p256.clone();
    blank[scalar..scalar + 32].fill(0xFF);
    assert_eq!(kinds(&blank), [""; 0], "a blank scalar");
    let mut curve = p256.clone();
    let oid = p256.windows(3).position(|window| window == [3, 1, 7]).unwrap();
    curve[oid + 2] = 9;
    assert_eq!(kinds(&curve), [""; 0], "an unknown curve");
    assert_eq!(search(&p256[..p256.len() - 1]).private_keys, [], "cut off by the end of the image");
}

#[test]
fn public_keys_and_certificates_hold_none() {
    let (_folder, authority) = authority();
    let key = PrivateKey::generate(KeyKind::Rsa2048).unwrap().public_key();
    let image = with(&[authority.anchors_pem().as_bytes(), authority.root().der(), &key]);
    assert_eq!(search(&image).private_keys, []);
}
