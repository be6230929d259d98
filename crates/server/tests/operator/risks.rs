//! What lies inside a firmware, held against what this server presents: who pushes a mistake hears of it before the
//! devices do.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use http::Method;
use otary_fleet::{Chip, RiskName};
use otary_server::operator::{Published, Uploaded};
use otary_server::{Custody, Elsewhere, Held, ServeError};
use otary_store::EventQuery;
use otary_trust::{Authority, Certificate, Clock, KeyKind, PrivateKey};

use crate::desk::{Answer, DAY, Desk, OPENED, firmware_with, name, publication};

/// A desk whose server presents certificates of an authority, as `ota.lan` and as 192.168.1.70.
struct House {
    desk: Desk,
    custody: Arc<Custody>,
    _folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let (folder, authority) = authority();
        let names = ["ota.lan", "192.168.1.70"].map(|name| name.parse().unwrap()).to_vec();
        let custody = Arc::new(Custody::new(Held { authority, names, elsewhere: None, page: None }, OPENED));
        Self { desk: Desk::with_custody(Arc::clone(&custody)), custody, _folder: folder }
    }

    /// Both roots, as PEM text.
    fn roots(&self) -> String {
        self.custody.look(|held| held.authority.anchors_pem())
    }

    /// Both roots.
    fn anchors(&self) -> Vec<Certificate> {
        self.custody.look(|held| held.authority.anchors().into_iter().cloned().collect())
    }

    async fn push(&self, version: &str, pieces: &[&[u8]]) -> Answer {
        self.push_accepting(version, pieces, &[]).await
    }

    async fn push_accepting(&self, version: &str, pieces: &[&[u8]], risks: &[RiskName]) -> Answer {
        let pieces = [pieces, &[version.as_bytes()]].concat();
        let mut publication = publication("lamp", version);
        publication.risks = risks.iter().copied().collect();
        self.desk.push_as(publication, &[("lamp.bin", firmware_with(Chip::Esp32, &pieces))]).await
    }
}

fn authority() -> (tempfile::TempDir, Authority) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock { now: OPENED, built: OPENED, newest: OPENED };
    let names = ["ota.lan".parse().unwrap()];
    let authority = Authority::open_or_create(&folder.path().join("trust"), &names, &clock).unwrap();
    (folder, authority)
}

fn foreign_root() -> String {
    let (_folder, other) = authority();
    other.root().pem().to_owned()
}

#[tokio::test]
async fn a_firmware_with_both_roots_is_published_without_a_word() {
    let house = House::new();
    let pem = house.roots();
    let anchors = house.anchors();
    let der: Vec<&[u8]> = anchors.iter().map(|root| root.der().as_ref()).collect();
    let as_text = house.push("1", &[b"https://ota.lan:3443/update", pem.as_bytes()]).await;
    let as_bytes = house.push("2", &[b"192.168.1.70", der[0], der[1]]).await;
    for (answer, host) in [(as_text, "ota.lan"), (as_bytes, "192.168.1.70")] {
        let published: Published = answer.read();
        assert_eq!((published.notes, published.reviews[0].accepted.len()), (vec![], 0));
        assert_eq!(published.reviews[0].hosts, [host]);
        let found = &published.artifacts[0].embedded.certificates;
        let found: Vec<_> = found.iter().map(|found| &found.anchor).collect();
        let anchors: Vec<_> = anchors.iter().map(Certificate::anchor).collect();
        assert_eq!(found, anchors.iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_was_found_at_upload_is_kept_with_the_release() {
    let house = House::new();
    let roots = house.roots();
    let image = firmware_with(Chip::Esp32, &[b"ota.lan", roots.as_bytes()]);
    let uploaded: Uploaded = house.desk.upload("lamp.bin", image.clone()).await.read();
    assert_eq!(uploaded.artifact.embedded.certificates.len(), 2);
    house.desk.push("lamp", "1", &[("lamp.bin", image)]).await.read::<Published>();
    let catalogue = house.desk.store.catalogue();
    assert_eq!(catalogue.artifact(&uploaded.artifact.id).unwrap().embedded, uploaded.artifact.embedded);
}

#[tokio::test]
async fn a_firmware_that_trusts_a_foreign_root_alone_is_refused() {
    let house = House::new();
    let foreign = foreign_root();
    let answer = house.push("1", &[b"https://ota.lan:3443/update", foreign.as_bytes()]).await;
    let problem = answer.problem();
    assert_eq!(problem.code, "risky");
    let root = house.anchors()[0].common_name().to_owned();
    assert!(
        problem.detail.starts_with("lamp.bin: devices that run it could not come back"),
        "{}",
        problem.detail
    );
    assert!(
        problem.detail.ends_with(&format!("as ota.lan this server is verified by {root} alone")),
        "{}",
        problem.detail
    );
    assert_eq!(
        problem.help.unwrap(),
        "build it with the roots that `otary trust export` gives; to publish it all the same, say \
         --i-know-what-i-do cuts-off"
    );
    assert!(house.desk.store.catalogue().releases(&name("lamp")).is_empty());
}

#[tokio::test]
async fn an_accepted_risk_is_published_and_goes_on_record() {
    let house = House::new();
    let foreign = foreign_root();
    let pieces: &[&[u8]] = &[b"ota.lan", foreign.as_bytes()];
    house.push_accepting("1", pieces, &[RiskName::EndsSoon, RiskName::PrivateKey]).await.refused("risky");
    let published: Published = house.push_accepting("1", pieces, &[RiskName::CutsOff]).await.read();
    assert_eq!(published.reviews[0].accepted[0].name(), RiskName::CutsOff);
    let events = house.desk.store.events(&EventQuery { limit: 10, ..EventQuery::default() }).unwrap();
    let told = serde_json::to_string(&events).unwrap();
    assert!(told.contains("published lamp 1 to stable, accepting cuts-off"), "{told}");
}

#[tokio::test]
async fn the_servers_own_certificate_in_the_place_of_the_root_is_refused() {
    let house = House::new();
    let leaf = house.custody.look(|held| held.authority.leaf().unwrap().certificate().pem().to_owned());
    let detail = house.push("1", &[b"ota.lan", leaf.as_bytes()]).await.refused("risky");
    assert!(
        detail.contains("it trusts this server's own certificate (ota.lan) in the place of a root"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_root_that_ends_before_the_horizon_is_refused() {
    let house = House::new();
    let [root, next] = &house.anchors()[..] else { panic!("two roots") };
    let one: &[&[u8]] = &[b"ota.lan", root.pem().as_bytes()];
    let both: &[&[u8]] = &[b"ota.lan", root.pem().as_bytes(), next.pem().as_bytes()];
    house.push("1", one).await.read::<Published>();
    // The current root lives for 25 years, the next for 35.
    house.desk.clock.advance(21 * 365 * DAY);
    let detail = house.push("2", one).await.refused("risky");
    let name = root.common_name();
    assert!(detail.starts_with(&format!("lamp.bin: it trusts {name}, which ends in ")), "{detail}");
    assert!(detail.ends_with(" days; 1826 days are asked for"), "{detail}");
    let accepted = house.push_accepting("2", one, &[RiskName::EndsSoon]).await;
    assert_eq!(accepted.read::<Published>().reviews[0].accepted[0].name(), RiskName::EndsSoon);
    house.push("3", both).await.read::<Published>();
    house.desk.clock.advance(10 * 365 * DAY);
    house.push("4", both).await.refused("risky");
}

#[tokio::test]
async fn a_firmware_that_lost_the_name_of_the_server_is_refused() {
    let house = House::new();
    let roots = house.roots();
    house.push("1", &[b"https://ota.lan:3443/update", roots.as_bytes()]).await.read::<Published>();
    let detail = house.push("2", &[b"https://ota.lam:3443/update", roots.as_bytes()]).await.refused("risky");
    assert_eq!(
        detail,
        "lamp.bin: it contains no name or address of this server, and the build before had ota.lan"
    );
}

#[tokio::test]
async fn a_complete_private_key_is_refused_and_the_markers_alone_are_not() {
    let house = House::new();
    let roots = house.roots();
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let text = key.pem().unwrap();
    let key = key.to_der();
    let markers: &[u8] = b"-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----";
    for key in [text.as_bytes(), key.secret_der()] {
        let detail = house.push("1", &[b"ota.lan", roots.as_bytes(), key]).await.refused("risky");
        assert!(
            detail.starts_with("lamp.bin: it holds a complete private key, P-256 at offset 0x"),
            "{detail}"
        );
    }
    house.push("1", &[b"ota.lan", roots.as_bytes(), markers]).await.read::<Published>();
}

#[tokio::test]
async fn every_risk_is_told_at_once_and_each_is_accepted_by_its_own_name() {
    let house = House::new();
    let foreign = foreign_root();
    let key = PrivateKey::generate(KeyKind::P256).unwrap().pem().unwrap();
    let pieces: &[&[u8]] = &[foreign.as_bytes(), key.as_bytes()];
    let problem = house.push("1", pieces).await.problem();
    assert!(
        problem.detail.contains("could not come back") && problem.detail.contains("; lamp.bin: it holds")
    );
    let help = problem.help.unwrap();
    assert!(help.ends_with("say --i-know-what-i-do cuts-off --i-know-what-i-do private-key"), "{help}");
    let detail = house.push_accepting("1", pieces, &[RiskName::CutsOff]).await.refused("risky");
    assert!(!detail.contains("could not come back"), "{detail}");
    house.push_accepting("1", pieces, &[RiskName::CutsOff, RiskName::PrivateKey]).await.read::<Published>();
}

#[tokio::test]
async fn a_risk_that_there_is_none_of_that_name_is_refused_with_the_list() {
    let house = House::new();
    let mut asked = serde_json::to_value(publication("lamp", "1")).unwrap();
    asked["risks"] = serde_json::json!(["everything"]);
    let problem = house.desk.send(Method::POST, "/releases", asked).await.problem();
    for risk in RiskName::ALL {
        assert!(problem.detail.contains(risk.name()), "{}", problem.detail);
    }
}

#[tokio::test]
async fn a_rehearsal_refuses_what_the_push_would() {
    let house = House::new();
    let foreign = foreign_root();
    let mut rehearsal = publication("lamp", "1");
    rehearsal.dry_run = true;
    let image = firmware_with(Chip::Esp32, &[foreign.as_bytes()]);
    house.desk.push_as(rehearsal, &[("lamp.bin", image)]).await.refused("risky");
}

#[tokio::test]
async fn what_is_presented_now_counts_and_not_what_was_at_the_start() {
    let house = House::new();
    let (_folder, other) = authority();
    let pem = other.root().pem();
    house.push("1", &[b"ota.example.com", pem.as_bytes()]).await.refused("risky");
    let names = vec!["ota.example.com".parse().unwrap()];
    let (anchor, anchors_pem, not_after) =
        (other.root().anchor(), other.anchors_pem(), other.root().not_after());
    let elsewhere = Some(Elsewhere { anchor, anchors_pem, not_after, names });
    let change = |held: &mut Held| {
        held.elsewhere = elsewhere;
        Ok::<_, ServeError>(())
    };
    house.custody.change(OPENED, change).unwrap();
    let published: Published = house.push("1", &[b"ota.example.com", pem.as_bytes()]).await.read();
    assert_eq!(published.reviews[0].hosts, ["ota.example.com"]);
    let roots = house.roots();
    house.push("2", &[b"ota.example.com", roots.as_bytes()]).await.refused("risky");
}

#[tokio::test]
async fn a_firmware_without_a_certificate_is_published_with_exactly_one_warning() {
    let house = House::new();
    let published: Published = house.push("1", &[b"ota.lan"]).await.read();
    assert_eq!(published.notes, ["lamp.bin: no certificate found, not checked"]);
    assert_eq!(published.reviews[0].hosts, ["ota.lan"]);
}

#[tokio::test]
async fn firmware_of_other_makers_gets_that_warning_and_nothing_is_found_in_it() {
    let Some(folder) = std::env::var_os("OTARY_FIRMWARE").map(PathBuf::from).filter(|path| path.is_dir())
    else {
        return println!("skipped: OTARY_FIRMWARE names no folder of images");
    };
    let mut pushed = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let house = House::new();
        let image = std::fs::read(&path).unwrap();
        let uploaded = house.desk.upload(&file, image.clone()).await;
        if !uploaded.status.is_success() {
            // Parts of a flash layout and the like: no firmware at all.
            uploaded.refused("not-a-firmware");
            continue;
        }
        let published: Published = house.desk.push("other", "1", &[(&file, image)]).await.read();
        let warning = format!("{file}: no certificate found, not checked");
        assert_eq!(
            published.notes.iter().filter(|note| **note == warning).count(),
            1,
            "{:?}",
            published.notes
        );
        assert_eq!(published.notes.iter().filter(|note| note.contains("certificate")).count(), 1);
        let embedded = &published.artifacts[0].embedded;
        assert_eq!((embedded.certificates.len(), embedded.private_keys.len()), (0, 0), "{file}");
        assert!(published.reviews[0].accepted.is_empty());
        pushed.insert(file);
    }
    assert!(pushed.len() > 35, "{}", pushed.len());
}
