//! What a request file may not say: refused with line, key, and what would be right.

use std::error::Error as _;

use otary_trust::{KeyKind, Request};
use proptest::prelude::*;

use super::made;

/// The refusal as the command line prints it.
fn refusal(text: &str) -> String {
    let fault = Request::from_openssl(text).unwrap_err();
    let mut text = fault.to_string();
    let mut cause = fault.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

const GOOD: &str = "[req]\ndistinguished_name = w\nx509_extensions = e\nprompt = no\n[w]\nCN = a.lan\n[e]\nsubjectAltName = @n\n[n]\nDNS.1 = a.lan\n";

#[test]
fn each_mistake_is_named_with_its_line_and_key() {
    for (right, wrong, said) in [
        ("CN = a.lan", "CN a.lan", "line 6: expected `key = value`: there is no equal sign"),
        ("CN = a.lan", "colour = red", "line 6, colour: not known in [w]; known are C, ST, "),
        ("CN = a.lan", "C = Germany", "line 6, C: expected 2 to 2 characters, found 7"),
        ("CN = a.lan", "O = Größe", "line 6, O: there are letters beyond ASCII"),
        ("CN = a.lan", "CN = $ENV::HOST", "line 6, CN: variables are not followed"),
        ("CN = a.lan", "CN = a\nCN = b", "line 7, CN: line 6 has it already"),
        ("CN = a.lan", "# nobody", "[w] gives no part of the subject a value"),
        (
            "prompt = no\n",
            "prompt = no\ndefault_bits = 1024\n",
            "line 5, default_bits: expected 2048, 3072 or 4096, found \"1024\"",
        ),
        ("prompt = no\n", "prompt = no\ndefault_md = sha1\n", "line 5, default_md: expected sha256, "),
        (
            "prompt = no\n",
            "prompt = no\noid_section = x\n",
            "line 5, oid_section: not known in [req]; known are ",
        ),
        ("prompt = no", "prompt = yes", "[w] gives no part of the subject a value"),
        ("distinguished_name = w\n", "", "[req] has no distinguished_name"),
        ("= e", "= f", "line 3, x509_extensions: there is no section [f]"),
        ("@n", "@m", "line 8, subjectAltName: there is no section [m]"),
        ("@n", "a.lan", "line 8, subjectAltName: expected DNS:NAME, "),
        (
            "@n",
            "DNS:a b",
            "line 8, subjectAltName: no device could use the name \"a b\": a host name has ' '",
        ),
        (
            "DNS.1 = a.lan",
            "DNS.1 = a.lan, b.lan",
            "line 10, DNS.1: no device could use the name \"a.lan, b.lan\"",
        ),
        (
            "DNS.1 = a.lan",
            "IP.1 = a.lan",
            "line 10, IP.1: expected an address, as 192.168.1.70, found \"a.lan\"",
        ),
        ("DNS.1 = a.lan", "RID.1 = 1.2.3", "line 10, RID.1: expected DNS:NAME, "),
        (
            "subjectAltName = @n",
            "nsComment = x",
            "line 8, nsComment: not known in [e]; known are subjectAltName, ",
        ),
        ("subjectAltName = @n", "keyUsage = sign", "line 8, keyUsage: expected digitalSignature, "),
        ("subjectAltName = @n", "extendedKeyUsage = 9.9", "line 8, extendedKeyUsage: expected serverAuth, "),
        (
            "subjectAltName = @n",
            "basicConstraints = CA",
            "line 8, basicConstraints: expected CA:TRUE or CA:FALSE",
        ),
        (
            "subjectAltName = @n",
            "authorityKeyIdentifier = always",
            "line 8, authorityKeyIdentifier: expected keyid",
        ),
        ("[e]", "[e", "line 7: expected a section as [name]"),
    ] {
        assert!(GOOD.contains(right), "{right}");
        let refused = refusal(&GOOD.replacen(right, wrong, 1));
        assert!(refused.starts_with(said), "{refused}\n{said}");
    }
}

#[test]
fn a_digest_that_a_key_does_not_sign_is_refused_when_the_key_is_chosen() {
    let request =
        Request::from_openssl(&GOOD.replace("prompt = no", "prompt = no\ndefault_md = sha512")).unwrap();
    assert!(request.clone().with_key(KeyKind::Rsa3072).is_ok());
    let refused = request.with_key(KeyKind::P256).unwrap_err();
    assert_eq!(refused.to_string(), "default_md = sha512 is not followed with a P-256 key");
}

/// A file in which each line may be another one, or be damaged.
fn file() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        3 => prop::sample::select(GOOD.lines().map(str::to_owned).collect::<Vec<_>>()),
        1 => "(subjectAltName|basicConstraints|keyUsage|extendedKeyUsage|authorityKeyIdentifier) = \
              (critical,)?[@:,.A-Za-z0-9 ]{0,20}",
        1 => "(C|ST|L|O|OU|CN|DC|emailAddress|serialNumber|1\\.OU)(_default)? = .{0,70}",
        1 => "(prompt|utf8|default_bits|default_md|default_days|distinguished_name|x509_extensions) = [a-z0-9]{0,8}",
        1 => "(DNS|IP|URI|email)\\.[0-9] = .{0,30}",
        1 => ".{0,30}",
    ];
    prop::collection::vec(line, 0..25).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_text_is_a_request_or_refused(text in "\\PC*", bytes: Vec<u8>) {
        let _ = Request::from_openssl(&text);
        let _ = Request::from_openssl(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn what_is_followed_makes_a_certificate(text in file()) {
        // A quick key: it is what the file says that is tried here.
        if let Ok(request) = Request::from_openssl(&text).and_then(|request| request.with_key(KeyKind::P256)) {
            prop_assert_eq!(made(&request, 730).key_kind(), Some(KeyKind::P256));
        }
    }

    #[test]
    fn a_good_file_with_one_line_of_another_makes_a_certificate_or_is_refused(at in 0_usize..10, line in file()) {
        let mut lines: Vec<&str> = GOOD.lines().collect();
        let other = line.lines().next().unwrap_or_default();
        lines[at] = other;
        let request = Request::from_openssl(&lines.join("\n"));
        if let Ok(request) = request.and_then(|request| request.with_key(KeyKind::P256)) {
            prop_assert!(!made(&request, 730).pem().is_empty());
        }
    }
}
