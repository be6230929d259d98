//! What a board or another client is given to be updated from a server, and what people are given to trust its page.

use std::sync::Arc;

use axum::body::Body;
use http::{Method, StatusCode};
use otary_server::operator::{SketchView, TrustView};
use otary_server::{Custody, Held};
use otary_trust::{Authority, Clock, Name, PageAuthority};
use serde_json::{Value, json};

use crate::desk::{Caller, Desk, OPENED};

/// A server that is reached by these names, and whose page has an authority of its own.
struct House {
    desk: Desk,
    anchors: String,
    _folder: tempfile::TempDir,
}

impl House {
    fn named(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let trust = folder.path().join("trust");
        let names: Vec<Name> = names.iter().map(|name| name.parse().unwrap()).collect();
        let clock = Clock { now: OPENED, built: OPENED, newest: OPENED };
        let authority = Authority::open_or_create(&trust, &names, &clock).unwrap();
        let anchors = authority.anchors_pem();
        let page = Some(PageAuthority::open_or_create(&trust, &names, &clock).unwrap());
        let custody = Custody::new(Held { authority, names, elsewhere: None, page }, OPENED);
        Self { desk: Desk::with_custody(Arc::new(custody)), anchors, _folder: folder }
    }

    async fn sketch(&self, asked: &str) -> SketchView {
        self.desk.get(&format!("/sketch?{asked}")).await
    }

    async fn refused(&self, asked: &str, code: &str) -> String {
        let path = format!("/sketch?{asked}");
        self.desk.request(Caller::Here, Method::GET, &path, Body::empty()).await.refused(code)
    }
}

#[tokio::test]
async fn a_sketch_has_the_best_name_and_both_roots() {
    let house = House::named(&["192.168.1.7", "ota.lan", "localhost", "*.lamps.lan", "fd00::7"]);
    let sketch = house.sketch("product=lamp").await;
    assert_eq!((sketch.origin.as_str(), sketch.file.as_str()), ("https://ota.lan:3443", "lamp.ino"));
    assert!(sketch.text.contains("\"https://ota.lan:3443/update/lamp"), "{}", sketch.text);
    assert!(sketch.text.contains(house.anchors.trim_end()) && sketch.needs.unwrap().contains("ESP32 core"));
    let address = house.sketch("host=192.168.1.7&version=1.4").await;
    assert!(address.text.contains("https://192.168.1.7:3443/update") && address.text.contains("\"1.4\""));
    assert!(address.notes.iter().any(|note| note.contains("keep this machine at 192.168.1.7")));
}

#[tokio::test]
async fn what_no_board_can_be_is_refused() {
    let house = House::named(&["ota.lan", "localhost", "fd00::7"]);
    assert!(house.refused("board=esp8266&ethernet=lan8720", "sketch-form").await.contains("RMII"));
    assert!(house.refused("client=esphome", "sketch-form").await.contains("names its product"));
    house.refused("version=1%22%3B", "sketch-form").await;
    for nameless in ["localhost", "fd00::7", "example.org"] {
        house.refused(&format!("host={nameless}"), "no-name-for-boards").await;
    }
}

#[tokio::test]
async fn a_private_products_sketch_has_a_place_for_its_secret_and_no_secret() {
    let house = House::named(&["ota.lan"]);
    for (name, private) in [("lamp", false), ("lock", true)] {
        let product = json!({ "name": name, "private": private });
        let made = house.desk.send(Method::POST, "/products", product).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let sketch = house.sketch(&format!("product={name}")).await;
        assert_eq!(sketch.text.contains("<THE-SECRET>"), private);
        assert_eq!(sketch.notes.iter().any(|note| note.contains("UPDATE_SECRET")), private);
    }
}

#[tokio::test]
async fn other_clients_get_a_piece_of_their_own() {
    let house = House::named(&["ota.lan"]);
    for (client, file) in [("esphome", "lamp.yaml"), ("esp-idf", "lamp.c"), ("tasmota", "lamp.txt")] {
        let piece = house.sketch(&format!("client={client}&product=lamp")).await;
        assert_eq!(piece.file, file);
        assert!(piece.text.contains("https://ota.lan:3443/") && !piece.text.contains("<BASE>"), "{piece:?}");
        assert_eq!(piece.needs, None);
    }
}

#[tokio::test]
async fn the_pages_authority_is_told_beside_the_devices_and_is_none_of_theirs() {
    let house = House::named(&["ota.lan", "192.168.1.7"]);
    let trust: TrustView = house.desk.get("/trust").await;
    let page = trust.page.unwrap();
    assert_eq!(page.names, ["ota.lan", "192.168.1.7"]);
    assert!(page.leaf_not_after < page.not_after && page.not_before <= OPENED, "{page:?}");
    let own: Vec<String> =
        trust.generations.shown.iter().map(|one| one.anchor.fingerprint.to_string()).collect();
    assert!(own.iter().all(|own| hex(own) != hex(&page.sha256)), "{own:?}");
    let start: Value = house.desk.get("/start").await;
    assert_ne!(start["fingerprint"], page.sha256);
}

/// A fingerprint without what people read it by.
fn hex(fingerprint: &str) -> String {
    fingerprint.replace(':', "").to_lowercase()
}
