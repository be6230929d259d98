//! What nobody may learn of a private product: every way to ask for it or its images, by everybody who lacks its
//! credential, is answered to the byte as if there were no such thing. The same questions with the credential are
//! answered in full, so that none of them is refused for another reason.

use std::io::{Read, Write};

use otary_fleet::{Chip, Credential, CredentialKind, ProductName, Sha256};
use otary_store::EventQuery;

use crate::board::Board;
use crate::log;
use crate::site::{Site, firmware};
use crate::wire::{connect, connect_tls, get, read_to_end, request};

/// A product that there is, and one that there is not.
const SECRET_LAMP: &str = "secretlamp";
const NONE: &str = "nonexistent";
const SECRET: &str = "correct-horse-battery";
const FORMER_SECRET: &str = "the-horse-before-that";
const OTHER_SECRET: &str = "of-the-padlock-alone";
const TOKEN: &str = "otary_token-of-the-lamp";
const OTHER_TOKEN: &str = "otary_token-of-the-padlock";
const FORMER_TOKEN: &str = "otary_token-taken-back";
const LAMP: &str = "24:6F:28:0E:00:01";
const PADLOCK: &str = "24:6F:28:0E:00:02";
const STRANGER: &str = "24:6F:28:0E:00:03";

/// A lamp for everybody; a private one of every kind of release, whose secret was changed; a private padlock. One
/// device each, with a token.
fn site() -> Site {
    let site = Site::lamp();
    for (name, secret) in [(SECRET_LAMP, FORMER_SECRET), (SECRET_LAMP, SECRET), ("padlock", OTHER_SECRET)] {
        site.product(name, |product| {
            product.private = true;
            product.secret = Some(Sha256::of(secret.as_bytes()));
        });
    }
    for (version, chip) in [("0.1", Chip::Esp32), ("0.3", Chip::Esp32), ("0.2-esp8266", Chip::Esp8266)] {
        site.publish(SECRET_LAMP, version, &firmware(&format!("secret-{version}")), Some(chip));
    }
    site.withdraw(SECRET_LAMP, "0.1");
    for (mac, product, token) in
        [(LAMP, SECRET_LAMP, FORMER_TOKEN), (LAMP, SECRET_LAMP, TOKEN), (PADLOCK, "padlock", OTHER_TOKEN)]
    {
        let (kind, issued) = (CredentialKind::Token(Sha256::of(token.as_bytes())), site.clock.now());
        site.operate(mac, |device| {
            device.product = product.parse::<ProductName>().ok();
            device.credentials = vec![Credential { kind, issued }];
        });
    }
    site
}

/// A user as `setAuthorization` takes it.
fn user(mac: &str) -> String {
    mac.replace(':', "-")
}

fn basic(user: &str, password: &str) -> Option<String> {
    Board::esp32(&[0; 64], "").authorized(user, password).authorization
}

/// What those show who may not have it, and whose address they give.
fn strangers() -> Vec<(&'static str, Option<String>)> {
    vec![
        (STRANGER, None),
        (LAMP, None),
        (STRANGER, basic("x", "guess")),
        (STRANGER, Some("Bearer guess".to_owned())),
        (LAMP, Some(format!("Digest {SECRET}"))),
        (LAMP, basic(&user(LAMP), FORMER_SECRET)),
        (LAMP, basic(&user(LAMP), FORMER_TOKEN)),
        (LAMP, basic(&user(LAMP), OTHER_TOKEN)),
        (PADLOCK, basic(&user(PADLOCK), OTHER_TOKEN)),
        (PADLOCK, basic(&user(PADLOCK), OTHER_SECRET)),
        (STRANGER, basic(&user(STRANGER), TOKEN)),
    ]
}

/// What those show who may.
fn owners() -> [Option<String>; 3] {
    [basic("x", SECRET), Some(format!("Bearer {SECRET}")), basic(&user(LAMP), TOKEN)]
}

fn with(authorization: Option<&String>) -> String {
    authorization.map_or(String::new(), |value| format!("Authorization: {value}\r\n"))
}

/// Every way to ask for a product, and what whoever may have it is answered.
fn for_a_product(product: &str, mac: &str, authorization: Option<&String>) -> Vec<(String, u16)> {
    let path = format!("/update/{product}");
    let (old, new) = (firmware("x"), firmware("secret-0.3"));
    let boards = [
        (Board::esp32(&old, "0.1").path(&format!("{path}?chip=esp32")), 200),
        (Board::esp32(&old, "0.1").path(&format!("{path}/?chip=esp32")).anew(1), 200),
        (Board::esp32(&firmware("secret-0.1"), "0.1").path(&path).anew(2), 200),
        (Board::esp32(&new, "0.3").path(&path), 304),
        (Board::esp32(&old, "").without_digests().path(&path), 304),
        (Board::esp32(&old, "0.1").mode("spiffs").path(&path), 304),
        (Board::esp32(&old, "0.1").mode("no-such-mode").path(&path), 404),
        (Board::esp8266(&old, "0.1").path(&path).anew(3), 200),
        (Board::esp8266(&old, "0.1").mode("version").path(&path), 200),
    ];
    let ask = |(mut board, status): (Board, u16)| {
        board.authorization = authorization.cloned();
        (board.mac(mac).request(), status)
    };
    let shown = with(authorization);
    let others = [("GET", 400), ("HEAD", 405), ("POST", 405)];
    let others = others.map(|(method, status)| (request(method, &path, &shown), status));
    boards.map(ask).into_iter().chain(others).collect()
}

/// Every way to ask for an artifact, likewise.
fn for_an_artifact(id: Sha256, authorization: Option<&String>) -> Vec<(String, u16)> {
    let shown = with(authorization);
    let (path, tag) = (format!("/artifact/{id}"), format!("If-None-Match: \"{id}\"\r\n"));
    let parts = [
        ("", "", 200),
        ("", "Range: bytes=0-0\r\n", 206),
        ("", "Range: bytes=999999-\r\n", 416),
        ("", &tag, 304),
        (".md5", "", 200),
        (".sha256", "", 200),
        (".sha1", "", 404),
        ("/manifest", "", 404),
    ];
    let ask = |method, (end, fields, status)| {
        (request(method, &format!("{path}{end}"), &format!("{shown}{fields}")), status)
    };
    ["GET", "HEAD"].iter().flat_map(|method| parts.map(|part| ask(*method, part))).collect()
}

/// What a request is answered, to the byte, but for the time of day.
fn answer(site: &Site, plain: bool, request: &str) -> Vec<u8> {
    fn exchange(mut stream: impl Read + Write, request: &str) -> Vec<u8> {
        stream.write_all(request.as_bytes()).unwrap();
        read_to_end(&mut stream)
    }
    let bytes = if plain {
        exchange(connect("127.0.10.9", site.addresses.http.unwrap()), request)
    } else {
        exchange(connect_tls(site, "127.0.10.9"), request)
    };
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| !line.starts_with(b"Date: ")).collect::<Vec<_>>().concat()
}

fn status(answer: &[u8]) -> u16 {
    std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap()
}

/// Asserts that the two are answered alike, and with nothing.
#[track_caller]
fn assert_alike(site: &Site, plain: bool, secret: &str, none: &str) {
    let [secret_answer, none_answer] = [secret, none].map(|request| answer(site, plain, request));
    assert!(secret_answer == none_answer, "plain: {plain}\n{secret}");
    assert!(status(&none_answer) >= 400, "plain: {plain}\n{none}");
}

#[test]
fn whoever_lacks_its_credential_learns_nothing_of_a_product_by_any_question() {
    let site = site();
    for (mac, authorization) in strangers() {
        let [secret, none] = [SECRET_LAMP, NONE].map(|name| for_a_product(name, mac, authorization.as_ref()));
        for ((secret, _), (none, _)) in secret.iter().zip(&none) {
            assert_alike(&site, false, secret, none);
        }
    }
    for authorization in owners().iter().chain([&None]) {
        let [secret, none] =
            [SECRET_LAMP, NONE].map(|name| for_a_product(name, LAMP, authorization.as_ref()));
        for ((secret, _), (none, _)) in secret.iter().zip(&none) {
            // Over plain HTTP it is not there for its owner either.
            assert_alike(&site, true, secret, none);
        }
    }
    log::wait_for(&["check_in", STRANGER, "not-proven", "secretlamp is private and wants"]);
}

#[test]
fn nor_of_an_artifact() {
    let site = site();
    let none = Sha256::of(b"nothing");
    let ids = ["secret-0.1", "secret-0.3"].map(|text| Sha256::of(&firmware(text)));
    let shown = strangers().into_iter().map(|(_, shown)| (false, shown));
    for (plain, shown) in shown.chain(owners().map(|shown| (true, shown))) {
        let none = for_an_artifact(none, shown.as_ref());
        for id in ids {
            for ((secret, _), (none, _)) in for_an_artifact(id, shown.as_ref()).iter().zip(&none) {
                assert_alike(&site, plain, secret, none);
            }
        }
    }
}

#[test]
fn nor_by_what_is_asked_without_a_name() {
    let (site, empty) = (Site::start(), Site::start());
    site.product(SECRET_LAMP, |product| product.private = true);
    site.publish(SECRET_LAMP, "0.3", &firmware("secret-0.3"), Some(Chip::Esp32));
    for board in [
        Board::esp32(&firmware("secret-0.3"), "0.3"),
        Board::esp32(&firmware("unknown"), "0.1"),
        Board::esp8266(&firmware("unknown"), "0.1").mode("version"),
    ] {
        for plain in [false, true] {
            let [secret, none] = [&site, &empty].map(|site| answer(site, plain, &board.request()));
            assert!(secret == none, "plain: {plain}\n{}", board.request());
            // Of an update 304 is what every version understands.
            assert!([304, 403, 404].contains(&status(&none)), "plain: {plain}\n{}", board.request());
        }
    }
}

#[test]
fn with_its_credential_every_question_is_answered() {
    let site = site();
    let id = Sha256::of(&firmware("secret-0.3"));
    for (number, shown) in (0..).zip(owners()) {
        let mut asked = for_a_product(SECRET_LAMP, LAMP, shown.as_ref());
        asked.extend(for_an_artifact(id, shown.as_ref()));
        let withdrawn = format!("/artifact/{}", Sha256::of(&firmware("secret-0.1")));
        asked.push((request("GET", &withdrawn, &with(shown.as_ref())), 410));
        for (request, expected) in asked {
            // Another claimant each time, which nothing brakes that takes the image again and again.
            let request = request.replace("free-space: 13", &format!("free-space: {}3", number + 2));
            assert_eq!(status(&answer(&site, false, &request)), expected, "{request}");
        }
    }
}

/// Nothing is measured by a clock: that as much is done is seen by what is left behind.
#[test]
fn as_much_is_done_for_a_question_that_leads_nowhere_as_for_one_about_a_private_product() {
    let site = site();
    let behind = |product: &str, mac: &str| {
        for authorization in [None, basic("x", "guess")] {
            for (request, _) in for_a_product(product, mac, authorization.as_ref()) {
                answer(&site, false, &request);
            }
        }
        let of_device = EventQuery { device: mac.parse().ok(), limit: 1000, ..EventQuery::default() };
        let events = site.store.events(&of_device).unwrap();
        let kinds: Vec<_> = events.iter().map(|event| std::mem::discriminant(&event.kind)).collect();
        let device = site.device(mac).unwrap();
        (
            kinds,
            device.polls,
            device.builds.len(),
            device.networks.len(),
            log::lines(&["check_in", mac]).len(),
        )
    };
    let secret = behind(SECRET_LAMP, "24:6F:28:0E:01:01");
    assert_eq!(secret, behind(NONE, "24:6F:28:0E:01:02"));
    assert!(secret.4 >= 16, "{secret:?}");
}

#[test]
fn a_page_for_people_says_nothing_of_products() {
    let site = site();
    let page = String::from_utf8(answer(&site, false, &get("/"))).unwrap();
    assert!(status(page.as_bytes()) == 200 && !page.contains("lamp") && !page.contains("padlock"), "{page}");
}
