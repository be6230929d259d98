//! A private product: who has its credential is updated as ever. That for everybody else it is not there is seen in
//! [`crate::hidden`].

use otary_fleet::{Chip, Credential, CredentialKind, Sha256};

use crate::board::{Board, assert_image, assert_no_update};
use crate::log;
use crate::site::{Site, firmware};
use crate::wire::{Response, ask, ask_plain, get, request};

const SECRET: &str = "correct-horse-battery";
const TOKEN: &str = "otary_token-of-this-device-alone";
const MAC: &str = "24:6F:28:0A:00:01";

/// A lamp for everybody, and a private one that two releases were published of, of which the first was withdrawn.
fn site() -> Site {
    let site = Site::lamp();
    site.product("secretlamp", |product| {
        product.private = true;
        product.secret = Some(Sha256::of(SECRET.as_bytes()));
    });
    for version in ["0.1", "0.3"] {
        let bytes = firmware(&format!("secret-{version}"));
        site.publish("secretlamp", version, &bytes, Some(Chip::Esp32));
    }
    site.publish("secretlamp", "0.2-esp8266", &firmware("secret-esp8266"), Some(Chip::Esp8266));
    site.withdraw("secretlamp", "0.1");
    let issued = site.clock.now();
    site.operate(MAC, |device| {
        let kind = CredentialKind::Token(Sha256::of(TOKEN.as_bytes()));
        device.product = "secretlamp".parse().ok();
        device.credentials = vec![Credential { kind, issued }];
    });
    site
}

fn board() -> Board {
    Board::esp32(&firmware("secret-0.2"), "0.2").mac(MAC).path("/update/secretlamp?chip=esp32")
}

#[test]
fn its_devices_are_updated_as_ever() {
    let site = site();
    let shown = [("secretlamp", SECRET), ("", SECRET), (&MAC.replace(':', ""), TOKEN), ("device", TOKEN)];
    for (number, (user, password)) in (0..).zip(shown) {
        let board = board().anew(number).authorized(user, password);
        assert_image(&board.ask(&site), &firmware("secret-0.3"), "0.3");
    }
    for (number, (password, proof)) in (9..).zip([(SECRET, "product-secret"), (TOKEN, "device-credential")]) {
        let mut bearer = board().anew(number);
        bearer.authorization = Some(format!("Bearer {password}"));
        assert_image(&bearer.ask(&site), &firmware("secret-0.3"), "0.3");
        log::wait_for(&["check_in", MAC, &format!("proof=\"{proof}\"")]);
    }
    let up_to_date = Board::esp32(&firmware("secret-0.3"), "0.3").mac(MAC).authorized("x", SECRET);
    assert_no_update(&up_to_date.ask(&site));
    let version = Board::esp8266(&firmware("x"), "0.1").path("/update/secretlamp").mode("version");
    let answered = version.authorized("x", SECRET).ask(&site);
    assert_eq!((answered.status, answered.header("x-version")), (200, Some("0.2-esp8266")));
}

fn fetch(site: &Site, authorization: &str, end: &str) -> Response {
    let path = format!("/artifact/{}{end}", Sha256::of(&firmware("secret-0.3")));
    ask(site, "127.0.10.8", &request("GET", &path, &format!("Authorization: {authorization}\r\n")))
}

#[test]
fn its_devices_fetch_artifacts_too_and_no_shared_cache_keeps_them() {
    let site = site();
    let by_token =
        Board::esp32(&[0; 64], "").authorized(&MAC.replace(':', "-"), TOKEN).authorization.unwrap();
    for authorization in [format!("Bearer {SECRET}"), by_token] {
        let whole = fetch(&site, &authorization, "");
        assert_eq!((whole.status, whole.body), (200, firmware("secret-0.3")));
        let cached = whole.headers.iter().find(|(name, _)| name == "cache-control").unwrap();
        assert_eq!(cached.1, "private, max-age=31536000, immutable");
        assert_eq!(fetch(&site, &authorization, ".md5").status, 200);
    }
    for authorization in [format!("Bearer {TOKEN}"), format!("Basic {TOKEN}"), format!("Digest {SECRET}")] {
        assert_eq!(fetch(&site, &authorization, "").status, 404, "{authorization}: of no device, or nothing");
    }
    let id = Sha256::of(&firmware("secret-0.3"));
    site.publish("lamp", "9", &firmware("secret-0.3"), Some(Chip::Esp32));
    let open = ask(&site, "127.0.10.8", &get(&format!("/artifact/{id}")));
    assert_eq!(open.status, 200, "what another product gives to everybody is everybody's");
}

#[test]
fn it_is_never_sent_over_plain_http_whatever_is_shown_and_set() {
    let site = site();
    site.product("secretlamp", |product| {
        (product.private, product.allow_plain_http) = (true, true);
        product.secret = Some(Sha256::of(SECRET.as_bytes()));
    });
    assert_eq!(board().authorized("x", SECRET).over_plain_http().ask(&site).status, 403);
    let path = format!("/artifact/{}", Sha256::of(&firmware("secret-0.3")));
    let shown = format!("Authorization: Bearer {SECRET}\r\n");
    assert_eq!(ask_plain(&site, "127.0.10.7", &request("GET", &path, &shown)).status, 403);
}

#[test]
fn a_credential_under_another_address_proves_nothing() {
    let site = site();
    let thief = "24:6F:28:0A:00:02";
    assert_eq!(board().mac(thief).authorized(MAC, TOKEN).ask(&site).status, 404);
    log::wait_for(&["check_in", thief, "proof=\"none\"", "not-proven"]);
    site.operate(MAC, |device| device.credentials.clear());
    assert_eq!(board().authorized(MAC, TOKEN).ask(&site).status, 404, "nor one that was taken back");
}

#[test]
fn a_credential_opens_nothing_before_its_device_is_assigned() {
    let site = site();
    site.product("padlock", |product| product.private = true);
    site.publish("padlock", "0.3", &firmware("padlock-0.3"), Some(Chip::Esp32));
    let artifact = |firmware_of: &str| {
        let path = format!("/artifact/{}", Sha256::of(&firmware(firmware_of)));
        let authorization = board().authorized(&MAC.replace(':', "-"), TOKEN).authorization.unwrap();
        ask(&site, "127.0.10.8", &request("GET", &path, &format!("Authorization: {authorization}\r\n")))
            .status
    };
    assert_eq!((artifact("secret-0.3"), artifact("padlock-0.3")), (200, 404));
    site.operate(MAC, |device| device.product = None);
    for product in ["secretlamp", "padlock"] {
        let asks = board().path(&format!("/update/{product}?chip=esp32")).authorized("device", TOKEN);
        assert_eq!(asks.ask(&site).status, 404, "{product}");
    }
    assert_eq!((artifact("secret-0.3"), artifact("padlock-0.3")), (404, 404));
}

#[test]
fn who_guesses_all_day_does_not_fill_the_disk_and_no_guess_is_logged() {
    let mut site = site();
    for number in 0..40 {
        let guess = format!("guess-number-{number}");
        assert_eq!(board().from("127.0.10.1").authorized("x", &guess).ask(&site).status, 404);
    }
    site.handle.stop();
    site.wait();
    let lines = log::lines(&["request", "127.0.10.1", "a secret or token was shown"]);
    // A minute may have ended meanwhile, or just as the server began.
    assert!((2..=4).contains(&lines.len()) && lines[lines.len() - 1].contains("more=3"), "{lines:?}");
    assert!(log::lines(&["guess-number"]).is_empty() && log::lines(&[SECRET]).is_empty());
}
