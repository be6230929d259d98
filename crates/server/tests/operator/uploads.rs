//! Uploads: what is no firmware never gets into the store, whatever its bytes are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, StatusCode};
use otary_fleet::{Artifact, Chip, Sha256};
use otary_server::operator::{Part, Published, Uploaded};
use otary_store::{Disk, DiskOptions};

use crate::desk::{Caller, Desk, firmware, publication};

/// Numbers that look random and are the same in every run (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }
}

/// Real images, if the folder of test images is there, and one of our own.
fn images() -> Vec<(String, Vec<u8>)> {
    let mut images = vec![("own.bin".to_owned(), firmware(Chip::Esp32, "own"))];
    let Some(folder) = std::env::var_os("OTARY_FIRMWARE").map(PathBuf::from).filter(|path| path.is_dir())
    else {
        println!("skipped the real images: OTARY_FIRMWARE is not a folder");
        return images;
    };
    for name in [
        "wled-0.14.4-esp32c3.bin",
        "wled-0.14.4-esp8266.bin",
        "espgeiger-0.8.0-esp32-merged0x1000.bin",
        "espsomfy-2.4.7-20240727-esp32s3.bin",
        "esptool-hello-signed-app.bin",
    ] {
        images.push((name.to_owned(), std::fs::read(folder.join(name)).unwrap()));
    }
    images
}

fn files_in(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.map(|entry| entry.unwrap().path()).map(|p| if p.is_dir() { files_in(&p) } else { 1 }).sum()
}

#[tokio::test]
async fn damaged_images_are_refused_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = std::sync::Arc::new(Disk::open(folder.path(), DiskOptions::default()).unwrap());
    let desk = Desk::over(store);
    let images = images();
    let mut dice = Dice(2026);
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    for round in 0..1000 {
        let (name, image) = &images[round % images.len()];
        let mut bytes = image.clone();
        if dice.roll(2) == 0 {
            bytes.truncate(dice.roll(image.len()));
        } else {
            for _ in 0..=dice.roll(3) {
                let place = dice.roll(bytes.len());
                bytes[place] ^= 1 << dice.roll(8);
            }
        }
        let answer = desk.upload(name, bytes.clone()).await;
        if answer.status == StatusCode::CREATED {
            // Damage behind an image, or beside the app of a merged one, is none of the image's: what is said of it
            // has to be true.
            let uploaded: Uploaded = answer.read();
            let stored = desk.store.blob(&uploaded.artifact.id).unwrap();
            assert_eq!(Sha256::of(&stored), uploaded.artifact.id);
            assert_eq!(stored.len() as u64, uploaded.artifact.size);
            let id = uploaded.artifact.id;
            let mut release = publication("lamp", "1");
            release.dry_run = true;
            release.artifacts = vec![Part { id, file: name.clone(), raw: false }];
            let published: Published = desk.send(Method::POST, "/releases", release).await.read();
            assert_eq!(
                published.artifacts,
                [uploaded.artifact],
                "the facts are the same when it is released"
            );
            *outcomes.entry("accepted".into()).or_default() += 1;
        } else {
            let problem = answer.problem();
            assert_eq!(problem.code, "not-a-firmware", "{}", problem.detail);
            assert!(problem.help.is_some());
            *outcomes.entry(problem.code).or_default() += 1;
        }
    }
    println!("{outcomes:?}");
    assert!(outcomes["not-a-firmware"] > 800, "{outcomes:?}");
    assert_eq!(files_in(&folder.path().join("blobs")) + files_in(&folder.path().join("tmp")), 0);
}

#[tokio::test]
async fn what_is_no_firmware_is_named() {
    let desk = Desk::new();
    let html = b"<!DOCTYPE html><html><body>404 Not Found</body></html>".to_vec();
    for bytes in [Vec::new(), vec![0xFF; 4096], html, b"\x7fELF\x01\x01\x01".to_vec()] {
        let answer = desk.upload("firmware.bin", bytes).await;
        let said = answer.refused("not-a-firmware");
        assert!(said.starts_with("firmware.bin cannot be released: "), "{said}");
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn oversized_bodies_are_refused_by_their_length_and_by_their_bytes() {
    let desk = Desk::new();
    let too_many = usize::try_from(Artifact::MAX_SIZE).unwrap() + 1;
    let zeros = Bytes::from(vec![0; 1 << 20]);
    let chunks = std::iter::repeat_n(zeros, too_many.div_ceil(1 << 20)).map(Ok::<_, std::io::Error>);
    let path = "/artifacts?file=big.bin";
    let answer =
        desk.request(Caller::Here, Method::POST, path, Body::from_stream(stream::iter(chunks))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let said = answer.refused("file-too-large");
    assert!(said.contains("33554432"), "{said}");
    let huge = format!("{{\"name\": \"{}\"}}", "x".repeat(200_000));
    let answer = desk.request(Caller::Here, Method::POST, "/products", Body::from(huge)).await;
    answer.refused("unreadable-body");
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(desk.store.catalogue().products().count(), 0);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let desk = Desk::new();
    let image = Bytes::from(firmware(Chip::Esp32, "lamp"));
    let chunks = [Ok(image.slice(..1000)), Err(std::io::Error::other("the line went dead"))];
    let body = Body::from_stream(stream::iter(chunks));
    let answer = desk.request(Caller::Here, Method::POST, "/artifacts?file=lamp.bin", body).await;
    assert_eq!(answer.refused("upload-cut-off"), "the upload ended early, after 1000 bytes");
}

#[tokio::test]
async fn file_names_are_names() {
    let desk = Desk::new();
    for file in ["", "a%2Fb.bin", "..%5Cb.bin", "a%0Ab", "lamp%E2%80%AEnib.exe", &"x".repeat(129)] {
        desk.upload(file, firmware(Chip::Esp32, "lamp")).await.refused("file-name");
    }
}

#[tokio::test]
async fn the_app_of_a_merged_image_is_what_is_stored() {
    let images = images();
    let Some((name, image)) = images.iter().find(|(name, _)| name.contains("merged")) else { return };
    let desk = Desk::new();
    let uploaded: Uploaded = desk.upload(name, image.clone()).await.read();
    assert!(uploaded.artifact.size < image.len() as u64);
    assert_eq!(desk.store.blob(&uploaded.artifact.id).unwrap(), image[0x1_0000..]);
    assert!(desk.store.blob(&Sha256::of(image)).is_err(), "the whole file is not kept");
    assert!(uploaded.notes[0].contains("merged"), "{:?}", uploaded.notes);
}

#[tokio::test]
async fn an_artifact_of_a_release_cannot_be_discarded() {
    let desk = Desk::new();
    let published = desk.publish("lamp", "1", &firmware(Chip::Esp32, "lamp")).await;
    let path = format!("/artifacts/{}", published.artifacts[0].id);
    let answer = desk.request(Caller::Here, Method::DELETE, &path, Body::empty()).await;
    answer.refused("artifact-in-use");
    assert!(desk.store.blob(&published.artifacts[0].id).is_ok());
}

#[tokio::test(start_paused = true)]
async fn slow_bodies_are_given_up_and_leave_nothing() {
    let desk = Desk::new();
    let begun = |bytes: &'static [u8]| {
        let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(bytes))]);
        Body::from_stream(first.chain(stream::pending()))
    };
    for (path, body, code) in [
        ("/artifacts?file=lamp.bin", begun(&[0xE9]), "upload-stalled"),
        ("/products", begun(b"{"), "request-stalled"),
    ] {
        let answer = desk.request(Caller::Here, Method::POST, path, body).await;
        answer.refused(code);
        assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    }
    // A byte now and then is no upload either.
    let start = tokio::time::Instant::now();
    let crawling = stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(20)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(&[0xE9])), ()))
    });
    let path = "/artifacts?file=lamp.bin";
    let answer = desk.request(Caller::Here, Method::POST, path, Body::from_stream(crawling)).await;
    answer.refused("upload-stalled");
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
    // One that comes slowly and steadily is taken.
    let image = Bytes::from(firmware(Chip::Esp32, "lamp"));
    let steady = stream::unfold(image, async |mut rest| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        (!rest.is_empty()).then(|| (Ok::<_, std::io::Error>(rest.split_to(rest.len().min(1200))), rest))
    });
    let answer = desk.request(Caller::Here, Method::POST, path, Body::from_stream(steady)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
}
