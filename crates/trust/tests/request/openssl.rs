//! Request files, made into certificates here and by the real `openssl req`.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use otary_trust::{KeyKind, Request};
use tempfile::TempDir;
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_KEY_IDENTIFIER as KEY_ID;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate, X509Extension};

use super::{made, printed};

/// As `openssl req` is called on such a file.
const REQ: [&str; 12] = [
    "req",
    "-x509",
    "-nodes",
    "-batch",
    "-days",
    "730",
    "-newkey",
    "rsa:2048",
    "-keyout",
    "server.key",
    "-config",
    "local.cnf",
];

/// What of a certificate comes from its request: subject, signature algorithm, extensions in their order. What depends
/// on key and serial number is said by its relation to them.
#[derive(Debug, PartialEq)]
struct Said {
    version: u32,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    algorithm: String,
    extensions: Vec<(String, bool, Vec<u8>)>,
}

fn said(der: &[u8]) -> Said {
    let (_, x509) = X509Certificate::from_der(der).unwrap();
    let key_id = digest(&SHA1_FOR_LEGACY_USE_ONLY, &x509.public_key().subject_public_key.data);
    let value = |extension: &X509Extension<'_>| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => vec![u8::from(id.0 == key_id.as_ref())],
        ParsedExtension::AuthorityKeyIdentifier(id) => vec![
            u8::from(id.key_identifier.as_ref().is_some_and(|id| id.0 == key_id.as_ref())),
            u8::from(id.authority_cert_issuer.as_ref().is_some_and(|names| names.len() == 1)),
            u8::from(id.authority_cert_serial == Some(x509.raw_serial())),
        ],
        _ => extension.value.to_vec(),
    };
    let extensions = x509.extensions().iter();
    Said {
        version: x509.version().0,
        subject: x509.subject().as_raw().to_vec(),
        issuer: x509.issuer().as_raw().to_vec(),
        algorithm: x509.signature_algorithm.algorithm.to_id_string(),
        extensions: extensions
            .map(|found| (found.oid.to_id_string(), found.critical, value(found)))
            .collect(),
    }
}

/// What OpenSSL and otary make of one file; none without OpenSSL.
fn both(config: &str) -> Option<[Said; 2]> {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("local.cnf"), config).unwrap();
    let pem = printed("openssl", &REQ, dir.path())?;
    let [theirs] = &otary_trust::Certificate::chain_from_pem(pem.as_bytes()).unwrap()[..] else { panic!() };
    let ours = made(&Request::from_openssl(config).unwrap(), 730);
    Some([said(theirs.der()), said(ours.der())])
}

fn assert_same(config: &str) {
    if let Some([theirs, ours]) = both(config) {
        assert_eq!(theirs, ours, "{config}");
    }
}

/// A file with this in `[req]` and as extensions.
fn with(req: &str, extensions: &str) -> String {
    format!(
        "[req]\ndistinguished_name = who\nx509_extensions = ext\nprompt = no\n{req}\n[who]\nCN = lamps.lan\n[ext]\n{extensions}\n"
    )
}

#[test]
fn a_file_as_people_write_it_for_a_host_name() {
    assert_same(
        "# For the lamps.\n[ req ]\ndistinguished_name = req_dn\nx509_extensions = v3_req\nprompt = no\n\
         [ req_dn ]\nC = DE\nST = Bavaria\nL = Bamberg\nO = lamps.example.org\nOU = workshop\n\
         CN = 192.168.7.20: our own certificate\n[req_ext]\nsubjectAltName = @alt_names\n\
         [v3_req]\nsubjectAltName = @alt_names\n[alt_names]\nDNS.1 = lamps.ddns.example\n",
    );
}

#[test]
fn the_same_for_an_address_and_for_all_kinds_of_names() {
    assert_same(&with("", "subjectAltName = @names\n[names]\nIP.1 = 192.168.7.20"));
    assert_same(&with(
        "",
        "subjectAltName = critical, DNS:Lamps.lan , IP:192.168.7.20,IP:fd00::7, email:a@b.example, URI:https://a.b/c",
    ));
    assert_same(&with(
        "",
        "subjectAltName = @n\n[n]\nURI.2 = urn:x\nDNS = *.lan\nIP.a = ::1\nDNS.2 = \"q.lan\" # why",
    ));
}

#[test]
fn extensions_have_the_same_order_form_and_bits() {
    for extensions in [
        "basicConstraints = CA:FALSE",
        "basicConstraints = critical,CA:true,pathlen:0",
        "keyUsage = critical, digitalSignature, keyEncipherment",
        "keyUsage = decipherOnly",
        "keyUsage = keyCertSign, cRLSign\nextendedKeyUsage = critical, serverAuth, clientAuth, 1.3.6.1.4.1.311.10.3.4",
        "subjectKeyIdentifier = none\nbasicConstraints = CA:TRUE",
    ] {
        assert_same(&with("", extensions));
    }
}

#[test]
fn a_certificate_that_is_its_own_issuer_says_so_in_the_same_cases() {
    for before in ["", "subjectKeyIdentifier = hash\n"] {
        for key in ["keyid", "keyid:always"] {
            for issuer in ["", ",issuer", ", issuer:always"] {
                assert_same(&with(
                    "",
                    &format!("{before}authorityKeyIdentifier = {key}{issuer}\nkeyUsage = cRLSign"),
                ));
            }
        }
    }
    assert_same(&with("", "authorityKeyIdentifier = issuer\nkeyUsage = cRLSign"));
    assert_same(&with("", "authorityKeyIdentifier = none\nkeyUsage = cRLSign"));
}

#[test]
fn subjects_have_the_same_parts_order_and_alphabets() {
    let subject = |lines: &str| {
        format!(
            "[req]\ndistinguished_name = w\nx509_extensions = e\nprompt = no\nutf8 = yes\n[w]\n{lines}\n[e]\nbasicConstraints = CA:TRUE"
        )
    };
    assert_same(&subject("CN = Größe\nO = \"a # b\"\n0.OU = one\n1.OU = two\nDC = lan\ncountryName = DE"));
    assert_same(&subject(
        "emailAddress = a@b.c\nserialNumber = 12\nGN = A\nSN = B\ntitle = C\nstreet = D\npostalCode = 7\nUID = u\ndnQualifier = q",
    ));
}

#[test]
fn digests_are_the_same_and_the_key_has_the_bits_of_the_file() {
    for digest in ["sha256", "sha384", "sha512"] {
        assert_same(&with(&format!("default_md = {digest}"), "keyUsage = digitalSignature"));
    }
    let key = |bits: &str| Request::from_openssl(&with(bits, "")).unwrap().key();
    assert_eq!(key(""), KeyKind::Rsa2048);
    assert_eq!(key("default_bits = 4096"), KeyKind::Rsa4096);
}

#[test]
fn where_openssl_would_ask_the_defaults_of_the_file_are_taken() {
    assert_same(
        "default_bits = 2048\n[req]\ndistinguished_name = w\nx509_extensions = e\n[w]\n\
         countryName = Country Name (2 letter code)\ncountryName_default = DE\ncountryName_min = 2\n\
         localityName = Town\ncommonName = Name\ncommonName_default = lamps.lan\ncommonName_max = 64\n\
         [e]\nsubjectAltName = DNS:lamps.lan\n",
    );
}

#[test]
fn without_extensions_the_key_identifier_is_there_as_newer_openssls_add_it() {
    let Some([theirs, ours]) = both("[req]\nprompt = no\ndistinguished_name = w\n[w]\nCN = lamps.lan\n")
    else {
        return;
    };
    assert_eq!((theirs.subject, theirs.algorithm), (ours.subject, ours.algorithm));
    let oids: Vec<&str> = ours.extensions.iter().map(|(oid, ..)| oid.as_str()).collect();
    assert_eq!(oids, [KEY_ID.to_id_string()]);
    assert_eq!(ours.version, 2, "counted from 0: version 3");
}
