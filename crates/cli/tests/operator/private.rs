//! Private products, and devices that are enrolled.

use std::fs;

use serde_json::json;

use crate::bench::Bench;

const MAC: &str = "24:6F:28:AA:BB:CC";

#[test]
fn a_products_secret_is_printed_alone_and_once() {
    let bench = Bench::new();
    let made = bench.otary("product add lamp --private --new-secret").succeeded();
    assert!(made.out.starts_with("otary_") && made.out.lines().count() == 1, "{}", made.out);
    assert!(made.err.contains("private (its secret or a device's own credential)"), "{}", made.err);
    let listed = bench.otary("product list").succeeded().out;
    assert!(listed.contains("lamp (private)"), "{listed}");
    let listed = bench.otary("product list --json");
    assert!(!listed.out.contains(made.out.trim()));
    let listed = listed.json();
    assert_eq!((&listed[0]["private"], &listed[0]["has_secret"]), (&json!(true), &json!(true)));
    assert_eq!(listed[0]["secret"], json!(null), "not even its digest");

    let said = bench.otary("product set lamp --no-private --no-secret").succeeded().out;
    assert_eq!(said, "lamp: chips any, allows neither plain HTTP nor raw files\n");
}

#[test]
fn a_secret_of_ones_own_comes_from_a_file() {
    let bench = Bench::new();
    fs::write(bench.path("lamp.secret"), "correct-horse-battery\n").unwrap();
    let said = bench.otary("product add lamp --secret-file lamp.secret").succeeded().out;
    assert_eq!(said, "Added lamp: chips any, with a secret, allows neither plain HTTP nor raw files\n");
    fs::write(bench.path("bad.secret"), "short\n").unwrap();
    let said = bench.otary("product set lamp --secret-file bad.secret").failed();
    assert!(said.contains("the first line of bad.secret is no secret: it has 5 bytes, not 12 to 64\nhelp: "));
    let said = bench.otary("product set lamp --new-secret --no-secret").err;
    assert!(said.contains("cannot be used with"), "{said}");
    let said = bench.otary("product set lamp --private --allow-plain-http").failed();
    assert!(said.starts_with("error: lamp cannot be private and go over plain HTTP"), "{said}");
}

#[test]
fn a_device_is_enrolled_with_a_token_and_disenrolled() {
    let bench = Bench::new();
    bench.otary("product add lamp --private").succeeded();
    bench.otary(&format!("device assign {MAC} lamp")).succeeded();
    let [first, second] = [(); 2].map(|()| bench.otary(&format!("device enroll {MAC} --token")).succeeded());
    assert!(first.out.starts_with("otary_") && first.out.lines().count() == 1, "{}", first.out);
    assert!(
        first.err.starts_with(&format!("{MAC} is enrolled for lamp. This is its token.")),
        "{}",
        first.err
    );

    let shown = bench.otary(&format!("device show {MAC}")).succeeded().out;
    let digests: Vec<&str> = shown
        .lines()
        .filter_map(|line| line.trim().strip_prefix("holds     token ")?.split(',').next())
        .collect();
    assert_eq!(digests.len(), 2, "{shown}");
    assert!(shown.contains("local: issued the token") && !shown.contains(second.out.trim()), "{shown}");

    let said = bench.otary(&format!("device disenroll {MAC} {}", digests[0])).succeeded().out;
    assert_eq!(said, format!("Taken back. {MAC} has 1 credential left.\n"));
    let said = bench.otary(&format!("device disenroll {MAC}")).succeeded().out;
    assert_eq!(said, format!("Taken back. {MAC} has 0 credentials left.\n"));
    let said = bench.otary(&format!("device disenroll {MAC}")).failed();
    assert_eq!(said, format!("error: {MAC} has no such credential\nhelp: otary device show {MAC}\n"));
    assert!(bench.otary(&format!("device enroll {MAC}")).err.contains("required"), "one of the two kinds");
}

#[test]
fn enrolling_says_which_product_the_credential_opens() {
    let bench = Bench::new();
    for product in ["lamp", "gate"] {
        bench.otary(&format!("product add {product} --private")).succeeded();
    }
    let said = bench.otary(&format!("device enroll {MAC} --token")).succeeded().err;
    let note = format!("note: it opens no private product until otary device assign {MAC} PRODUCT\n");
    assert!(said.ends_with(&note), "{said}");
    let said = bench.otary(&format!("device enroll {MAC} --product gate --token")).succeeded().err;
    assert_eq!(said, format!("{MAC} is enrolled for gate. This is its token. It is not shown again.\n"));
}

#[test]
fn a_certificate_is_signed_by_the_authority_and_its_key_is_for_its_owner_alone() {
    let bench = Bench::new();
    let _server = bench.serve();
    let enroll = format!("device enroll {MAC} --certificate --out-cert lamp.crt --out-key lamp.key");
    let said = bench.otary(&enroll).succeeded().out;
    assert!(said.starts_with(&format!("{MAC} is enrolled: its certificate is lamp.crt")), "{said}");
    let certificate = fs::read(bench.path("lamp.crt")).unwrap();
    let certificate = otary_trust::Certificate::from_pem(&certificate).unwrap();
    assert_eq!(certificate.common_name(), MAC);
    assert!(fs::read_to_string(bench.path("lamp.key")).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(bench.path("lamp.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let shown = bench.otary(&format!("device show {MAC} --json")).json();
    let digest = otary_fleet::Sha256(*certificate.fingerprint().as_bytes()).to_string();
    assert_eq!(shown["device"]["credentials"][0]["kind"]["certificate"], digest);

    let said = bench.otary(&enroll).failed();
    assert!(said.contains("writing lamp.key"), "nothing is overwritten: {said}");
    let said = bench.otary(&enroll.replace("lamp.key", "other.key")).failed();
    assert!(said.contains("writing lamp.crt"), "{said}");
    assert!(!bench.path("other.key").exists(), "no key stays without its certificate");
    assert!(bench.otary(&format!("device enroll {MAC} --certificate")).err.contains("--out-cert"));
}

#[test]
fn the_sketch_of_a_private_product_shows_the_secret() {
    let bench = Bench::new();
    let server = bench.serve();
    server.kill();
    bench.otary("product add lamp --private --new-secret").succeeded();
    let blank = bench.otary("sketch --product lamp").succeeded();
    assert!(blank.out.contains("#define UPDATE_SECRET \"<THE-SECRET>\"\n"), "{}", blank.out);
    assert!(blank.err.contains("note: the product is private: fill in UPDATE_SECRET"), "{}", blank.err);
    bench.otary("product add open").succeeded();
    assert!(!bench.otary("sketch --product open").succeeded().out.contains("SECRET"));

    fs::write(bench.path("lamp.secret"), "quotes\"and\\slashes??/@URL@\n").unwrap();
    let filled = bench.otary("sketch --product lamp --secret-file lamp.secret --out lamp.ino").succeeded();
    let sketch = fs::read_to_string(bench.path("lamp.ino")).unwrap();
    let line = r#"#define UPDATE_SECRET "quotes\"and\\slashes\?\?/@URL@""#;
    assert!(sketch.contains(line) && sketch.contains("setAuthorization(\"device\", UPDATE_SECRET);"));
    assert!(!filled.err.contains("quotes") && !filled.err.contains("note:"), "{}", filled.err);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(bench.path("lamp.ino")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "who reads it has the secret");
    }
}
