//! What is refused, and what is said to do about it.

use crate::bench::Bench;

#[test]
fn a_name_that_no_device_would_believe() {
    let bench = Bench::new(&["ota.lan", "*.home.lan", "10.0.0.7", "fd00::7"]);
    assert_eq!(
        bench.refused("--host lamp.lan"),
        "error: the server's certificate is not for lamp.lan, so devices would not believe it\n\
         help: it has ota.lan, 10.0.0.7; `otary serve --name lamp.lan` adds this one\n"
    );
    for name in ["home.lan", "a.b.home.lan", "home.lan.evil.example", "10.0.0.70"] {
        let refused = bench.refused(&format!("--host {name}"));
        assert!(refused.contains(&format!("is not for {name},")), "{refused}");
    }
}

#[test]
fn a_name_that_no_sketch_can_use() {
    let bench = Bench::new(&["ota.lan", "*.home.lan", "fd00::7"]);
    assert_eq!(
        bench.refused("--host [fd00::7]"),
        "error: no sketch can use fd00::7: HTTPUpdate ends the host at its first colon, so it has no IPv6 addresses\n\
         help: it has ota.lan\n"
    );
    assert!(bench.refused("--host *.home.lan").contains("it stands for many names, not for one"));
    assert!(
        bench
            .refused("--host https://ota.lan")
            .contains("a name is what stands in a URL between https:// and")
    );
    let only_here = Bench::new(&["localhost", "127.0.0.1", "fd00::7"]);
    assert_eq!(
        only_here.refused(""),
        "error: the server's certificate has no name by which a device could reach it\n\
         help: `otary serve --name NAME` adds one\n"
    );
    assert!(only_here.sketched("--host 127.0.0.1").contains("https://127.0.0.1:3443/"), "for a bench");
}

#[test]
fn a_data_directory_without_an_authority() {
    let bench = Bench::empty();
    let refused = bench.refused("");
    assert!(refused.starts_with("error: there is no data directory x\nhelp: "), "{refused}");
    assert!(refused.contains("`otary serve` makes it at its first start"), "{refused}");
    std::fs::create_dir(bench.path("x")).unwrap();
    assert_eq!(
        bench.refused(""),
        "error: there is no authority in x that a sketch could trust\n\
         help: otary serve --data x makes it at its first start\n"
    );
}

#[test]
fn an_authority_without_a_server_certificate() {
    let bench = Bench::new(&["ota.lan"]);
    std::fs::remove_file(bench.trust().join("leaf.crt")).unwrap();
    std::fs::remove_file(bench.trust().join("leaf.key")).unwrap();
    assert_eq!(
        bench.refused(""),
        "error: there is no server certificate, so no name that a sketch could ask for\n\
         help: otary serve --data x makes it\n"
    );
}

#[test]
fn settings_that_no_sketch_fits() {
    let bench = Bench::new(&["ota.lan"]);
    let with = |settings: &str, options: &str| {
        std::fs::write(bench.path("x/otary.toml"), settings).unwrap();
        bench.sketch(options)
    };
    let refused = with("listen.https = \":0\"", "").err;
    assert!(
        refused.contains("help: start the server, or name the port that devices connect to with --port"),
        "{refused}"
    );
    assert!(with("listen.https = \":0\"", "--port 3443").ok);
    assert!(with("listen.https = \"10.0.0.7:8443\"", "").out.contains("https://ota.lan:8443/update?chip="));
}

#[test]
fn a_board_that_cannot_have_the_module() {
    assert_eq!(
        Bench::new(&["ota.lan"]).refused("--esp8266 --ethernet lan8720"),
        "error: an ESP8266 has no RMII, which a LAN8720 needs\n\
         help: on an ESP8266 use a module on SPI: --ethernet w5500, or --ethernet enc28j60\n"
    );
}

#[test]
fn a_version_or_product_that_would_not_stay_between_its_quotes() {
    let bench = Bench::new(&["ota.lan"]);
    for argument in
        ["--version=a\"b", "--version=a\\", "--version=", "--version=@ROOTS@", "--product=../x", "--port=0"]
    {
        assert!(bench.refused(argument).contains("error: "), "{argument}");
    }
    assert!(bench.refused(&format!("--version={}", "1".repeat(65))).contains("1 to 64 of letters"));
}
