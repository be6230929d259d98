//! Pushing: what becomes a release, what is refused and why, and what is said of the devices.

use http::{Method, StatusCode};
use otary_fleet::{Chip, Verdict};
use otary_server::operator::{Allowance, Effect, Forecast, Part, ProductChange, Published, Uploaded};

use crate::desk::{Desk, MAC, board, firmware, firmware_of, name, publication};

const OTHER_MAC: &str = "24:6F:28:AA:BB:CD";

/// How many blobs the desk's store has of what was made of `bytes`.
fn is_stored(desk: &Desk, bytes: &[u8]) -> bool {
    desk.store.blob(&otary_fleet::Sha256::of(bytes)).is_ok()
}

#[tokio::test]
async fn the_first_push_makes_the_product_and_offers_the_release() {
    let desk = Desk::new();
    let v1 = firmware(Chip::Esp32, "lamp 0.1");
    let published = desk.publish("lamp", "0.1", &v1).await;
    assert!(published.new_product);
    assert_eq!(published.release.channel.as_str(), "stable");
    assert_eq!(effect(&published).to_string(), "no device of this product has asked yet");

    let decision = desk.poll(&board(MAC, &firmware(Chip::Esp32, "sketch"), "0.0"));
    assert_eq!(decision.offered(), Some(published.artifacts[0].id));
    assert_eq!(desk.store.blob(&published.artifacts[0].id).unwrap(), v1);
}

#[tokio::test]
async fn a_push_says_what_will_happen_to_each_known_device() {
    let desk = Desk::new();
    let (v1, v2) = (firmware(Chip::Esp32, "lamp 0.1"), firmware(Chip::Esp32, "lamp 0.2"));
    desk.publish("lamp", "0.1", &v1).await;
    for n in 0..3 {
        desk.poll(&board(&format!("24:6F:28:00:00:0{n}"), &v1, "0.1"));
    }
    desk.poll(&board(MAC, &v2, "0.2"));
    let mut small = board(OTHER_MAC, &v1, "0.1");
    small.free_space = Some(100);
    desk.poll(&small);

    let published = desk.publish("lamp", "0.2", &v2).await;
    assert_eq!(
        effect(&published).to_string(),
        "3 devices will be offered it at their next poll, 1 runs it already, 1 would refuse it"
    );
    let preflight = published.preflight.as_ref().unwrap();
    assert_eq!(preflight.to_string(), "1 of 5 devices would refuse this: 1 slot too small");
    let offered = &effect(&published).groups[0];
    assert_eq!((offered.forecast, offered.examples.len()), (Forecast::Offered, 3));
}

#[tokio::test]
async fn what_a_push_foretells_is_what_the_devices_are_answered() {
    let desk = Desk::new();
    let old = firmware(Chip::Esp32, "lamp 0.1");
    desk.publish("lamp", "0.1", &old).await;
    desk.push_as(new_product("cam", "1"), &[("c.bin", firmware(Chip::Esp32S3, "cam 1"))]).await.done();
    let unknown = firmware(Chip::Esp32, "somebody's own");
    let mut boards = [
        board("02:00:00:00:00:01", &old, "0.1"),
        board("02:00:00:00:00:02", &unknown, "0.1"),
        board("02:00:00:00:00:03", &unknown, "7"),
        board("02:00:00:00:00:04", &unknown, ""),
        board("02:00:00:00:00:05", &unknown, "0.1"),
    ];
    boards[1].product = Some(name("lamp"));
    boards[2].product = Some(name("lamp"));
    boards[3].product = Some(name("lamp"));
    for board in &boards {
        assert_eq!(desk.poll(board).offered().is_some(), board.version.is_none());
    }

    let published = desk.publish("lamp", "0.2", &firmware(Chip::Esp32, "lamp 0.2")).await;
    let offered: Vec<String> =
        effect(&published).groups[0].examples.iter().map(ToString::to_string).collect();
    assert_eq!(effect(&published).groups[0].forecast, Forecast::Offered);
    let answered = boards.iter().filter(|board| desk.poll(board).verdict() == Verdict::Offer);
    let answered: Vec<String> = answered.map(|board| board.device.unwrap().to_string()).collect();
    assert_eq!(offered, answered);
    assert_eq!(effect(&published).unassigned, 1, "the last one belongs to no product");
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_keeps_nothing() {
    let desk = Desk::new();
    let v1 = firmware(Chip::Esp32, "lamp 0.1");
    let mut dry = publication("lamp", "0.1");
    dry.dry_run = true;
    let answer = desk.push_as(dry, &[("lamp.bin", v1.clone())]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.read::<Published>().release.id.to_string(), "lamp 0.1");
    assert_eq!(desk.store.catalogue().products().count(), 0);
    assert!(!is_stored(&desk, &v1));
}

#[tokio::test]
async fn a_second_product_has_to_be_meant() {
    let desk = Desk::new();
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "lamp 0.1")).await;
    let v2 = firmware(Chip::Esp32, "lamp 0.2");
    let answer = desk.push("lmap", "0.2", &[("lamp.bin", v2.clone())]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.refused("unknown-product"), "there is no product lmap, only lamp");
    assert!(!is_stored(&desk, &v2), "what was refused is gone");

    let answer = desk.push_as(new_product("cam", "1"), &[("cam.bin", v2)]).await;
    assert!(answer.read::<Published>().new_product);
}

#[tokio::test]
async fn a_version_is_published_once_however_it_is_written() {
    let desk = Desk::new();
    desk.publish("lamp", "1.0", &firmware(Chip::Esp32, "a")).await;
    for version in ["1.0", "v1.0", "1.0.0"] {
        let answer = desk.push("lamp", version, &[("b.bin", firmware(Chip::Esp32, "b"))]).await;
        assert_eq!(answer.refused("release-exists"), "lamp 1.0 is released already");
        assert_eq!(answer.status, StatusCode::CONFLICT);
    }
}

#[tokio::test]
async fn an_older_version_has_to_be_meant() {
    let desk = Desk::new();
    let v10 = firmware(Chip::Esp32, "lamp 0.10");
    desk.publish("lamp", "0.10", &v10).await;
    desk.poll(&board(MAC, &v10, "0.10"));
    let files = [("lamp.bin", firmware(Chip::Esp32, "lamp 0.9"))];
    let answer = desk.push("lamp", "0.9", &files).await;
    assert_eq!(answer.refused("older-version"), "0.9 is older than 0.10, the newest of the channel stable");

    let mut beta = publication("lamp", "0.9-beta");
    beta.channel = Some("beta".parse().unwrap());
    let files_of_beta = [("lamp.bin", firmware(Chip::Esp32, "lamp beta"))];
    let published: Published = desk.push_as(beta, &files_of_beta).await.read();
    assert_eq!(effect(&published).to_string(), "1 device follows another channel");

    let mut meant = publication("lamp", "0.9");
    meant.allow.insert(Allowance::Older);
    let published: Published = desk.push_as(meant, &files).await.read();
    assert_eq!(effect(&published).to_string(), "1 device reports a version that is not older");
}

#[tokio::test]
async fn an_image_for_another_chip_is_refused_until_the_product_has_it() {
    let desk = Desk::new();
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "lamp 0.1")).await;
    let files = [("s3.bin", firmware(Chip::Esp32S3, "lamp 0.2"))];
    let answer = desk.push("lamp", "0.2", &files).await;
    assert_eq!(answer.refused("wrong-chip"), "s3.bin is for the ESP32-S3, and lamp is made with esp32");
    let help = answer.problem().help.unwrap();
    assert!(help.ends_with("otary product set lamp --chips esp32,esp32s3"), "{help}");

    let chips = Some([Chip::Esp32, Chip::Esp32S3].into());
    let change = ProductChange { chips, ..ProductChange::default() };
    desk.send(Method::PATCH, "/products/lamp", change).await.read::<serde_json::Value>();
    assert_eq!(desk.push("lamp", "0.2", &files).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_release_has_one_file_for_each_chip_and_kind() {
    let desk = Desk::new();
    let files = [("a.bin", firmware(Chip::Esp32, "a")), ("b.bin", firmware(Chip::Esp32, "b"))];
    let answer = desk.push("lamp", "1", &files).await;
    assert_eq!(
        answer.refused("two-for-one-chip"),
        "a.bin and b.bin are both the app for the ESP32 of one release"
    );
    assert!(!is_stored(&desk, &files[0].1) && !is_stored(&desk, &files[1].1));

    let files = [("a.bin", firmware(Chip::Esp32, "a")), ("b.bin", firmware(Chip::Esp32C3, "b"))];
    assert_eq!(desk.push("lamp", "1", &files).await.read::<Published>().artifacts.len(), 2);
}

#[tokio::test]
async fn the_same_files_under_another_version_would_never_be_offered() {
    let desk = Desk::new();
    let v1 = firmware(Chip::Esp32, "lamp");
    desk.publish("lamp", "0.1", &v1).await;
    let answer = desk.push("lamp", "0.2", &[("lamp.bin", v1.clone())]).await;
    let said = answer.refused("nothing-new");
    assert!(said.starts_with("this file is released already as lamp 0.1"), "{said}");
    assert!(is_stored(&desk, &v1), "the release that has it keeps it");
}

#[tokio::test]
async fn another_projects_image_has_to_be_meant() {
    let desk = Desk::new();
    desk.publish("lamp", "0.1", &firmware_of(Chip::Esp32, "lamp-firmware", "0.1")).await;
    let files = [("cam.bin", firmware_of(Chip::Esp32, "camera", "0.2"))];
    let answer = desk.push("lamp", "0.2", &files).await;
    assert_eq!(
        answer.refused("other-project"),
        "cam.bin calls itself camera, and the last release of lamp was lamp-firmware"
    );
    let mut meant = publication("lamp", "0.2");
    meant.allow.insert(Allowance::OtherProject);
    assert_eq!(desk.push_as(meant, &files).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_owners_version_counts_and_the_images_own_is_mentioned() {
    let desk = Desk::new();
    let files = [("lamp.bin", firmware_of(Chip::Esp32, "lamp", "9.9"))];
    let published: Published = desk.push("lamp", "0.1", &files).await.read();
    assert_eq!(published.release.id.version, "0.1");
    assert_eq!(
        published.notes,
        [
            "lamp.bin: no certificate found, not checked",
            "lamp.bin calls itself 9.9; the release is 0.1, as you said"
        ]
    );
}

#[tokio::test]
async fn raw_files_need_a_product_that_takes_them() {
    let desk = Desk::new();
    let raw = |answer: Uploaded| Part { id: answer.artifact.id, file: "blob.enc".into(), raw: true };
    let upload = || {
        let body = axum::body::Body::from("encrypted by somebody");
        desk.request(crate::desk::Caller::Here, Method::POST, "/artifacts?file=blob.enc&raw=true", body)
    };
    let mut release = publication("lamp", "1");
    release.artifacts = vec![raw(upload().await.read())];
    let answer = desk.send(Method::POST, "/releases", &release).await;
    assert_eq!(answer.refused("raw-not-allowed"), "blob.enc is opaque to otary, and lamp takes no raw files");

    desk.send(Method::POST, "/products", serde_json::json!({ "name": "lamp", "allow_raw": true }))
        .await
        .done();
    release.artifacts = vec![raw(upload().await.read())];
    let published: Published = desk.send(Method::POST, "/releases", &release).await.read();
    let id = published.artifacts[0].id;
    assert_eq!(published.effect.unwrap().devices, 0);
    assert_eq!(
        published.notes,
        [
            "blob.enc: no certificate found, not checked".to_owned(),
            format!(
                "blob.enc is opaque to otary: it is offered to the clients that can take such a file (ESP-IDF, \
                 esp32FOTA, hawkBit) and to nobody else; its path is /artifact/{id}"
            )
        ]
    );
}

#[tokio::test]
async fn texts_and_numbers_have_bounds() {
    let desk = Desk::new();
    let long = "1".repeat(65);
    for version in ["", " 1", "1\n", "1\u{202E}0.2", &long] {
        let answer = desk.push("lamp", version, &[("a.bin", firmware(Chip::Esp32, "a"))]).await;
        answer.refused("version-text");
    }
    desk.push("lamp", "1", &[]).await.refused("no-file");
    let mut wordy = publication("lamp", "1");
    wordy.notes = "x".repeat(16 * 1024 + 1);
    desk.push_as(wordy, &[("a.bin", firmware(Chip::Esp32, "a"))]).await.refused("notes-too-long");
    let misspelt =
        serde_json::json!({ "product": "lamp", "version": "1", "artifacts": [], "chanel": "beta" });
    desk.send(Method::POST, "/releases", misspelt).await.refused("unreadable-body");
    assert_eq!(desk.store.catalogue().products().count(), 0);
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_hide_a_release() {
    let desk = Desk::new();
    desk.publish("lamp", "0.1", &firmware(Chip::Esp32, "lamp 0.1")).await;
    let behind = Desk::over(std::sync::Arc::clone(&desk.store));
    let v2 = behind.publish("lamp", "0.2", &firmware(Chip::Esp32, "lamp 0.2")).await;
    let decision = behind.poll(&board(MAC, &firmware(Chip::Esp32, "own"), "0.0"));
    assert_eq!(decision.release, Some(v2.release.id));
}

fn effect(published: &Published) -> &Effect {
    published.effect.as_ref().unwrap()
}

fn new_product(product: &str, version: &str) -> otary_server::operator::Publication {
    let mut publication = publication(product, version);
    publication.allow.insert(Allowance::NewProduct);
    publication
}
