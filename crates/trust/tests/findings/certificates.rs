//! Certificates are found in every form in which firmware carries them, and told apart as devices tell anchors apart.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use otary_fleet::Embedded;
use otary_trust::{Certificate, search};

use crate::image::{authority, openssl, with, with_crlf};

/// The place of `wanted` in `image`.
fn place(image: &[u8], wanted: &[u8]) -> u64 {
    image.windows(wanted.len()).position(|window| window == wanted).unwrap() as u64
}

#[test]
fn both_roots_are_found_as_text_and_as_bytes_where_they_stand() {
    let (_folder, authority) = authority();
    let (root, next) = (authority.root(), authority.next_root());
    let image = with(&[b"https://ota.lan:3443/update", root.pem().as_bytes(), next.der()]);
    let found = search(&image);

    let [first, second] = found.certificates.as_slice() else { panic!("{found:?}") };
    assert_eq!((&first.anchor, first.pem), (&root.anchor(), true));
    assert_eq!((&second.anchor, second.pem), (&next.anchor(), false));
    assert_eq!(first.offset, place(&image, b"-----BEGIN"));
    assert_eq!(second.offset, place(&image, next.der()));
    assert!(first.anchor.authority);
    assert_eq!(
        (found.hosts, found.urls),
        (vec!["ota.lan".to_owned()], vec!["https://ota.lan:3443/update".into()])
    );
    assert_eq!(found.private_keys, []);
}

#[test]
fn text_is_read_however_its_lines_end_and_whatever_stands_around_it() {
    let (_folder, authority) = authority();
    let pem = authority.root().pem();
    let one_line = pem.replace('\n', "").replace("CERTIFICATE-----MII", "CERTIFICATE-----\nMII");
    let texts = [
        pem.to_owned(),
        with_crlf(pem),
        pem.trim_end().to_owned(),
        pem.replace('\n', "  \n\t"),
        one_line,
        format!("\n# our root\n{pem}"),
        format!("-----BEGIN CERTIFICATE-----{pem}"),
    ];
    for text in texts {
        let found = search(&with(&[text.as_bytes()])).certificates;
        assert_eq!(found.len(), 1, "{text:?}");
        assert_eq!(found[0].anchor, authority.root().anchor());
    }
    let both = authority.anchors_pem();
    assert_eq!(search(&with(&[both.as_bytes()])).certificates.len(), 2, "one text with two blocks");
}

#[test]
fn a_leaf_is_found_and_is_no_authority() {
    let (_folder, authority) = authority();
    let leaf = authority.leaf().unwrap().certificate();
    let found = search(&with(&[leaf.pem().as_bytes()])).certificates;
    assert_eq!((found[0].anchor.name.as_str(), found[0].anchor.authority), ("ota.lan", false));
}

#[test]
fn what_the_tutorial_makes_is_found_and_is_its_own_authority() {
    let subject = "/CN=serverota.local";
    let arguments =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-days", "730", "-subj"];
    let Some(pem) = openssl(&[&arguments[..], &[subject]].concat(), b"") else { return };
    let found = search(&with(&[&pem])).certificates;
    assert_eq!((found[0].anchor.name.as_str(), found[0].anchor.authority), ("serverota.local", true));
    assert_eq!(found[0].anchor, Certificate::from_pem(&pem).unwrap().anchor());
}

#[test]
fn a_gzip_file_is_searched_inside() {
    let (_folder, authority) = authority();
    let image = with(&[authority.root().pem().as_bytes(), b"serverota.local"]);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&image).unwrap();
    let gzip = gzip.finish().unwrap();
    assert_eq!(search(&gzip), search(&image));
    assert_eq!(search(&gzip).certificates.len(), 1);
    assert_eq!(
        search(&gzip[..gzip.len() / 2]),
        Embedded::default(),
        "what does not unpack is searched as it is"
    );
}

#[test]
fn markers_alone_and_damaged_certificates_are_none() {
    let (_folder, authority) = authority();
    let root = authority.root();
    let mut flipped = root.der().to_vec();
    flipped[5] ^= 1;
    let cut = &root.der()[..root.der().len() - 1];
    let torn = root.pem().replacen("MII", "M\0II", 1);
    let other_end = root.pem().replace("END CERTIFICATE", "END X509 CRL");
    let image = with(&[
        b"-----BEGIN CERTIFICATE-----",
        b"-----END CERTIFICATE-----",
        &flipped,
        torn.as_bytes(),
        other_end.as_bytes(),
    ]);
    assert_eq!(search(&image).certificates, []);
    assert_eq!(search(cut).certificates, []);
}

#[test]
fn so_many_are_kept_and_no_more() {
    let (_folder, authority) = authority();
    let (pem, der) = (authority.root().pem().as_bytes(), authority.next_root().der().as_ref());
    let image = with(&[pem.repeat(100).as_slice(), der.repeat(100).as_slice()]);
    let found = search(&image).certificates;
    assert_eq!(found.len(), Embedded::MAX_EACH);
    assert!(found.is_sorted_by_key(|certificate| certificate.offset));
}
