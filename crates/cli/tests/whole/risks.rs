//! Firmware that would cut its devices off, or give a secret away: the push is refused, and goes through by the risk's name
//! alone.

use otary_fleet::{Chip, Time};
use otary_image::emit::{AppImage, AppSegment};
use otary_store::{Disk, DiskOptions, EventQuery, Store as _};
use otary_trust::{Authority, Certificate, Clock, KeyKind, PrivateKey};
use serde_json::json;

use crate::api;
use crate::house::{Done, House, Server};

const URL: &[u8] = b"https://ota.lan:3443/update";

/// A house whose server is called `ota.lan`.
struct Site {
    house: House,
    roots: Vec<Certificate>,
}

impl Site {
    /// One without a running server: commands work on the data directory alone, with these settings besides.
    fn alone(settings: &str) -> Self {
        let (site, server) = Self::serving("--name ota.lan");
        server.terminate();
        site.house.write("x/otary.toml", format!("names = [\"ota.lan\"]\n{settings}"));
        site
    }

    fn serving(options: &str) -> (Self, Server) {
        let house = House::new();
        let server = house.serve(options);
        let authority = Authority::open(&house.data().join("trust")).unwrap();
        let roots = authority.anchors().into_iter().cloned().collect();
        (Self { house, roots }, server)
    }

    /// Writes lamp.bin, an image with these pieces in its data, and pushes it.
    fn push(&self, version: &str, pieces: &[&[u8]], options: &str) -> Done {
        self.house.write("lamp.bin", image(version, pieces));
        self.house.otary(&format!("push lamp.bin --product lamp --version {version} --data x {options}"))
    }

    /// The pieces of an image with the URL of this server and both of its roots.
    fn sound(&self) -> Vec<Vec<u8>> {
        let roots = self.roots.iter().map(|root| root.pem().as_bytes().to_vec());
        std::iter::once(URL.to_vec()).chain(roots).collect()
    }

    /// What is published, and what is on record, while no server runs.
    fn record(&self) -> (Vec<String>, String) {
        let store = Disk::open(self.house.data(), DiskOptions::default()).unwrap();
        let catalogue = store.catalogue();
        let releases = catalogue.releases(&"lamp".parse().unwrap());
        let versions = releases.iter().map(|release| release.id.version.to_string()).collect();
        let events = store.events(&EventQuery { limit: 50, ..EventQuery::default() }).unwrap();
        (versions, serde_json::to_string(&events).unwrap())
    }
}

/// An ESP32 app with these pieces in its read-only data.
fn image(version: &str, pieces: &[&[u8]]) -> Vec<u8> {
    let data = [&[version.as_bytes()], pieces].concat().join(&0);
    let segments = [
        AppSegment { address: 0x3F40_0020, data: &[&data[..], &[0; 64]].concat() },
        AppSegment { address: 0x400D_0020, data: &[0x36, 0x41, 0x00, 0x1D].repeat(256) },
    ];
    let image = AppImage { segments: &segments, entry: 0x400D_0020, ..AppImage::new(Chip::Esp32) };
    let mut bytes = Vec::new();
    image.emit(|piece| bytes.extend_from_slice(piece)).unwrap();
    bytes
}

/// The root of another authority.
fn foreign_root(house: &House) -> Certificate {
    let now = Time::from_secs(1_700_000_000);
    let clock = Clock { now, built: now, newest: now };
    let names = ["ota.lan".parse().unwrap()];
    Authority::open_or_create(&house.path("foreign"), &names, &clock).unwrap().root().clone()
}

fn slices(pieces: &[Vec<u8>]) -> Vec<&[u8]> {
    pieces.iter().map(Vec::as_slice).collect()
}

/// What is said, however it was wrapped.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asserts that a push was refused for this risk alone, in these words, and with the way past it.
fn refused(done: Done, risk: &str, words: &str) {
    assert_eq!(done.out, "", "{done:#?}");
    let told = flat(&done.refused());
    assert!(told.starts_with("error: nothing is published, because of 1 risk lamp.bin "), "{told}");
    assert!(told.contains(&format!(" {risk} {words}")), "{told}\n{risk} {words}");
    assert!(told.contains(" help: "), "{told}");
    assert!(told.ends_with(&format!("to publish it all the same: --i-know-what-i-do {risk}")), "{told}");
}

/// Asserts that a push went through, and that these are its notes.
fn published(done: Done, notes: &[String]) {
    let printed = done.printed();
    let told: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("note: ")).collect();
    assert_eq!(told, notes, "{printed}");
    assert!(printed.contains("\nPublished lamp "), "{printed}");
    assert!(!printed.contains("\naccepted: "), "{printed}");
}

#[test]
fn an_image_with_our_roots_is_published_as_text_and_as_bytes() {
    let (site, _server) = Site::serving("--name ota.lan");
    let [root, next] = &site.roots[..] else { panic!("two roots") };
    published(site.push("1", &slices(&site.sound()), ""), &[]);
    published(site.push("2", &[URL, root.der(), next.der()], ""), &[]);
    let warning = format!(
        "lamp.bin: it does not trust the next root, {}: devices that do outlive the loss of the current one",
        next.common_name()
    );
    published(site.push("3", &[URL, root.pem().as_bytes()], ""), std::slice::from_ref(&warning));
    published(site.push("4", &[URL, root.der()], ""), &[warning]);
    published(site.push("5", &[URL], ""), &["lamp.bin: no certificate found, not checked".into()]);
}

#[test]
fn an_image_that_could_not_come_back_is_refused_and_goes_by_the_risks_name_on_record() {
    let (site, server) = Site::serving("--name ota.lan");
    let foreign = foreign_root(&site.house);
    let [root, _] = &site.roots[..] else { panic!("two roots") };
    let words = format!(
        "devices that run it could not come back: it trusts {}, and as ota.lan this server is verified by {} alone",
        foreign.common_name(),
        root.common_name()
    );
    for form in [foreign.pem().as_bytes(), foreign.der().as_ref()] {
        refused(site.push("1", &[URL, form], ""), "cuts-off", &words);
    }
    let pieces = [URL, foreign.pem().as_bytes()];
    refused(site.push("1", &pieces, "--dry-run"), "cuts-off", &words);
    refused(site.push("1", &pieces, "--i-know-what-i-do private-key"), "cuts-off", &words);
    let other = site.push("1", &pieces, "--i-know-what-i-do everything");
    assert_eq!(other.status.code(), Some(2), "{other:#?}");
    assert!(other.err.contains("the risks are cuts-off, ends-soon, no-name and private-key"), "{other:#?}");

    let printed = site.push("2", &pieces, "--i-know-what-i-do cuts-off").printed();
    assert!(printed.contains(&format!("\naccepted: cuts-off: lamp.bin: {words}\n")), "{printed}");
    server.terminate();
    let (versions, events) = site.record();
    assert_eq!(versions, ["2"]);
    assert!(events.contains("published lamp 2 to stable, accepting cuts-off"), "{events}");
    assert_eq!(events.matches("published lamp").count(), 1, "{events}");
}

#[test]
fn a_root_that_ends_before_the_stated_horizon_is_refused_beside_none_that_lives_longer() {
    // The current root lives for 25 years, the next for 35.
    let site = Site::alone("[trust]\nhorizon = \"11000d\"\n");
    let [root, _] = &site.roots[..] else { panic!("two roots") };
    let one = [URL, root.pem().as_bytes()];
    let words = format!("it trusts {}, which ends in 9", root.common_name());
    refused(site.push("1", &one, ""), "ends-soon", &words);
    refused(site.push("1", &one, "--i-know-what-i-do cuts-off"), "ends-soon", &words);
    published(site.push("2", &slices(&site.sound()), ""), &[]);
    let printed = site.push("3", &one, "--i-know-what-i-do ends-soon").printed();
    assert!(printed.contains(&format!("\naccepted: ends-soon: lamp.bin: {words}")), "{printed}");
    assert!(printed.contains(" days; 11000 days are asked for\n"), "{printed}");
    assert!(site.record().1.contains("published lamp 3 to stable, accepting ends-soon"));
}

#[test]
fn a_complete_private_key_is_refused_and_the_markers_of_a_library_are_not() {
    let site = Site::alone("");
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let (text, bytes) = (key.pem().unwrap(), key.to_der());
    let sound = site.sound();
    let with = |piece| [slices(&sound), vec![piece]].concat();
    for form in [text.as_bytes(), bytes.secret_der()] {
        let words = "it holds a complete private key, P-256 at offset 0x";
        refused(site.push("1", &with(form), ""), "private-key", words);
    }
    let refusal = site.push("1", &with(text.as_bytes()), "").refused();
    let body = text.lines().nth(1).unwrap();
    assert!(!refusal.contains(body), "{refusal}");
    published(site.push("1", &with(b"-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----"), ""), &[]);
    site.push("2", &with(text.as_bytes()), "--i-know-what-i-do private-key").printed();
    assert!(site.record().1.contains("published lamp 2 to stable, accepting private-key"));
}

#[test]
fn an_image_that_lost_the_name_of_the_server_is_refused() {
    let site = Site::alone("");
    let sound = site.sound();
    published(site.push("1", &slices(&sound), ""), &[]);
    let mut lost = slices(&sound);
    lost[0] = b"https://ota.lam:3443/update";
    let words = "it contains no name or address of this server, and the build before had ota.lan";
    refused(site.push("2", &lost, ""), "no-name", words);
    site.push("2", &lost, "--i-know-what-i-do no-name").printed();
    assert!(site.record().1.contains("published lamp 2 to stable, accepting no-name"));
}

#[test]
fn every_risk_is_told_at_once_and_each_is_accepted_by_its_own_name() {
    let site = Site::alone("");
    published(site.push("1", &slices(&site.sound()), ""), &[]);
    let key = PrivateKey::generate(KeyKind::P256).unwrap().pem().unwrap();
    let foreign = foreign_root(&site.house);
    let pieces = [foreign.pem().as_bytes(), key.as_bytes()];
    let refused = flat(&site.push("2", &pieces, "").refused());
    assert!(
        refused.starts_with("error: nothing is published, because of 3 risks lamp.bin cuts-off"),
        "{refused}"
    );
    let all = "--i-know-what-i-do cuts-off --i-know-what-i-do no-name --i-know-what-i-do private-key";
    assert!(refused.ends_with(&format!("to publish it all the same: {all}")), "{refused}");
    site.push("2", &pieces, all).printed();
    let (versions, events) = site.record();
    assert_eq!(versions.len(), 2, "{versions:?}");
    assert!(
        events.contains("published lamp 2 to stable, accepting cuts-off, no-name, private-key"),
        "{events}"
    );
}

#[test]
fn behind_a_certificate_from_elsewhere_an_image_is_judged_by_that_one() {
    let house = House::new();
    house.otary("cert self-signed --name lamps.lan --ip 127.0.0.1").printed();
    let server = house.serve("--cert server.crt --key server.key");
    let authority = Authority::open(&house.data().join("trust")).unwrap();
    let roots = authority.anchors().into_iter().cloned().collect();
    let site = Site { house, roots };
    let supplied = site.house.text("server.crt");
    let url: &[u8] = b"https://lamps.lan:3443/update";
    let ours = [url, site.roots[0].pem().as_bytes(), site.roots[1].pem().as_bytes()];
    let words = "devices that run it could not come back: it trusts otary root";
    refused(site.push("1", &ours, ""), "cuts-off", words);
    // It ends in two years, which is sooner than new firmware may rely on.
    let pieces = [url, supplied.as_bytes()];
    refused(site.push("1", &pieces, ""), "ends-soon", "it trusts lamps.lan, which ends in 7");
    let printed = site.push("1", &pieces, "--i-know-what-i-do ends-soon").printed();
    assert!(
        printed.contains("\naccepted: ends-soon: lamp.bin: it trusts lamps.lan, which ends in "),
        "{printed}"
    );
    server.terminate();
    assert_eq!(site.record().0, ["1"]);
}

#[test]
fn a_program_reads_the_risks_out_of_the_problem() {
    let (site, _server) = Site::serving("--name ota.lan");
    let (foreign, key) = (foreign_root(&site.house), PrivateKey::generate(KeyKind::P256).unwrap());
    let key = key.pem().unwrap();
    let firmware = image("1", &[URL, foreign.pem().as_bytes(), key.as_bytes()]);
    let offset = firmware.windows(key.len()).position(|window| window == key.as_bytes()).unwrap();
    let uploaded = api::post(&site.house, "/artifacts?file=lamp.bin", &firmware);
    let id = &uploaded.body["artifact"]["id"];
    assert!(id.is_string(), "{uploaded:?}");
    let publication = json!({
        "product": "lamp", "version": "1", "artifacts": [{ "id": id, "file": "lamp.bin", "raw": false }],
    });
    let answer = api::post(&site.house, "/releases", publication.to_string().as_bytes());
    assert_eq!((answer.status, answer.kind.as_str()), (422, "application/problem+json"), "{answer:?}");
    assert_eq!((&answer.body["status"], &answer.body["code"]), (&json!(422), &json!("risky")));
    assert_eq!(
        answer.body["risks"],
        json!([
            {
                "file": "lamp.bin",
                "risk": "cuts-off",
                "trusts": [foreign.common_name()],
                "needs": [site.roots[0].common_name()],
                "hosts": ["ota.lan"],
                "leaf": null,
            },
            {
                "file": "lamp.bin",
                "risk": "private-key",
                "key": { "offset": offset, "kind": "P-256" },
                "others": 0,
            },
        ])
    );
    assert!(!answer.body.to_string().contains(key.lines().nth(1).unwrap()), "{answer:?}");
}

#[test]
fn a_secret_in_an_image_is_reported_and_the_product_proposed_as_private() {
    const SECRET: &str = "hunter2-mqtt";
    const WHY: &str = "whoever can download an image has the secrets in it";
    let site = Site::alone("");
    site.house.write("secrets.h", format!("// of the lamp\n#define MQTT \"{SECRET}\"\n"));
    let sound = site.sound();
    let pieces = [slices(&sound), vec![SECRET.as_bytes()]].concat();
    // A version is one digit: the offset is the same in each.
    let firmware = image("1", &pieces);
    let offset = firmware.windows(SECRET.len()).position(|window| window == SECRET.as_bytes()).unwrap();
    let found = format!("lamp.bin: the secret in line 2 of secrets.h stands in it, at offset {offset:#x}");
    let told = |version: &str, options: &str| {
        let done = site.push(version, &pieces, &format!("--secret-from secrets.h {options}"));
        let printed = done.printed();
        assert!(!printed.contains(SECRET), "{printed}");
        let notes = printed.lines().filter_map(|line| line.strip_prefix("note: "));
        let notes: Vec<String> = notes.map(str::to_owned).collect();
        assert_eq!((notes.len(), &notes[0]), (2, &found), "{printed}");
        notes[1].clone()
    };
    assert_eq!(
        told("1", "--dry-run"),
        format!("{WHY}; make the product private from the start: otary product add lamp --private")
    );
    assert_eq!(
        told("1", ""),
        format!(
            "{WHY}; once its devices hold a credential, give images to nobody else: otary product set lamp --private"
        )
    );
    site.house.otary("product set lamp --private --data x").printed();
    assert_eq!(
        told("2", "--dry-run"),
        format!("{WHY}: lamp is private, so that takes a device's credential")
    );
    published(site.push("3", &slices(&sound), "--secret-from secrets.h"), &[]);
}
