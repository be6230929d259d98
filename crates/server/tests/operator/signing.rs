//! Signed releases over the operators' interface: who may hand in what, and which manifests are published.

use std::sync::Arc;

use http::{Method, StatusCode};
use otary_fleet::{Artifact, Chip, Grants, ManifestBytes, Scope, SignedManifest, Time, read};
use otary_server::operator::{
    HeldKey, Material, NewRecord, NewToken, Numbers, Part, Publication, Published, ReleaseView,
    ServerSigning, SigningView, Uploaded,
};
use otary_server::{Custody, Held};
use otary_store::EventQuery;
use otary_trust::signing::{Change, Founding, Record, Signed, SigningKey, Terms};
use otary_trust::{Authority, Clock};

use crate::desk::{Answer, Caller, DAY, Desk, OPENED, firmware, publication};

/// A server with an authority, and its owner's keys, which are elsewhere.
struct Site {
    desk: Desk,
    root: SigningKey,
    release: SigningKey,
    _folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let names = vec!["ota.lan".parse().unwrap()];
        let clock = Clock { now: OPENED, built: OPENED, newest: OPENED };
        let authority = Authority::open_or_create(&folder.path().join("trust"), &names, &clock).unwrap();
        let custody = Arc::new(Custody::new(Held { authority, names, elsewhere: None, page: None }, OPENED));
        let key = || SigningKey::generate().unwrap();
        Self { desk: Desk::with_custody(custody), root: key(), release: key(), _folder: folder }
    }

    /// One with its first root record.
    async fn founded() -> Self {
        let site = Self::new();
        let material: Material = site.act("/signing/material").await.read();
        let record = Record::first(Founding {
            issued: OPENED,
            threshold: 1,
            root_keys: vec![site.root.public()],
            release_key: site.release.public(),
            order_key: material.order_key,
            trust_set: material.trust_set.iter().map(|anchor| anchor.sha256).collect(),
        });
        let signed = record.unwrap().sign(&[&site.root], None).unwrap();
        assert_eq!(site.submit(&signed.bytes).await.status, StatusCode::CREATED);
        site
    }

    async fn act(&self, path: &str) -> Answer {
        self.desk.send(Method::POST, path, serde_json::json!({})).await
    }

    async fn submit(&self, bytes: &[u8]) -> Answer {
        self.desk.send(Method::POST, "/signing/records", NewRecord::new(bytes)).await
    }

    async fn newest(&self) -> Signed {
        use base64::Engine;
        let view: SigningView = self.desk.get("/signing").await;
        let bytes = base64::engine::general_purpose::STANDARD.decode(&view.records.last().unwrap().signed);
        Signed::by_itself(&bytes.unwrap()).unwrap()
    }

    /// The next record says this.
    async fn change(&self, change: Change) {
        let newest = self.newest().await;
        let signed = newest.record.next(&change, OPENED).unwrap().sign(&[&self.root], Some(&newest)).unwrap();
        let answer = self.submit(&signed.bytes).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }

    /// Pushes one image with a manifest of these terms.
    async fn push(&self, terms: &Terms, key: &SigningKey, image: &[u8]) -> Answer {
        let mut publication = publication(terms.product.as_str(), &terms.version);
        publication.manifests = vec![manifest(terms, key, image)];
        self.publish(publication, image).await
    }

    async fn publish(&self, mut publication: Publication, image: &[u8]) -> Answer {
        let uploaded: Uploaded = self.desk.upload("lamp.bin", image.to_vec()).await.read();
        publication.artifacts = vec![Part { id: uploaded.artifact.id, file: "lamp.bin".into(), raw: false }];
        self.desk.send(Method::POST, "/releases", publication).await
    }
}

fn terms(version: &str, number: u32) -> Terms {
    Terms {
        product: "lamp".parse().unwrap(),
        version: version.into(),
        hardware: Vec::new(),
        number,
        floor: 0,
        downgrade: false,
        not_after: None,
    }
}

fn facts(image: &[u8]) -> Artifact {
    read(image, "lamp.bin", OPENED, false).unwrap().artifact
}

fn manifest(terms: &Terms, key: &SigningKey, image: &[u8]) -> SignedManifest {
    let artifact = facts(image);
    let bytes = terms.sign(&artifact, key).unwrap();
    let bytes = ManifestBytes::try_from(bytes.as_slice()).unwrap();
    SignedManifest { artifact: artifact.id, number: terms.number, bytes }
}

fn image(text: &str) -> Vec<u8> {
    firmware(Chip::Esp32, text)
}

#[tokio::test]
async fn a_signed_release_is_published_with_its_number_and_shown_with_its_key() {
    let site = Site::founded().await;
    let numbers: Numbers = site.desk.get("/signing/numbers/lamp").await;
    assert_eq!((numbers.known, numbers.next), (0, Some(1)));
    let published: Published = site.push(&terms("0.1", 1), &site.release, &image("a")).await.read();
    let signed = published.signed.unwrap();
    assert_eq!((signed.number, signed.key), (1, site.release.public().id()));
    assert_eq!(signed.hardware, ["esp32"]);
    let shown: ReleaseView = site.desk.get("/releases/lamp/0.1").await;
    let signature = shown.files[0].signature.as_ref().unwrap();
    assert_eq!((signature.number, &signature.manifest, &signature.refused), (1, &Some(signed), &None));
    let numbers: Numbers = site.desk.get("/signing/numbers/lamp").await;
    assert_eq!((numbers.known, numbers.next), (1, Some(2)));
    let events =
        site.desk.store.events(&EventQuery { device: None, product: None, until: None, limit: 10 }).unwrap();
    let told = |text: &str| events.iter().any(|event| format!("{event:?}").contains(text));
    assert!(told("signing: root record 1") && told("published lamp 0.1 to stable, signed as number 1"));
}

#[tokio::test]
async fn without_a_root_record_nothing_signed_is_published() {
    let site = Site::new();
    let answer = site.push(&terms("0.1", 1), &site.release, &image("a")).await;
    answer.refused("no-root-record");
    let unsigned = site.desk.publish("lamp", "0.1", &image("a")).await;
    assert!(unsigned.signed.is_none() && !unsigned.notes.iter().any(|note| note.contains("signed")));
}

#[tokio::test]
async fn an_unsigned_push_is_told_of_where_releases_are_signed() {
    let site = Site::founded().await;
    let published = site.desk.publish("lamp", "0.1", &image("a")).await;
    let note = "firmware.bin is not signed: devices that verify releases are not offered it (--sign KEYFILE)";
    assert_eq!(published.notes.last().unwrap(), note);
}

#[tokio::test]
async fn what_a_manifest_says_wrongly_is_named_and_nothing_is_published() {
    let site = Site::founded().await;
    site.push(&terms("0.1", 4), &site.release, &image("a")).await.read::<Published>();
    let new = image("b");
    let other_key = SigningKey::generate().unwrap();
    let end = |time: Time| Terms { not_after: Some(time), ..terms("0.2", 5) };
    let cases: [(Terms, &SigningKey, &str, &str); 8] = [
        (
            terms("0.2", 5),
            &other_key,
            "manifest-unsound",
            "the manifest of lamp.bin: a device would refuse it: ",
        ),
        (
            terms("0.2", 5),
            &site.root,
            "manifest-unsound",
            "the manifest of lamp.bin: a device would refuse it: ",
        ),
        (terms("0.2", 3), &site.release, "release-number-low", "the release number 3 is not above 4, "),
        (terms("0.2", 4), &site.release, "release-number-taken", "lamp 0.1 has the release number 4 already"),
        (
            Terms { downgrade: true, ..terms("0.2", 4) },
            &site.release,
            "release-number-taken",
            "lamp 0.1 has the release number 4 already",
        ),
        (end(OPENED - DAY), &site.release, "manifest-expired", "the manifest of lamp.bin has expired"),
        (
            Terms { product: "cam".parse().unwrap(), ..terms("0.2", 5) },
            &site.release,
            "manifest-otherwise",
            "the manifest of lamp.bin says the product cam, and it is lamp",
        ),
        (
            terms("0.3", 5),
            &site.release,
            "manifest-otherwise",
            "the manifest of lamp.bin says the version 0.3, and it is 0.2",
        ),
    ];
    for (terms, key, code, said) in cases {
        let mut publication = publication("lamp", "0.2");
        publication.manifests = vec![manifest(&terms, key, &new)];
        let refused = site.publish(publication, &new).await.refused(code);
        assert!(refused.starts_with(said), "{refused}");
        assert_eq!(site.desk.store.catalogue().all_releases().count(), 1);
    }
    let published: Published =
        site.push(&Terms { downgrade: true, ..terms("0.2", 3) }, &site.release, &new).await.read();
    assert_eq!(published.signed.unwrap().number, 3, "a downgrade that is meant");
}

#[tokio::test]
async fn a_manifest_belongs_to_a_file_of_the_release_and_each_has_one() {
    let site = Site::founded().await;
    let (lamp, other) = (image("a"), image("b"));
    let mut strange = publication("lamp", "0.1");
    strange.manifests = vec![manifest(&terms("0.1", 1), &site.release, &other)];
    site.publish(strange, &lamp).await.refused("manifest-without-file");
    let mut twice = publication("lamp", "0.1");
    twice.manifests = vec![manifest(&terms("0.1", 1), &site.release, &lamp); 2];
    site.publish(twice, &lamp).await.refused("two-manifests");
    let mut lied = publication("lamp", "0.1");
    lied.manifests = vec![SignedManifest { number: 2, ..manifest(&terms("0.1", 1), &site.release, &lamp) }];
    let refused = site.publish(lied, &lamp).await.refused("manifest-otherwise");
    assert_eq!(refused, "the manifest of lamp.bin says the release number 1, and it is 2");
}

#[tokio::test]
async fn a_number_is_not_given_again_when_its_release_is_gone() {
    let site = Site::founded().await;
    site.push(&terms("0.1", 6), &site.release, &image("a")).await.read::<Published>();
    site.desk.send(Method::DELETE, "/releases/lamp/0.1", ()).await.done();
    assert_eq!(site.desk.store.catalogue().all_releases().count(), 0);
    let numbers: Numbers = site.desk.get("/signing/numbers/lamp").await;
    assert_eq!((numbers.known, numbers.next), (6, Some(7)));
    let refused = site.push(&terms("0.2", 6), &site.release, &image("b")).await.refused("release-number-low");
    assert_eq!(refused, "the release number 6 is not above 6, the highest of lamp");
}

#[tokio::test]
async fn a_key_that_was_rotated_out_or_revoked_signs_no_new_release() {
    let site = Site::founded().await;
    site.push(&terms("0.1", 1), &site.release, &image("a")).await.read::<Published>();
    let new = SigningKey::generate().unwrap();
    let rotate = Change { new_release_key: Some(new.public()), last_number: 1, ..Change::default() };
    site.change(rotate).await;
    let refused = site.push(&terms("0.2", 2), &site.release, &image("b")).await.refused("manifest-unsound");
    assert!(refused.contains("a device would refuse it"), "{refused}");
    site.push(&terms("0.2", 2), &new, &image("b")).await.read::<Published>();
    let refused = |shown: &ReleaseView| shown.files[0].signature.clone().unwrap().refused;
    let shown: ReleaseView = site.desk.get("/releases/lamp/0.1").await;
    assert_eq!(refused(&shown), None, "what the old key signed in its range is good");

    let revoked = Change { revoked: Some(new.public().id()), last_number: 2, ..Change::default() };
    let newer = SigningKey::generate().unwrap();
    site.change(Change { new_release_key: Some(newer.public()), ..revoked }).await;
    let shown: ReleaseView = site.desk.get("/releases/lamp/0.2").await;
    assert!(refused(&shown).unwrap().contains("a device would refuse it"), "{shown:?}");
    assert_eq!(shown.files[0].signature.as_ref().unwrap().number, 2);
    let shown: ReleaseView = site.desk.get("/releases/lamp/0.1").await;
    assert_eq!(refused(&shown), Some("nothing below number 3 is installed".into()));
    site.push(&terms("0.3", 3), &new, &image("c")).await.refused("manifest-unsound");
    site.push(&terms("0.3", 3), &newer, &image("c")).await.read::<Published>();
}

#[tokio::test]
async fn a_record_that_does_not_follow_is_refused_and_nothing_is_kept() {
    let site = Site::founded().await;
    let newest = site.newest().await;
    let thief = SigningKey::generate().unwrap();
    let change = Change { new_root_keys: vec![thief.public()], ..Change::default() };
    let mut next = newest.record.next(&change, OPENED).unwrap();
    next.root_keys = vec![thief.public()];
    let forged = next.sign(&[&thief], None).unwrap();
    let refused = site.submit(&forged.bytes).await.refused("root-record");
    assert!(
        refused.starts_with("the root record is not kept: a device would refuse this root record"),
        "{refused}"
    );
    site.submit(b"no record").await.refused("root-record");
    let no_base64 = NewRecord { signed: "%".into() };
    site.desk.send(Method::POST, "/signing/records", no_base64).await.refused("unreadable");
    assert_eq!(site.submit(&newest.bytes).await.status, StatusCode::CREATED, "the newest once more");
    assert_eq!(site.newest().await, newest);
}

#[tokio::test]
async fn who_may_do_what() {
    let site = Site::founded().await;
    let mut tokens = Vec::new();
    for scope in [Scope::Read, Scope::Push, Scope::Operate] {
        let grants = Grants::everywhere(scope);
        let new = NewToken { name: scope.name().parse().unwrap(), grants, days: 1 };
        let made: otary_server::operator::CreatedToken =
            site.desk.send(Method::POST, "/tokens", new).await.read();
        tokens.push(made.secret.expose().to_owned());
    }
    let cases = [
        (Method::GET, "/signing", [200, 200, 200]),
        (Method::GET, "/signing/numbers/lamp", [200, 200, 200]),
        (Method::POST, "/signing/material", [403, 403, 200]),
        (Method::POST, "/signing/records", [403, 403, 400]),
        (Method::POST, "/signing/release-key", [403, 403, 403]),
        (Method::DELETE, "/signing/release-key", [403, 403, 403]),
    ];
    for (method, path, expected) in cases {
        for (token, expected) in tokens.iter().zip(expected) {
            let body = match path {
                "/signing/release-key" => r#"{"key":""}"#,
                _ => r#"{"signed":"%"}"#,
            };
            let from = Caller::Net("192.0.2.1", Some(token));
            let answer = site.desk.request(from, method.clone(), path, body.into()).await;
            assert_eq!(answer.status.as_u16(), expected, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_server_that_holds_a_release_key_signs_for_whoever_may_push() {
    let site = Site::founded().await;
    let signing = || Some(ServerSigning { hardware: vec!["lamp-r2".into()], ..ServerSigning::default() });
    let publish = |version: &str| Publication { sign: signing(), ..publication("lamp", version) };
    site.publish(publish("0.1"), &image("a")).await.refused("no-held-key");

    let hold = async |key: &SigningKey| {
        let held = HeldKey { key: key.pem(None).unwrap() };
        site.desk.send(Method::POST, "/signing/release-key", held).await
    };
    hold(&site.root).await.refused("root-key");
    hold(&SigningKey::generate().unwrap()).await.refused("not-a-release-key");
    let view: SigningView = hold(&site.release).await.read();
    assert_eq!(view.held_key, Some(site.release.public().id().to_string()));

    let published: Published = site.publish(publish("0.1"), &image("a")).await.read();
    let signed = published.signed.unwrap();
    assert_eq!((signed.number, signed.hardware), (1, vec!["lamp-r2".to_owned()]));
    let published: Published = site.publish(publish("0.2"), &image("b")).await.read();
    assert_eq!(published.signed.unwrap().number, 2);

    let gone = site.desk.send(Method::DELETE, "/signing/release-key", ()).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    site.publish(publish("0.3"), &image("c")).await.refused("no-held-key");
}
