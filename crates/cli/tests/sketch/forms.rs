//! Every form: what it looks like, and that the compiler takes it, where it should, and not otherwise.

use insta::assert_snapshot;
use otary_image::Chip;

use crate::bench::Bench;
use crate::compiler::{Core, complaints, complaints_of_the_folder, is_installed};

/// The options of each form, with the cores that it is for.
const FORMS: [(&str, &[Core]); 7] = [
    ("", &[Core::Esp32V2, Core::Esp32V3]),
    ("--ethernet w5500", &[Core::Esp32V3]),
    ("--ethernet lan8720", &[Core::Esp32V2, Core::Esp32V3]),
    ("--ethernet enc28j60", &[Core::Esp32V3]),
    ("--esp8266", &[Core::Esp8266]),
    ("--esp8266 --ethernet w5500", &[Core::Esp8266]),
    ("--esp8266 --ethernet enc28j60", &[Core::Esp8266]),
];

/// A sketch with names for the certificates, which are new each time.
fn shown(options: &str) -> String {
    shown_for("ota.lan", options)
}

/// The same, for a server of this name.
fn shown_for(host: &str, options: &str) -> String {
    let bench = Bench::new(&[host]);
    let authority = bench.authority();
    let sketch = bench.sketched(options);
    let (root, next) = (authority.root(), authority.next_root());
    sketch.replace(root.pem(), "(the root)\n").replace(next.pem(), "(the next root)\n")
}

#[test]
fn each_reads_as_somebody_would_publish_it() {
    assert_snapshot!("esp32", shown("--product lamp"));
    assert_snapshot!("esp32_w5500", shown("--ethernet w5500"));
    assert_snapshot!("esp32_lan8720", shown("--ethernet lan8720"));
    assert_snapshot!("esp32_enc28j60", shown("--ethernet enc28j60"));
    assert_snapshot!("esp8266", shown("--esp8266 --version 1.2.0-rc.1+7"));
    assert_snapshot!("esp8266_w5500", shown("--esp8266 --ethernet w5500"));
    assert_snapshot!("esp8266_enc28j60", shown("--esp8266 --ethernet enc28j60"));
    assert_snapshot!("esp32_local", shown_for("seal.local", ""));
    assert_snapshot!("esp8266_local", shown_for("seal.local", "--esp8266"));
    assert_snapshot!("esp32_insecure", shown("--insecure"));
    assert_snapshot!("esp8266_insecure", shown("--esp8266 --insecure"));
}

#[test]
fn each_compiles_on_its_cores_with_every_option() {
    if !is_installed() {
        return;
    }
    let bench = Bench::new(&["ota.lan", "seal.local"]);
    std::fs::write(bench.path("secret"), "a\"secret\\of??/64-characters").unwrap();
    for (form, cores) in FORMS {
        for options in [
            "",
            "--insecure",
            "--product lamp",
            "--insecure --product lamp",
            "--secret-file secret",
            "--host seal.local",
        ] {
            let sketch = bench.sketched(&format!("{form} {options}"));
            let to_fill_in = ["<YOUR-SERVER", "<THE-"].iter().any(|place| sketch.contains(place));
            assert!(!to_fill_in, "{form}: something is not filled in");
            assert!(sketch.lines().all(|line| line.len() <= 100 && line.trim_end() == line), "{form}");
            for core in cores {
                assert_eq!(complaints(&sketch, *core, &[]), "", "{form} {options} on {core:?}");
            }
        }
    }
}

/// For those who open it in the Arduino IDE as it is.
#[test]
fn the_folder_compiles_as_it_stands_in_every_form() {
    if !is_installed() {
        return;
    }
    let both = [Core::Esp32V2, Core::Esp32V3];
    for (form, cores) in [
        (&[][..], &[Core::Esp32V2, Core::Esp32V3, Core::Esp8266][..]),
        (&["INSECURE", "SERVER_TELLS_TIME"], &[Core::Esp32V2, Core::Esp32V3, Core::Esp8266]),
        (&["SERVER_IN_LOCAL", "WITH_SECRET"], &[Core::Esp32V2, Core::Esp32V3, Core::Esp8266]),
        (&["ETHERNET_W5500"], &[Core::Esp32V3, Core::Esp8266]),
        (&["ETHERNET_ENC28J60"], &[Core::Esp32V3, Core::Esp8266]),
        (&["ETHERNET_LAN8720"], &both),
    ] {
        for core in cores {
            assert_eq!(complaints_of_the_folder(*core, form), "", "{form:?} on {core:?}");
        }
    }
    let refused = complaints_of_the_folder(Core::Esp8266, &["ETHERNET_LAN8720"]);
    assert!(refused.contains("An ESP8266 has no RMII, which a LAN8720 needs"), "{refused}");
}

#[test]
fn each_says_why_it_does_not_compile_elsewhere() {
    if !is_installed() {
        return;
    }
    let bench = Bench::new(&["ota.lan", "seal.local"]);
    for (form, core, definitions, reason) in [
        ("--host seal.local", Core::Esp32V2, &["CORE_2_0_6"][..], "needs the ESP32 core 2.0.7 or newer"),
        ("--ethernet w5500", Core::Esp32V2, &[], "A W5500 needs the ESP32 core 3.0 or newer"),
        ("--ethernet enc28j60", Core::Esp32V2, &[], "EthernetESP32 needs the ESP32 core 3.0 or newer"),
        ("--ethernet lan8720", Core::Esp32V3, &["BOARD_ESP32C3"], "A chip without RMII takes a W5500"),
        ("--esp8266", Core::Esp8266, &["BEARSSL_SSL_BASIC"], "needs Tools > SSL Support: All SSL ciphers"),
    ] {
        let said = complaints(&bench.sketched(form), core, definitions);
        assert!(said.contains("#error") && said.contains(reason), "{form}: {said}");
    }
}

#[test]
fn the_compiler_fills_in_the_chip_as_the_server_knows_it() {
    if !is_installed() {
        return;
    }
    let bench = Bench::new(&["ota.lan"]);
    for (form, core, definitions, chip) in [
        ("", Core::Esp32V3, &[][..], Chip::Esp32),
        ("", Core::Esp32V2, &["BOARD_ESP32C3"], Chip::Esp32C3),
        ("--ethernet w5500", Core::Esp32V3, &["BOARD_ESP32C3"], Chip::Esp32C3),
        ("--esp8266", Core::Esp8266, &[], Chip::Esp8266),
    ] {
        let url = format!("https://ota.lan:3443/update?chip={chip}", chip = chip.name());
        let check = |url: &str| {
            let said =
                format!("static_assert(__builtin_strcmp(UPDATE_URL, \"{url}\") == 0, \"another URL\");\n");
            complaints(&(bench.sketched(form) + &said), core, definitions)
        };
        assert_eq!(check(&url), "");
        assert!(check(&format!("{url}x")).contains("another URL"));
    }
}

#[test]
fn a_board_with_ethernet_of_its_own_keeps_its_wiring() {
    if !is_installed() {
        return;
    }
    let sketch = Bench::new(&["ota.lan"]).sketched("--ethernet lan8720");
    for (board, address) in [(&[][..], 0), (&["BOARD_WT32_ETH01"], 1)] {
        let check = format!("static_assert(ETH_PHY_ADDR == {address}, \"another address\");\n");
        for core in [Core::Esp32V2, Core::Esp32V3] {
            assert_eq!(complaints(&format!("{sketch}{check}"), core, board), "");
        }
    }
}

#[test]
fn what_a_core_does_not_have_does_not_compile() {
    if !is_installed() {
        return;
    }
    let bench = Bench::new(&["ota.lan", "seal.local"]);
    for (form, core, right, wrong) in [
        ("--host seal.local", Core::Esp32V3, "int32_t timeout) override", "uint32_t timeout) override"),
        ("--host seal.local", Core::Esp32V2, "connect(address, port, host,", "connect(host, port, address,"),
        ("--host seal.local", Core::Esp32V2, "MDNS.queryHost(", "MDNS.queryHosts("),
        ("--host seal.local", Core::Esp32V3, "MDNS.begin(name)", "MDNS.begin(7)"),
        ("", Core::Esp32V3, "client.setCACert(ROOTS)", "client.setCACerts(ROOTS)"),
        ("", Core::Esp32V2, "client.setCACert(ROOTS)", "client.setCACert(&ROOTS)"),
        ("", Core::Esp32V3, "NetworkClientSecure", "WiFiClientSecure"),
        ("", Core::Esp32V2, "WIFI_PASSWORD);", "WIFI_PASSWORD, 7);"),
        ("", Core::Esp32V3, "update(client, UPDATE_URL", "update(UPDATE_URL, client"),
        ("", Core::Esp32V2, "Error (%d)", "Error (%s)"),
        ("", Core::Esp32V3, "%lusecs", "%usecs"),
        ("", Core::Esp32V3, "CONFIG_IDF_TARGET", "CONFIG_IDF_CHIP"),
        ("", Core::Esp32V2, "httpUpdate.onStart(keepFirmware)", "httpUpdate.onBegin(keepFirmware)"),
        ("", Core::Esp32V3, "trial.once(TRIAL_SECONDS, endTrial)", "trial.once(endTrial, TRIAL_SECONDS)"),
        ("", Core::Esp32V2, "(esp_ota_get_running_partition(), &state)", "(&state)"),
        ("--ethernet w5500", Core::Esp32V3, "ETH_PHY_W5500, 1, ", "ETH_PHY_W5500, "),
        ("--ethernet lan8720", Core::Esp32V3, "#define ETH_CLK_MODE ETH_CLOCK_GPIO0_IN\n", ""),
        ("--ethernet lan8720", Core::Esp32V2, "ETH.linkUp()", "ETH.hasIP()"),
        ("--ethernet enc28j60", Core::Esp32V3, "ENC28J60Driver driver(", "ENC28J60Class driver("),
        ("--esp8266", Core::Esp8266, "setTrustAnchors(&roots)", "setTrustAnchors(roots)"),
        ("--esp8266", Core::Esp8266, "setTrustAnchors(&roots)", "setCACert(ROOTS)"),
        ("--esp8266 --ethernet w5500", Core::Esp8266, "ethInitDHCP(ethernet)", "ethInitDHCP()"),
    ] {
        let sketch = bench.sketched(form);
        assert!(sketch.contains(right), "{form} has no {right}");
        assert_ne!(complaints(&sketch.replace(right, wrong), core, &[]), "", "{form}: {wrong}");
    }
}

#[test]
fn the_time_is_asked_of_a_server_that_tells_it() {
    let bench = Bench::new(&["ota.lan"]);
    let servers = |settings: &str| {
        std::fs::write(bench.path("x/otary.toml"), settings).unwrap();
        let sketch = bench.sketched("");
        let line = sketch.lines().find(|line| line.contains("configTime")).unwrap().trim().to_owned();
        (line, sketch.contains("needs its own time server here"))
    };
    let public = "configTime(0, 0, \"pool.ntp.org\", \"time.nist.gov\");  // UTC";
    let own = "configTime(0, 0, \"ota.lan\", \"pool.ntp.org\", \"time.nist.gov\");  // UTC";
    assert_eq!(servers(""), (public.into(), true));
    assert_eq!(servers("sntp.listen = \":123\""), (own.into(), false));
    assert_eq!(servers("sntp.listen = \":1123\"").0, public, "devices ask at one port only");
}
